/** The README's tutorial, its own lines, in a shell. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bubbaloop, endProcess } from '../support/command-line.ts';
import { removeFolder } from '../support/remove-folder.ts';
import { startRouter, type TestRouter } from '../support/router.ts';

const folder = mkdtempSync(join(tmpdir(), 'bubbaloop-tutorial-'));
let router: TestRouter;
let daemon: ChildProcess;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  router = await startRouter();
  env = {
    ...process.env,
    NO_COLOR: '1',
    BUBBALOOP_HOME: join(folder, 'home'),
    BUBBALOOP_MACHINE_ID: 'jetson_1',
    BUBBALOOP_ZENOH_ENDPOINT: router.endpoint,
    PATH: [dirname(bubbaloop), dirname(process.execPath), process.env.PATH].join(delimiter),
  };
  // Not on its PATH: its nodes find bubbaloop all the same.
  const daemonEnv = { ...env, PATH: process.env.PATH };
  daemon = spawn(bubbaloop, ['daemon'], { env: daemonEnv, stdio: ['ignore', 'ignore', 'pipe'] });
  if (daemon.stderr === null) throw new Error('no stderr');
  for await (const line of createInterface({ input: daemon.stderr })) if (line.includes('Ready:')) break;
  daemon.stderr.resume();
});
afterAll(async () => {
  await endProcess(daemon);
  await router.stop();
  removeFolder(folder);
});

/** The shell blocks of one section, in their order. */
function blocks(heading: string): readonly string[] {
  const readme = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8');
  const section = readme.split(/^#+ /m).find((part) => part.startsWith(heading)) ?? '';
  return [...section.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
}

function shell(script: string): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((resolve) => {
    const child = spawn('sh', ['-euc', script], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk;
      });
    child.once('close', (code) => resolve({ code, output }));
  });
}

test('a sensor in ten minutes: init, edit one line, add, start, its data in sub, the node in top', async () => {
  const [write = '', start = '', see = '', command = '', npmTest = ''] = blocks('A sensor in ten minutes');
  expect(write).toContain('node init thermometer');
  expect(await shell(write)).toMatchObject({ code: 0, output: expect.stringContaining('is a sound node') });
  expect(readFileSync(join(folder, 'thermometer', 'main.ts'), 'utf8')).toContain('return 21.5;');
  expect(await shell(start)).toMatchObject({ code: 0, output: expect.stringContaining('Started thermometer') });

  const [sub = '', top = ''] = see.trim().split('\n');
  const reading = /^bubbaloop\/global\/jetson_1\/thermometer\/reading {2}#\d+ \S+Z {2}\{value: 21.5\}$/m;
  expect(await shell(sub)).toMatchObject({ code: 0, output: expect.stringMatching(reading) });
  const expected = [{ machine: 'jetson_1', name: 'thermometer', status: 'running', health: 'healthy' }];
  // Healthy from its first beat, which the daemon may not have had yet.
  for (let attempt = 0; attempt < 40; attempt += 1) {
    const nodes = await nodesOf(top);
    if (attempt < 39 && nodes[0]?.health !== 'healthy') continue;
    expect(nodes).toMatchObject(expected);
    break;
  }
  const answer = await shell(command);
  expect(answer).toMatchObject({
    code: 0,
    output: expect.stringContaining('success: true, message: "", result: {offset: 1}'),
  });
  expect(await shell(sub)).toMatchObject({ code: 0, output: expect.stringContaining('{value: 22.5}') });
  expect(await shell(npmTest)).toMatchObject({ code: 0, output: expect.stringContaining('fail 0') });
});

async function nodesOf(top: string): Promise<readonly { readonly health: string }[]> {
  const { code, output } = await shell(top);
  expect(code).toBe(0);
  return (JSON.parse(output) as { nodes: { health: string }[] }).nodes;
}
