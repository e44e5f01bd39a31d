import { type ChildProcess, spawn } from 'node:child_process';
import { afterEach, expect, it, vi } from 'vitest';
import { openThumbnails } from '../../source/daemon/thumbnails.ts';
import { thumbnailKey } from '../../source/wire/keys.ts';
import { FakeNetwork } from '../support/fake-session.ts';
import { isAlive } from '../support/real-fleet.ts';

const LIMIT = { timeout: 20_000, interval: 10 };
const network = new FakeNetwork();
const closers: (() => unknown)[] = [];
afterEach(async () => {
  network.restore();
  for (const close of closers.splice(0).reverse()) await close();
});

/** A daemon's watch over stand-ins that live until their channel goes. */
async function open(script = 'process.on("disconnect", () => process.exit())') {
  const session = await network.connect();
  closers.push(() => session.close());
  const children: ChildProcess[] = [];
  const said: string[] = [];
  const close = await openThumbnails({
    session,
    machineId: 'm',
    endpoint: session.endpoint,
    say: (message) => said.push(message),
    lingerMs: 100,
    start() {
      const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
      children.push(child);
      return child;
    },
  });
  closers.push(close);
  return { children, said, close };
}

async function look(camera: string): Promise<() => Promise<void>> {
  const session = await network.connect();
  closers.push(() => session.close());
  const subscriber = await session.declareSubscriber(thumbnailKey('m', camera), () => undefined);
  return () => subscriber.undeclare();
}

const isGone = (child: ChildProcess | undefined) => child?.exitCode !== null || child.signalCode !== null;

it('has thumbnails made while somebody listens to one, of whichever camera, and some time after', async () => {
  const { children } = await open();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(children.length).toBe(0);
  const leave = await look('cam');
  await vi.waitFor(() => expect(children.length).toBe(1), LIMIT);
  const leaveToo = await look('porch/upper');
  await leave();
  await leaveToo();
  const back = await look('cam');
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(children.length).toBe(1);
  expect(isGone(children[0])).toBe(false);
  await back();
  await vi.waitFor(() => expect(isGone(children[0])).toBe(true), LIMIT);
  await look('cam');
  await vi.waitFor(() => expect(children.length).toBe(2), LIMIT);
});

it('starts it again when it ends by itself, and ends it with the daemon', async () => {
  const { children, said, close } = await open();
  await look('cam');
  await vi.waitFor(() => expect(children.length).toBe(1), LIMIT);
  children[0]?.kill('SIGKILL');
  await vi.waitFor(() => expect(children.length).toBe(2), LIMIT);
  expect(said).toEqual(['What makes thumbnails ended (SIGKILL); it is started again in 1 s.']);
  await close();
  expect(isAlive(children[1]?.pid ?? 0)).toBe(false);
  expect(network.declarations().filter((declaration) => declaration.startsWith('publisher'))).toEqual([]);
});

it('kills one that does not let go', async () => {
  const { children, close } = await open('process.on("disconnect", () => 0); setInterval(() => 0, 1000)');
  await look('cam');
  await vi.waitFor(() => expect(children.length).toBe(1), LIMIT);
  await close();
  expect(isGone(children[0])).toBe(true);
});
