import { afterEach, expect, test, vi } from 'vitest';
import { TopicWatch, type TopicWatchOptions, type TopicWish } from '../../source/fleet/observe-topics.ts';
import { pagesOf } from '../../source/fleet/topic-keys.ts';
import type { Topic } from '../../source/fleet/topics.ts';
import { openSession } from '../../source/zenoh/open-session.ts';
import type { Publisher, Session } from '../../source/zenoh/session.ts';
import { startRouter, type TestRouter } from '../support/router.ts';

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function eventually(check: () => unknown): Promise<void> {
  await vi.waitFor(check, { timeout: 30_000, interval: 50 });
}

interface Bench {
  readonly router: TestRouter;
  readonly robot: Session;
  readonly watch: TopicWatch;
  show(visible: readonly string[], wish?: Partial<TopicWish>): void;
  topic(keyExpr: string): Topic | undefined;
}

function placed(zid: string, name = 'm', isSafeToAsk = true): TopicWish['routers'][number] {
  return { zid, name, isSafeToAsk };
}

async function bench(options: TopicWatchOptions = {}, url: 'endpoint' | 'wsUrl' = 'endpoint'): Promise<Bench> {
  const router = await startRouter();
  ends.push(() => router.stop());
  const open = async (endpoint: string): Promise<Session> => {
    const session = openSession(endpoint, { shm: false });
    ends.push(() => session.close());
    await session.connected({ timeoutMs: 20_000 });
    return session;
  };
  const robot = await open(router.endpoint);
  const watch = new TopicWatch(await open(router[url]), { intervalMs: 500, refreshMs: 500, ...options });
  ends.push(() => watch.close());
  return {
    router,
    robot,
    watch,
    show: (visible, wish) => watch.show({ machines: ['m'], routers: [placed(router.zid)], visible, ...wish }),
    topic: (keyExpr) => watch.view().topics.find((topic) => topic.keyExpr === keyExpr),
  };
}

/** Sends on a key, `everyMs`, until the test is over. */
async function talk(session: Session, keyExpr: string, everyMs: number, sizeBytes: number): Promise<Publisher> {
  const publisher = await session.declarePublisher(keyExpr, { congestion: 'block' });
  const payload = new Uint8Array(sizeBytes);
  const timer = setInterval(() => {
    // Only a link that has gone refuses it, at the end of the test.
    publisher.put(payload).catch(() => clearInterval(timer));
  }, everyMs);
  ends.push(() => clearInterval(timer));
  return publisher;
}

const STATE = 'bubbaloop/global/m/cam/state';
const VIDEO = 'bubbaloop/global/m/cam/compressed';
const RAW = 'bubbaloop/local/m/cam/raw';
const THUMBNAIL = 'bubbaloop/global/m/cam/thumbnail';

test.each(['endpoint', 'wsUrl'] as const)(
  'what flows on the keys on the screen is measured, who sends and listens is told (%s)',
  async (url) => {
    const { robot, watch, show, topic } = await bench({}, url);
    const state = await talk(robot, STATE, 100, 200);
    const raw = await talk(robot, RAW, 100, 200);
    const thumbnail = await talk(robot, THUMBNAIL, 100, 200);
    await robot.declareSubscriber('bubbaloop/global/*/cam/state', () => undefined);
    await robot.declareSubscriber('bubbaloop/global/m/nobody/sends', () => undefined);
    expect(watch.view().phase).toBe('idle');
    show([]);
    await eventually(() => expect(topic(STATE)?.subscribers).toEqual([robot.zid]));
    expect(topic(STATE)).toMatchObject({ machine: 'm', publishers: [robot.zid] });
    expect(topic('bubbaloop/global/m/nobody/sends')).toMatchObject({ publishers: [], subscribers: [robot.zid] });
    show([STATE, RAW, THUMBNAIL]);
    await eventually(() => {
      const figures = topic(STATE)?.figures;
      expect(figures).toMatchObject({ isLive: true, isCostly: false, messageBytes: 200 });
      // A timer of a busy machine is late, never early.
      expect(figures?.rateHz).toBeGreaterThan(2);
      expect(figures?.rateHz).toBeLessThan(15);
      expect(figures?.bytesPerSecond).toBeGreaterThan(400);
    });
    expect(state.matching).toBe(true);
    // Large frames and what is made on demand are left alone.
    expect(raw.matching).toBe(false);
    expect(thumbnail.matching).toBe(false);
    expect(topic(RAW)).toMatchObject({ unmeasured: 'local', figures: undefined });
    expect(topic(THUMBNAIL)).toMatchObject({ unmeasured: 'on-demand', figures: undefined });
  },
);

