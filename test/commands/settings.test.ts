import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Finished, runBubbaloop } from '../support/command-line.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-settings-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** In a HOME of its own, with nothing set but `env`. */
const run = (words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> =>
  runBubbaloop(words, {
    env: {
      HOME: folder,
      BUBBALOOP_HOME: undefined,
      BUBBALOOP_MACHINE_ID: undefined,
      BUBBALOOP_ZENOH_ENDPOINT: undefined,
      RUST_LOG: undefined,
      NO_COLOR: undefined,
      ...env,
    },
  });

function writeConfig(text: string): void {
  mkdirSync(join(folder, '.bubbaloop'), { recursive: true });
  writeFileSync(join(folder, '.bubbaloop', 'config.json5'), text);
}

async function settings(words: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<unknown> {
  const result = await run(['config', '--json', ...words], env);
  expect(result).toMatchObject({ code: 0, stderr: '' });
  return JSON.parse(result.stdout);
}

test('without anything the defaults', async () => {
  expect(await settings()).toEqual({
    file: join(folder, '.bubbaloop', 'config.json5'),
    isFilePresent: false,
    settings: {
      BUBBALOOP_ZENOH_ENDPOINT: { value: 'tcp/127.0.0.1:7447', origin: 'default' },
      BUBBALOOP_MACHINE_ID: { value: hostname().replaceAll(/[-/*$#?\s]/g, '_'), origin: 'default' },
      BUBBALOOP_HOME: { value: join(folder, '.bubbaloop'), origin: 'default' },
      RUST_LOG: { value: null, origin: 'default' },
      NO_COLOR: { value: null, origin: 'default' },
    },
  });
});

test('a flag beats the environment, the environment the file, the file the default', async () => {
  writeConfig(
    "{ // ours\n BUBBALOOP_ZENOH_ENDPOINT: 'tcp/file:1', BUBBALOOP_MACHINE_ID: 'file_1', RUST_LOG: 'debug', NO_COLOR: true }",
  );
  const seen = await settings(['--endpoint', 'tcp/flag:1'], {
    BUBBALOOP_ZENOH_ENDPOINT: 'tcp/env:1',
    BUBBALOOP_MACHINE_ID: 'env_1',
    RUST_LOG: '',
  });
  expect(seen).toMatchObject({
    isFilePresent: true,
    settings: {
      BUBBALOOP_ZENOH_ENDPOINT: { value: 'tcp/flag:1', origin: 'flag' },
      BUBBALOOP_MACHINE_ID: { value: 'env_1', origin: 'environment' },
      RUST_LOG: { value: 'debug', origin: 'file' },
      NO_COLOR: { value: '1', origin: 'file' },
      BUBBALOOP_HOME: { origin: 'default' },
    },
  });
});

test('what the file says is what commands do', async () => {
  const home = join(folder, 'elsewhere');
  writeConfig(`{ BUBBALOOP_HOME: ${JSON.stringify(home)}, BUBBALOOP_MACHINE_ID: 'robot_9' }`);
  expect(await run(['key', 'create'])).toMatchObject({ code: 0, stderr: expect.stringContaining(home) });
  const printed = await run(['router', 'standalone', '--print-config']);
  expect(JSON.parse(printed.stdout)).toMatchObject({ metadata: { name: 'robot_9' } });
  writeFileSync(join(home, 'config.json5'), "{ BUBBALOOP_MACHINE_ID: 'robot_10' }");
  const other = await run(['router', 'standalone', '--print-config'], { BUBBALOOP_HOME: home });
  expect(JSON.parse(other.stdout)).toMatchObject({ metadata: { name: 'robot_10' } });
});

test.each([
  ['{ BUBBALOOP_MACHINE_ID: ', /config\.json5:1:25: not valid JSON5/],
  ["{\n  BUBBALOOP_MACHINE_ID: 'a'\n  RUST_LOG: 'b' }", /config\.json5:3:3: not valid JSON5/],
  ["{\n  BUBBALOP_HOME: '/x' }", /config\.json5:2:3: there is no setting "BUBBALOP_HOME"/],
  ['{\n BUBBALOOP_ZENOH_ENDPOINT: \'tcp/"host":7447\' }', /config\.json5:2:2: .*quotes.*did you mean `tcp\/host:7447`/],
  ['{ RUST_LOG: 5 }', /config\.json5:1:3: RUST_LOG wants a text/],
  ['[]', /config\.json5:1:1: it holds no object/],
])('%j is refused with line and column, and by every command', async (text, message) => {
  writeConfig(text);
  for (const words of [['config'], ['node', 'list']]) {
    const result = await run(words);
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toMatch(message);
  }
});

test('as text: one line each, and the file', async () => {
  writeConfig("{ BUBBALOOP_MACHINE_ID: 'jetson_1' }");
  const { stdout } = await run(['config']);
  expect(stdout).toMatch(/^BUBBALOOP_MACHINE_ID +jetson_1 +file$/m);
  expect(stdout).toMatch(/^RUST_LOG +\(not set\) +default$/m);
  expect(stdout).toContain(`File: ${join(folder, '.bubbaloop', 'config.json5')}\n`);
});
