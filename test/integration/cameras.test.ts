import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { watchCamera } from '../../source/camera/watch-camera.ts';
import { openSession } from '../../source/zenoh/open-session.ts';
import { bubbaloop, runBubbaloop } from '../support/command-line.ts';
import { type RealFleet, startRealFleet } from '../support/real-fleet.ts';
import { type RtspServer, startRtspServer } from '../support/rtsp-server.ts';

const LIMIT = { timeout: 40_000, interval: 100 };
let fleet: RealFleet;
let server: RtspServer;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bubbaloop-cameras-'));
  server = await startRtspServer(['viewer', 's3cr@t']);
  const config = join(folder, 'front.yaml');
  await writeFile(config, JSON.stringify({ url: server.url('viewer:s3cr%40t'), raw_width: 320, raw_height: 180 }));
  fleet = await startRealFleet({
    test: `${bubbaloop} node run test-camera`,
  });
  // As the README has it: the folder that comes with this program, with a name and a configuration of one's own.
  const node = (...words: string[]) =>
    runBubbaloop(['node', ...words, '--machine', fleet.machine, '--endpoint', fleet.router.endpoint]);
  await vi.waitFor(async () => expect(await node('list')).toMatchObject({ code: 0 }), LIMIT);
  const nodeFolder = join(import.meta.dirname, '..', '..', 'configs', 'nodes', 'rtsp-camera');
  expect(await node('add', nodeFolder, '--name', 'front_door', '--config', config)).toMatchObject({ code: 0 });
  expect(await node('start', 'front_door')).toMatchObject({ code: 0 });
  await vi.waitFor(async () => expect((await list()).map(({ name }) => name)).toEqual(['front_door', 'test']), LIMIT);
});
afterAll(async () => {
  await fleet.end();
  await server.stop();
  await rm(folder, { recursive: true });
});

interface Row {
  readonly machine: string;
  readonly name: string;
  readonly outputs: readonly string[];
}

async function list(): Promise<readonly Row[]> {
  const { stdout } = await runBubbaloop(['camera', 'list', '--json', '--endpoint', fleet.router.endpoint]);
  return (JSON.parse(stdout) as { readonly cameras: readonly Row[] }).cameras;
}

/** Processes that the daemon has started itself to make thumbnails. */
function thumbnailers(): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
        return parent === fleet.daemonPid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('thumbnail');
      } catch {
        // Ended between the listing and the look.
        return false;
      }
    });
}

test('lists cameras with what they send', async () => {
  expect(await list()).toEqual([
    { machine: 'robot_1', name: 'front_door', node: 'front_door', outputs: ['raw', 'compressed'] },
    { machine: 'robot_1', name: 'test', node: 'test', outputs: ['raw'] },
  ]);
  const { stdout } = await runBubbaloop(['camera', 'list', '--endpoint', fleet.router.wsUrl]);
  expect(stdout).toMatch(/^MACHINE\s+NAME\s+NODE\s+SENDS\s*\nrobot_1\s+front_door\s+front_door\s+raw, compressed\n/);
});

test('photographs a camera: on its machine from shared memory, elsewhere from thumbnails, over the WebSocket, too', async () => {
  const [own, remote, web] = [join(folder, 'own.jpg'), join(folder, 'remote.png'), join(folder, 'web.png')];
  const snapshot = ['camera', 'snapshot', 'test', '-o'];
  const results = await Promise.all([
    runBubbaloop([...snapshot, own, '--endpoint', fleet.router.endpoint], {
      env: { BUBBALOOP_MACHINE_ID: fleet.machine },
    }),
    runBubbaloop([...snapshot, remote, '--endpoint', fleet.router.endpoint, '--size', '400x400']),
    runBubbaloop([...snapshot, web, '--endpoint', fleet.router.wsUrl, '--size', '200x200']),
  ]);
  expect(results.map(({ code, stderr }) => [code, stderr])).toEqual([
    [0, `${own}: 1920x1080 of robot_1/test (shm)\n`],
    [0, `${remote}: 400x225 of robot_1/test (thumbnail)\n`],
    [0, expect.stringMatching(/\(thumbnail\)\n$/)],
  ]);
  for (const file of [own, remote, web]) {
    const { data, info } = await sharp(file).resize(70, 40).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    const at = (x: number, y: number) => [...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3)];
    // The test picture's bars: grey at the left, blue at the right.
    const [left = [], right = []] = [at(4, 4), at(66, 4)];
    expect(Math.max(...left) - Math.min(...left)).toBeLessThan(20);
    expect(left[0]).toBeGreaterThan(150);
    expect(right[2]).toBeGreaterThan(150);
    expect(right[0]).toBeLessThan(40);
  }
});