test('nothing is subscribed to or asked for once nobody looks', async () => {
  const { robot, watch, show, topic } = await bench();
  const publisher = await talk(robot, STATE, 100, 10);
  show([STATE]);
  await eventually(() => expect(topic(STATE)?.figures?.rateHz).toBeGreaterThan(0));
  expect(publisher.matching).toBe(true);
  watch.show(undefined);
  await eventually(() => expect(publisher.matching).toBe(false));
  const { lastAtMs } = topic(STATE)?.figures ?? {};
  expect(topic(STATE)?.figures).toMatchObject({ isLive: false });
  await robot.declarePublisher('bubbaloop/global/m/cam/later');
  let told = 0;
  watch.onChange(() => {
    told += 1;
  });
  // Three times the interval in which it would ask and tell.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  expect(told).toBe(0);
  expect(topic(STATE)?.figures?.lastAtMs).toBe(lastAtMs);
  expect(topic('bubbaloop/global/m/cam/later')).toBeUndefined();
  show([STATE]);
  await eventually(() => expect(topic('bubbaloop/global/m/cam/later')).toBeDefined());
  await eventually(() => expect(topic(STATE)?.figures?.lastAtMs).toBeGreaterThan(lastAtMs ?? 0));
});

test('a key that takes more than the budget is let go, and says so; the others go on', async () => {
  const { robot, watch, show, topic } = await bench({ budgetBytesPerSecond: 100_000 });
  await talk(robot, STATE, 100, 200);
  const video = await talk(robot, VIDEO, 50, 60_000);
  show([STATE, VIDEO]);
  await eventually(() => expect(topic(VIDEO)?.figures).toMatchObject({ isLive: false, isCostly: true }));
  await eventually(() => expect(video.matching).toBe(false));
  expect(topic(VIDEO)?.figures?.messageBytes).toBe(60_000);
  expect(topic(VIDEO)?.figures?.bytesPerSecond).toBeGreaterThan(100_000);
  await eventually(() => expect(watch.view().heldBackCount).toBe(1));
  await eventually(() => {
    expect(topic(STATE)?.figures).toMatchObject({ isLive: true, isCostly: false });
    expect(watch.view().spentBytesPerSecond).toBeLessThan(100_000);
    expect(watch.view().spentBytesPerSecond).toBeGreaterThan(0);
  });
});

test('of more keys than it keeps it says that there are more', async () => {
  const { robot, watch, show } = await bench({ maxKeys: 10 });
  for (let index = 0; index < 15; index += 1) await robot.declarePublisher(`bubbaloop/global/m/n/t${index}`);
  show([]);
  await eventually(() => expect(watch.view()).toMatchObject({ isCut: true }));
  expect(watch.view().topics.length).toBeLessThanOrEqual(20);
});

test('a large fleet is asked machine by machine, the one looked at first, and those left out are counted', async () => {
  const { robot, watch, show } = await bench({ maxKeys: 5 });
  const machines = Array.from({ length: 12 }, (_, index) => `m${index}`);
  for (const machine of machines) {
    await robot.declarePublisher(`bubbaloop/global/${machine}/n/a`);
    await robot.declarePublisher(`bubbaloop/global/${machine}/n/b`);
  }
  show([], { machines, first: 'm11' });
  await eventually(() => expect(watch.view().leftOutPages).toBeGreaterThan(0));
  const shown = new Set(watch.view().topics.map((topic) => topic.machine));
  expect(shown).toContain('m11');
  expect(shown.size).toBeLessThan(machines.length);
});

