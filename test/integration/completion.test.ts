import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeCbor } from '../../source/wire/cbor-encode.ts';
import { openSession } from '../../source/zenoh/open-session.ts';
import type { Session } from '../../source/zenoh/session.ts';
import { bubbaloop, runBubbaloop } from '../support/command-line.ts';
import { startRouter, type TestRouter } from '../support/router.ts';
import { Terminal } from '../support/terminal.ts';

const run = promisify(execFile);
let router: TestRouter;
let robot: Session;
let folder: string;
let env: Record<string, string>;

/** As a hostile machine could name its nodes. */
const NODE_NAMES = ['arm', 'front_door', '$(touch pwned)', '`id`', '-rf', 'two words'];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-completion-'));
  mkdirSync(join(folder, 'nodes'));
  writeFileSync(join(folder, 'my file.json5'), '');
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { stdout, code } = await runBubbaloop(['completion', shell]);
    expect(code).toBe(0);
    writeFileSync(join(folder, `script.${shell}`), stdout);
  }
  router = await startRouter();
  env = {
    PATH: `${dirname(bubbaloop)}:${process.env.PATH}`,
    HOME: folder,
    BUBBALOOP_ZENOH_ENDPOINT: router.endpoint,
  };
  robot = openSession(router.endpoint);
  await robot.connected({ timeoutMs: 20_000 });
  for (const machine of ['jetson_1', 'jetson_2']) {
    await robot.declareQueryable(`bubbaloop/global/${machine}/daemon/manifest`, (query) =>
      query.reply(`bubbaloop/global/${machine}/daemon/manifest`, ''),
    );
  }
  const list = encodeCbor({
    nodes: NODE_NAMES.map((name) => ({ name })),
    timestamp_ms: 1,
    machine_id: 'jetson_1',
  });
  await robot.declareQueryable('bubbaloop/global/jetson_1/daemon/nodes', (query) => query.reply(query.keyExpr, list));
  await robot.declareQueryable('bubbaloop/global/slow/daemon/nodes', () => new Promise(() => undefined));
});
afterAll(async () => {
  await robot.close();
  await router.stop();
  // A shell that was closed may still write its history there.
  rmSync(folder, { recursive: true, maxRetries: 50, retryDelay: 100 });
});

