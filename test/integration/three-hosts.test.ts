import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { TestHost } from '../support/hosts.ts';
import { heard } from '../support/listener-output.ts';
import { startThreeHosts, type ThreeHosts } from '../support/three-hosts.ts';

// Several hosts on two busy cores.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 240_000 });

const support = join(import.meta.dirname, '..', 'support');
const LOCAL = 'tcp/127.0.0.1:7447';
/** Long enough for several heartbeats. */
const BASELINE_MS = 10_000;
const PATIENT = { timeout: 60_000, interval: 300 };

let three: ThreeHosts;
beforeAll(async () => {
  three = await startThreeHosts(20);
});
afterAll(() => three?.network.end());

test('the steps of the README, run as they stand, all succeed', () => {
  expect(three.finished.length).toBeGreaterThan(15);
  for (const { host, line, result } of three.finished) {
    expect({ host, line, ...result }).toMatchObject({ code: 0 });
  }
  const status = three.finished.findLast(({ line }) => line === 'bubbaloop status')?.result.stdout;
  expect(status).toMatch(/✓ central +tcp\/central:7447, linked to central\n✓ daemon +running/);
  const logs = three.finished.findLast(({ line }) => line.startsWith('bubbaloop node logs'))?.result.stdout;
  expect(logs).toContain('weather for San Sebastián');
});

test('top on central lists both Jetsons’ routers, sessions and nodes', async () => {
  await expect
    .poll(
      async () =>
        (await three.top(three.central)).nodes.map(({ machine, name, status }) => `${machine} ${name} ${status}`),
      PATIENT,
    )
    .toEqual(['jetson_1 weather running', 'jetson_2 weather running']);
  const snapshot = await three.top(three.central);
  expect(snapshot.routers.map(({ name }) => name).sort()).toEqual(['central', 'jetson_1', 'jetson_2']);
  for (const name of ['jetson_1', 'jetson_2']) {
    const router = snapshot.routers.find((candidate) => candidate.name === name);
    expect(router?.sessions.map(({ whatAmI }) => whatAmI)).toContain('router');
    expect(router?.sessions.map(({ whatAmI }) => whatAmI)).toContain('client');
    expect(snapshot.peers.map((peer) => peer.name)).toContain(`${name} daemon`);
    expect(snapshot.machines.find(({ machine }) => machine === name)).toMatchObject({ freshness: 'live', problem: '' });
  }
});

test('a stop and a start sent from central are carried out on that Jetson alone', async () => {
  const [first, second] = three.robots as [TestHost, TestHost];
  const before = await processesOf(first);
  const others = await processesOf(second);
  expect(before).toHaveLength(1);
  expect(await three.central.run('bubbaloop node stop weather --machine jetson_1')).toMatchObject({ code: 0 });
  expect(await processesOf(first)).toEqual([]);
  expect(await three.central.run('bubbaloop node start weather --machine jetson_1')).toMatchObject({ code: 0 });
  await expect.poll(() => processesOf(first), PATIENT).toHaveLength(1);
  expect(await processesOf(first)).not.toEqual(before);
  expect(await processesOf(second)).toEqual(others);
});

test('1080p raw at 30 frames/s on a Jetson while central subscribes to **: under 1 kB/s of it crosses the link', async () => {
  const [jetson] = three.robots as [TestHost, ...TestHost[]];
  const onCentral = three.central.start(`${process.execPath} ${support}/listener.ts ${LOCAL} '**'`);
  const onJetson = jetson.start(`${process.execPath} ${support}/listener.ts ${LOCAL} 'bubbaloop/local/**'`);
  await expect.poll(() => onCentral.output(), PATIENT).toContain('{');
  const quiet = await totalBytes(jetson);
  await new Promise((resolve) => setTimeout(resolve, BASELINE_MS));
  const baseline = ((await totalBytes(jetson)) - quiet) / (BASELINE_MS / 1_000);
  await jetson.run(`printf '{"rate_hz":30,"width":1920,"height":1080}' > ~/camera.yaml`);
  jetson.start('bubbaloop node run test-camera --config "$HOME/camera.yaml"');
  const frames = (): number => heard(onJetson).samples['bubbaloop/local/jetson_1'] ?? 0;
  await expect.poll(frames, PATIENT).toBeGreaterThan(30);
  const before = frames();
  const startedAtMs = Date.now();
  const bytesBefore = await totalBytes(jetson);
  await expect.poll(frames, PATIENT).toBeGreaterThan(before + 200);
  const seconds = (Date.now() - startedAtMs) / 1_000;
  const perSecond = ((await totalBytes(jetson)) - bytesBefore) / seconds;
  expect(heard(onCentral).samples).not.toHaveProperty('bubbaloop/local/jetson_1');
  const crossed = perSecond - baseline;
  const rate = ((frames() - before) / seconds).toFixed(1);
  process.stdout.write(
    `${rate} frames/s on the Jetson, ${Math.round(crossed)} B/s of it on the link (baseline ${Math.round(baseline)} B/s)\n`,
  );
  expect(crossed).toBeLessThan(1_000);
});

test('a cut: local work never notices, central says that the Jetson is lost and that it is back, nothing is restarted', async () => {
  const [jetson] = three.robots as [TestHost, ...TestHost[]];
  const pids = await routerAndDaemon(jetson);
  expect(pids.trim().split('\n')).toHaveLength(2);
  const node = await processesOf(jetson);
  const watch = three.central.start(`${process.execPath} ${support}/fleet-watch.ts ${LOCAL} jetson_1`);
  const local = jetson.start(`${process.execPath} ${support}/fleet-watch.ts ${LOCAL} jetson_1`);
  const states = (output: string): string[] => [...output.matchAll(/^\d+ (\w+)$/gm)].map(([, state = '']) => state);
  await expect.poll(() => states(watch.output()), PATIENT).toEqual(['live']);
  await expect.poll(() => states(local.output()), PATIENT).toEqual(['live']);
  await three.network.cut('jetson_1');
  await expect.poll(() => states(watch.output()), PATIENT).toEqual(['live', 'lost']);
  // Long enough for zenoh to give the link up as well.
  await expect
    .poll(async () => JSON.parse((await jetson.run('bubbaloop status --json')).stdout).central.isLinked, PATIENT)
    .toBe(false);
  await three.network.mend('jetson_1');
  await expect.poll(() => states(watch.output()), PATIENT).toEqual(['live', 'lost', 'live']);
  expect(states(local.output())).toEqual(['live']);
  expect(await routerAndDaemon(jetson)).toEqual(pids);
  expect(await processesOf(jetson)).toEqual(node);
});

/** Process ids of the weather node, as the host sees them. */
async function processesOf(host: TestHost): Promise<string[]> {
  const { stdout } = await host.run("ps -eo pid=,args= | grep '[m]ain.py --city' | grep -v bubbaloop-shim");
  return stdout.split('\n').flatMap((line) => line.trim().split(/\s+/)[0] || []);
}

async function routerAndDaemon(host: TestHost): Promise<string> {
  return (await host.run("ps -eo pid=,lstart=,comm= | grep -E 'bubbaloop-route|bubbaloop daem' | grep -v shim")).stdout;
}

async function totalBytes(host: TestHost): Promise<number> {
  const { received, sent } = await host.bytes();
  return received + sent;
}