test('a link that goes and comes back is no end', async () => {
  const { router, robot, show, topic } = await bench();
  await talk(robot, STATE, 100, 10);
  show([STATE]);
  await eventually(() => expect(topic(STATE)?.figures?.rateHz).toBeGreaterThan(0));
  await router.kill();
  await router.restartOnSamePorts();
  await robot.connected({ timeoutMs: 20_000 });
  const again = await robot.declarePublisher('bubbaloop/global/m/cam/again');
  expect(again.keyExpr).toBe('bubbaloop/global/m/cam/again');
  // It has another id now.
  show([STATE]);
  await eventually(() => expect(topic('bubbaloop/global/m/cam/again')).toBeDefined());
  const backAtMs = Date.now();
  await talk(robot, STATE, 100, 10);
  await eventually(() => expect(topic(STATE)?.figures?.lastAtMs).toBeGreaterThan(backAtMs));
});

test('where there are many routers each is asked for its own keys, and what two tell is put together', async () => {
  const { router, robot, watch, topic } = await bench();
  await robot.declarePublisher(STATE);
  const others = Array.from({ length: 9 }, (_, index) => placed(`${index + 1}e`, `robot_${index}`));
  const routers = [...others, placed(router.zid)];
  watch.show({ machines: ['m'], routers, first: 'm', visible: [] });
  await eventually(() => expect(topic(STATE)?.publishers).toEqual([robot.zid]));
});

test('pages: all at once, by machine, by router; names that cannot be part of a key are left out', () => {
  const machines = Array.from({ length: 9 }, (_, index) => `m${index}`);
  const routers = machines.map((name, index) => placed(`a${index}`, name));
  const few = [placed('b1'), placed('a1')];
  const zids = ['a1', 'b1'];
  expect(pagesOf({ machines: ['m'], routers: few })).toEqual([{ name: 'all', routers: zids, keys: '**' }]);
  expect(pagesOf({ machines, routers: few, first: 'm8' })[0]).toMatchObject({
    routers: zids,
    keys: 'bubbaloop/*/m8/**',
  });
  expect(pagesOf({ machines: [...machines, 'a/b', '*', '', '$*'], routers: few })).toHaveLength(9);
  expect(pagesOf({ machines, routers, first: 'm8' }).map((page) => page.routers)).toEqual([
    ['a8'],
    ...routers.slice(0, 8).map((one) => [one.zid]),
  ]);
});

test('pages: a stock router is in none of them, nor is what is no zenoh id', () => {
  const stock = placed('c1', 'central', false);
  expect(pagesOf({ machines: ['m'], routers: [] })).toEqual([]);
  expect(pagesOf({ machines: ['m'], routers: [stock, placed('*'), placed('a/**'), placed('')] })).toEqual([]);
  expect(pagesOf({ machines: ['m'], routers: [stock, placed('a1')] })[0]?.routers).toEqual(['a1']);
});

test('a stock router is not asked, and is named; what the others tell of it is shown', async () => {
  const { router, robot, watch, show, topic } = await bench();
  const asked: string[] = [];
  await robot.declareQueryable('@/c1/router/**', ({ keyExpr }) => {
    asked.push(keyExpr);
  });
  await talk(robot, STATE, 100, 10);
  const stock = placed('c1', 'central', false);
  show([STATE], { routers: [stock] });
  await eventually(() =>
    expect(watch.view()).toMatchObject({ phase: 'ready', unaskedRouters: ['central'], topics: [] }),
  );
  show([STATE], { routers: [stock, placed(router.zid)] });
  await eventually(() => expect(topic(STATE)?.figures?.rateHz).toBeGreaterThan(0));
  expect(watch.view().unaskedRouters).toEqual(['central']);
  show([STATE], { routers: [placed(router.zid)] });
  await eventually(() => expect(watch.view().unaskedRouters).toEqual([]));
  // The same question reaches it where somebody asks.
  for await (const _ of robot.get('@/c1/router/subscriber/**', { target: 'all' }));
  expect(asked).toEqual(['@/c1/router/subscriber/**']);
});