test('makes thumbnails in a process that lives while somebody looks, from an RTSP camera to a viewer elsewhere', async () => {
  const session = openSession(fleet.router.wsUrl);
  const camera = { machine: fleet.machine, node: 'front_door' };
  const feed = watchCamera(session, camera, { maxWidth: 160, maxHeight: 160, maxRateHz: 10, outputs: ['raw'] });
  try {
    await vi.waitFor(() => expect(feed.state.version).toBeGreaterThan(5), LIMIT);
    expect(feed.state).toMatchObject({ source: 'thumbnail', width: 320, height: 180, flag: undefined });
    expect(feed.state.pixels).toMatchObject({ width: 160, height: 90 });
    expect(thumbnailers()).toHaveLength(1);
  } finally {
    await feed.close();
    await session.close();
  }
  await vi.waitFor(() => expect(thumbnailers()).toEqual([]), LIMIT);
});

test('whoever listens to everything is no viewer: no picture is made for a recorder', async () => {
  const session = openSession(fleet.router.wsUrl);
  const heard = new Set<string>();
  await session.declareSubscriber('bubbaloop/**', ({ keyExpr }) => heard.add(keyExpr));
  try {
    await vi.waitFor(() => expect([...heard].join()).toContain('test/health'), LIMIT);
    expect(thumbnailers()).toEqual([]);
    const viewer = openSession(fleet.router.wsUrl);
    const thumbnail = `bubbaloop/global/${fleet.machine}/front_door/thumbnail`;
    await viewer.declareSubscriber(thumbnail, () => undefined);
    await vi.waitFor(() => expect([...heard]).toContain(thumbnail), LIMIT);
    expect([...heard].filter((keyExpr) => keyExpr.endsWith('/thumbnail'))).toEqual([thumbnail]);
    await viewer.close();
  } finally {
    await session.close();
  }
  await vi.waitFor(() => expect(thumbnailers()).toEqual([]), LIMIT);
});

test('goes on when a camera is killed in the middle of a frame, and when it is back', async () => {
  const session = openSession(fleet.router.endpoint);
  const camera = { machine: fleet.machine, node: 'test' };
  const feed = watchCamera(session, camera, {
    ...{ maxWidth: 320, maxHeight: 180, maxRateHz: 15, outputs: ['raw'] },
    machineId: fleet.machine,
    patienceMs: 60_000,
  });
  try {
    await vi.waitFor(() => expect(feed.state.version).toBeGreaterThan(5), LIMIT);
    expect(feed.state).toMatchObject({ source: 'shm', width: 1920, height: 1080, flag: undefined });
    // Longer than the daemon waits before it starts the node again.
    const kill = setInterval(killTestCamera, 100);
    await vi.waitFor(() => expect(feed.state.flag).toBe('stale'), LIMIT);
    clearInterval(kill);
    const command = ['node', 'start', 'test', '--machine', fleet.machine, '--endpoint', fleet.router.endpoint];
    await vi.waitFor(async () => {
      if (feed.state.flag === 'stale') await runBubbaloop(command);
      expect(feed.state.flag).toBeUndefined();
    }, LIMIT);
  } finally {
    await feed.close();
    await session.close();
  }
});

/** SIGKILL for the node `test` of this fleet. */
function killTestCamera(): void {
  for (const pid of readdirSync('/proc').map(Number).filter(Number.isInteger)) {
    try {
      const environ = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
      const isOurs = environ.includes(`BUBBALOOP_ZENOH_ENDPOINT=${fleet.router.endpoint}`);
      if (isOurs && readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith('bubbaloop test'))
        process.kill(pid, 'SIGKILL');
    } catch {
      // Ended between the listing and the look.
    }
  }
}

test('shows the video itself where there are no thumbnails', async () => {
  const session = openSession(fleet.router.endpoint);
  const camera = { machine: fleet.machine, node: 'front_door' };
  const feed = watchCamera(session, camera, { maxWidth: 64, maxHeight: 64, maxRateHz: 10, outputs: ['compressed'] });
  try {
    await vi.waitFor(() => expect(feed.state.version).toBeGreaterThan(1), LIMIT);
    expect(feed.state).toMatchObject({ source: 'h264', width: 640, height: 360 });
    expect(feed.state.pixels).toMatchObject({ width: 64, height: 36 });
  } finally {
    await feed.close();
    await session.close();
  }
});

test('the list of nodes, which everybody may ask for, does not tell the camera’s password', async () => {
  const { stdout } = await runBubbaloop([
    'node',
    'list',
    '--json',
    '--machine',
    fleet.machine,
    '--endpoint',
    fleet.router.endpoint,
  ]);
  expect(stdout).toContain('front_door');
  expect(stdout).not.toContain('s3cr');
});

test('says what is wrong with a name, a file or a picture that does not come', async () => {
  const run = (...words: string[]) => runBubbaloop(['camera', ...words, '--endpoint', fleet.router.endpoint]);
  expect(await run('snapshot', 'nobody')).toMatchObject({
    code: 1,
    stderr: 'bubbaloop: There is no camera "nobody".\n  There are: robot_1/front_door, robot_1/test.\n',
  });
  expect(await run('snapshot', 'test', '-o', 'x.gif')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/\.png or \.jpg/),
  });
  expect(await run('snapshot', 'test', '--size', 'big')).toMatchObject({ code: 2 });
  expect(await run('snapshot')).toMatchObject({ code: 2 });
  expect(await run('paint', 'test')).toMatchObject({ code: 2 });
});
