import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeDemoNodes } from '../../source/commands/demo-fleet.ts';
import { bubbaloop, endProcess, runBubbaloop } from '../support/command-line.ts';
import { pythonWithZenoh } from '../support/python.ts';
import { removeFolder } from '../support/remove-folder.ts';
import { freePorts } from '../support/router.ts';

type Snapshot = {
  readonly endpoint: string;
  readonly routers: readonly {
    readonly zid: string;
    readonly name: string;
    readonly version: string;
    readonly locators: readonly string[];
    readonly sessions: readonly { readonly peer: string; readonly shm: boolean }[];
  }[];
  readonly peers: readonly {
    readonly zid: string;
    readonly whatAmI: string;
    readonly router: string;
    readonly shm: boolean;
  }[];
  readonly nodes: readonly {
    readonly machine: string;
    readonly name: string;
    readonly status: string;
    readonly health: string;
    readonly uptimeMs: number;
  }[];
  readonly shm: readonly {
    readonly machine: string;
    readonly usedBytes: number;
    readonly freeBytes: number;
    readonly segments: number;
  }[];
};

/** One frame of test-camera, RGBA: its provider holds more than that. */
const FRAME_BYTES = 1920 * 1080 * 4;

const home = mkdtempSync(join(tmpdir(), 'bubbaloop-once-'));
const started: ChildProcess[] = [];
let endpoint: string;
let webSocketUrl: string;
let pythonZids: string[];

beforeAll(async () => {
  const [port, webSocketPort, restPort] = await freePorts(3);
  endpoint = `tcp/127.0.0.1:${port}`;
  webSocketUrl = `ws://127.0.0.1:${webSocketPort}`;
  const env = {
    ...process.env,
    BUBBALOOP_HOME: home,
    BUBBALOOP_MACHINE_ID: 'robot_1',
    BUBBALOOP_ZENOH_ENDPOINT: endpoint,
  };
  await writeDemoNodes(home);

  const words = ['--listen', endpoint, '--websocket', `127.0.0.1:${webSocketPort}`, '--rest', `127.0.0.1:${restPort}`];
  await firstLine(start(bubbaloop, ['router', 'standalone', '--name', 'office', ...words], env));
  const python = await pythonWithZenoh();
  const client = join(import.meta.dirname, '..', 'support', 'zenoh-client.py');
  pythonZids = await Promise.all(
    ['one', 'two'].map((name) => firstLine(start(python, [client, endpoint, `test/${name}`], env))),
  );
  start(bubbaloop, ['daemon'], env);
});

afterAll(async () => {
  for (const child of started.reverse()) await endProcess(child);
  removeFolder(home);
});

test.each(['tcp', 'ws'])(
  'over %s one snapshot lists the router, its sessions, the nodes and the shared memory',
  async (way) => {
    const address = way === 'tcp' ? endpoint : webSocketUrl;
    const snapshot = await snapshotWhen(
      address,
      // The ledger is a reading of every second or so: the camera may be healthy before its segments are in it.
      (seen) => seen.nodes.every((node) => node.health === 'healthy') && (seen.shm[0]?.usedBytes ?? 0) > FRAME_BYTES,
    );

    expect(snapshot.endpoint).toBe(address);
    expect(snapshot.routers).toMatchObject([{ name: 'office', version: expect.stringMatching(/1\.10\.2/) }]);
    expect(snapshot.routers[0]?.locators).toContain(endpoint);
    const sessions = snapshot.routers[0]?.sessions ?? [];
    expect(sessions.length).toBeGreaterThanOrEqual(3);
    for (const session of sessions) expect(session.shm).toBeTypeOf('boolean');

    expect(snapshot.peers.map((peer) => peer.zid)).toEqual(expect.arrayContaining(pythonZids));
    const router = snapshot.routers[0]?.zid;
    for (const peer of snapshot.peers)
      expect(peer).toMatchObject({ whatAmI: 'client', router, shm: expect.any(Boolean) });
    expect(snapshot.nodes.map(({ machine, name, status }) => `${machine} ${name} ${status}`).sort()).toEqual([
      'robot_1 heartbeat running',
      'robot_1 test-camera running',
    ]);
    for (const node of snapshot.nodes) expect(node.uptimeMs).toBeGreaterThan(0);
    expect(snapshot.shm).toMatchObject([
      { machine: 'robot_1', usedBytes: expect.any(Number), segments: expect.any(Number) },
    ]);
    expect(snapshot.shm[0]?.usedBytes).toBeGreaterThan(FRAME_BYTES);
  },
);

test('without --json and without a terminal it is plain text with the same names', async () => {
  const result = await runBubbaloop(['top', '--endpoint', endpoint]);
  expect(result.code).toBe(0);
  for (const word of ['office', 'robot_1', 'test-camera', 'heartbeat', 'running'])
    expect(result.stdout).toContain(word);
  expect(result.stdout).not.toContain('\u001b');
});

test('the snapshot comes without React', async () => {
  const result = await runBubbaloop(['top', '--once', '--json', '--endpoint', endpoint], {
    env: { NODE_OPTIONS: `--import=${join(import.meta.dirname, '..', 'support', 'refuse-react.mjs')}` },
  });
  expect(result).toMatchObject({ code: 0, stderr: '' });
});

test.each([
  [['--endpoint', 'tcp/127.0.0.1:1'], 1, /No router at tcp\/127\.0\.0\.1:1/],
  [['--endpoint', '127.0.0.1:7447'], 2, /tcp\/127\.0\.0\.1:7447/],
  [['--endpoint', 'ws://127.0.0.1:1'], 1, /No router at ws:\/\/127\.0\.0\.1:1/],
  [['--endpoint', 'tcp/"quoted"'], 2, /endpoint/],
])('top --once %j ends with %i and says why', async (words, code, message) => {
  const result = await runBubbaloop(['top', '--once', '--json', ...words]);
  expect(result.code).toBe(code);
  expect(result.stderr).toMatch(message);
  expect(result.stdout).toBe('');
});

/** Asks again until what is seen is what is waited for: daemon and nodes need a moment after their start. */
async function snapshotWhen(address: string, wanted: (snapshot: Snapshot) => boolean): Promise<Snapshot> {
  for (let attempt = 0; ; attempt += 1) {
    const result = await runBubbaloop(['top', '--once', '--json', '--endpoint', address]);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    const snapshot = JSON.parse(result.stdout) as Snapshot;
    if (attempt === 40 || (snapshot.nodes.length === 2 && wanted(snapshot))) return snapshot;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function start(program: string, words: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const child = spawn(program, words, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  started.push(child);
  return child;
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', (chunk) => resolve(String(chunk).split('\n')[0] ?? ''));
    child.once('exit', (code) => reject(new Error(`${child.spawnfile} ended with ${code}`)));
  });
}