async function inBash(line: string): Promise<string[]> {
  const script = `source "$1"; COMP_LINE=$2 COMP_POINT=\${#2}; _bubbaloop; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await run('bash', ['--norc', '-c', script, 'bash', join(folder, 'script.bash'), line], {
    env,
    cwd: folder,
  });
  return linesOf(stdout);
}

async function inFish(line: string): Promise<string[]> {
  const script = 'source $argv[1]; complete -C $argv[2]';
  const { stdout } = await run('fish', ['--no-config', '-c', script, join(folder, 'script.fish'), line], {
    env: { ...env, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder },
    cwd: folder,
  });
  return linesOf(stdout).map((each) => each.split('\t')[0] ?? '');
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

const CASES: readonly (readonly [string, readonly string[]])[] = [
  ['bubbaloop no', ['node']],
  ['bubbaloop de', ['delete', 'demo']],
  ['bubbaloop router st', ['standalone']],
  ['bubbaloop node res', ['restart']],
  ['bubbaloop key ', ['create', 'import', 'show']],
  ['bubbaloop get a/b --endpoint tcp/127.0.0.1:7447 --target ', ['all', 'all-complete', 'best-matching']],
  ['bubbaloop get a/b -t al', ['all', 'all-complete']],
  ['bubbaloop put a x --encoding image/j', ['image/jpeg']],
  ['bubbaloop scout --w', ['--what']],
  ['bubbaloop node logs arm --f', ['--follow']],
  ['bubbaloop daemon --backend=sys', ['systemd']],
  ['bubbaloop sub ', []],
  ['bubbaloop nothing ', []],
];

test.each(CASES)('%j in bash and fish', async (line, expected) => {
  const [bash, fish] = await Promise.all([inBash(line), inFish(line)]);
  expect(bash.sort()).toEqual([...expected].sort());
  // fish gives --flag=value whole.
  expect(fish.map((each) => each.replace(/^--\w+=/, '')).sort()).toEqual([...expected].sort());
});

test('files and folders where they are meant', async () => {
  expect(await inBash('bubbaloop router --config my')).toEqual(['my file.json5']);
  expect(await inBash('bubbaloop node list --home ')).toContain('nodes');
  expect(await inBash('bubbaloop node list --home ')).not.toContain('my file.json5');
  expect(await inFish('bubbaloop router --config my')).toEqual(['my file.json5']);
  expect(await inFish('bubbaloop node list --home no')).toEqual(['nodes/']);
});

/** On a busy machine some or all may come later than a completion waits; never may there be others. */
async function eventually(complete: () => Promise<string[]>, expected: readonly string[]): Promise<void> {
  for (let names: string[] = []; names.length < expected.length; ) {
    names = await complete();
    expect(expected).toEqual(expect.arrayContaining(names));
  }
}

test.each([
  ['bash', inBash],
  ['fish', inFish],
] as const)(
  'names of machines and of their nodes in %s; what a shell would run is not offered',
  async (_shell, complete) => {
    await eventually(() => complete('bubbaloop node list --machine '), ['jetson_1', 'jetson_2']);
    await eventually(() => complete('bubbaloop node start --machine jetson_1 '), ['arm', 'front_door']);
    await eventually(() => complete('bubbaloop node logs --machine=jetson_1 f'), ['front_door']);
    const elsewhere = `bubbaloop node stop --machine jetson_1 --endpoint ${router.endpoint} a`;
    await eventually(() => complete(elsewhere), ['arm']);
    expect(existsSync(join(folder, 'pwned'))).toBe(false);
  },
);

test('a fleet that does not answer in time, or is not there, offers nothing', async () => {
  const names = (...words: readonly string[]) => runBubbaloop(['completion', 'names', ...words], { env });
  expect(await names('node', '--machine', 'slow')).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(await names('machine', '--endpoint', 'tcp/127.0.0.1:1')).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(await names('machine', '--endpoint', 'nonsense')).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(await names('node', '--home', folder)).toEqual({ code: 0, stdout: '', stderr: '' });
});

test('this machine’s nodes come from its registry where no daemon runs', async () => {
  const home = join(folder, 'home');
  const path = join(folder, 'nodes', 'lidar');
  mkdirSync(path, { recursive: true });
  mkdirSync(home);
  writeFileSync(join(path, 'node.yaml'), 'name: lidar\nversion: 1.0.0\ntype: node\ndescription: x\ncommand: "true"\n');
  writeFileSync(join(home, 'nodes.json'), JSON.stringify({ nodes: [{ path, addedAt: 'x' }] }));
  await eventually(() => inBash(`bubbaloop node start --home ${home} `), ['lidar']);
});

/** Again and again, as a person would: the fleet may be too slow for one Tab. */
async function completesName(terminal: Terminal): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    await terminal.press('C-u');
    await terminal.type('bubbaloop node start --machine jetson_1 front');
    await terminal.press('Tab');
    try {
      await terminal.until(/--machine jetson_1 front_door/, 2_000);
      return;
    } catch (error) {
      if (attempt === 10) throw error;
    }
  }
}

test('zsh and bash as somebody sits at them', async () => {
  const terminal = await Terminal.open({ env });
  try {
    // tmux keeps a PATH of its own.
    await terminal.run(`export PATH=${dirname(bubbaloop)}:$PATH`);
    for (const shell of ['bash', 'zsh']) {
      if (shell === 'zsh') {
        await terminal.run('zsh -f');
        await terminal.run(
          "PS1='prompt-of-zsh%# '; autoload -Uz compinit; compinit -D -u; zstyle ':completion:*' list-prompts ''",
        );
      }
      await terminal.run('clear');
      await terminal.run(`source ${join(folder, `script.${shell}`)}; echo ready-$((40 + 2))`);
      await terminal.until((lines) => lines.some((line) => line.startsWith('ready-42')));
      await terminal.type('bubbaloop rou');
      await terminal.press('Tab');
      await terminal.until((lines) => lines.some((line) => /bubbaloop router $|bubbaloop router$/.test(line)));
      await terminal.type('stan');
      await terminal.press('Tab');
      await terminal.until((lines) => lines.some((line) => line.includes('bubbaloop router standalone')));
      await terminal.press('C-u');
      await terminal.type('bubbaloop get a --consolidation=mono');
      await terminal.press('Tab');
      await terminal.until((lines) => lines.some((line) => line.includes('--consolidation=monotonic')));
      await terminal.press('C-u');
      await completesName(terminal);
      await terminal.press('C-u');
      await terminal.run('clear');
    }
    await terminal.type('bubbaloop scout --');
    await terminal.press('Tab');
    // zsh shows what each of them does.
    await terminal.until((lines) => lines.some((line) => /--interface +-- network interface/.test(line)));
  } finally {
    await terminal.close();
  }
});
