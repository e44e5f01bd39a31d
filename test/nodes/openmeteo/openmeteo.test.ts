import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createOpenmeteo } from '../../../source/nodes/openmeteo/node.ts';
import type { Clock } from '../../../source/nodes/openmeteo/polling.ts';
import { startDefinedNode } from '../../../source/nodes/sdk/start-defined.ts';
import { encodeCbor } from '../../../source/wire/cbor-encode.ts';
import { decodeEnvelope } from '../../../source/wire/envelope.ts';
import { decodeNodeManifest } from '../../../source/wire/manifest.ts';
import type { Session } from '../../../source/zenoh/session.ts';
import { FakeNetwork } from '../../support/fake-session.ts';
import { type Manner, startWeatherServer, type WeatherServer } from '../../support/weather-server.ts';

/** Time that goes on only when a test says so; the pollings' own waits end in their order. */
class TestClock implements Clock {
  #nowMs = 0;
  readonly #waits = new Set<{ readonly atMs: number; readonly wake: () => void }>();

  nowMs(): number {
    return this.#nowMs;
  }

  sleep(durationMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wait = { atMs: this.#nowMs + durationMs, wake: () => this.#end(wait, resolve) };
      this.#waits.add(wait);
      signal.addEventListener('abort', wait.wake, { once: true });
      if (signal.aborted) wait.wake();
    });
  }

  #end(wait: { readonly atMs: number; readonly wake: () => void }, resolve: () => void): void {
    if (this.#waits.delete(wait)) resolve();
  }

  /** Resolves when each of the three sections waits for its next try. */
  async settled(): Promise<void> {
    while (this.#waits.size < 3) await sleep(1);
  }

  async advance(durationMs: number): Promise<void> {
    const endMs = this.#nowMs + durationMs;
    for (;;) {
      await this.settled();
      const next = [...this.#waits].sort((left, right) => left.atMs - right.atMs)[0];
      if (next === undefined || next.atMs > endMs) break;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.wake();
    }
    this.#nowMs = endMs;
  }
}

const MINUTE_MS = 60_000;
const network = new FakeNetwork();
let folder: string;
let server: WeatherServer;
let clock: TestClock;
let screen: Session;
let said: string[];
let received: { key: string; body: Record<string, unknown>; sequence: bigint }[];
let close: () => Promise<void>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-weather-'));
  server = await startWeatherServer();
  clock = new TestClock();
  screen = await network.connect();
  said = [];
  received = [];
  await screen.declareSubscriber('bubbaloop/global/m/**', ({ keyExpr, payload }) => {
    const envelope = decodeEnvelope(payload);
    if (!envelope.ok) return;
    const { header, body } = envelope.value;
    received.push({
      key: keyExpr.slice('bubbaloop/global/m/'.length),
      body: { ...(body as object) },
      sequence: header.monotonicSeq,
    });
  });
});
afterEach(async () => {
  await close();
  await screen.close();
  await server.close();
  rmSync(folder, { recursive: true });
  expect(network.declarations()).toEqual([]);
});

async function start(config: Readonly<Record<string, unknown>>): Promise<void> {
  const configFile = join(folder, 'config.yaml');
  writeFileSync(configFile, JSON.stringify({ url: server.url, ...config }));
  const session = await network.connect();
  close = () => session.close();
  const node = await startDefinedNode(
    createOpenmeteo(clock, () => 0.5),
    {
      session,
      machineId: 'm',
      name: 'openmeteo',
      configFile,
      say: (message) => said.push(message),
    },
  );
  close = () => node.close();
}

const keys = () => received.map(({ key }) => key);
const count = (key: string) => received.filter((message) => message.key === key).length;
/** What was published may still be on its way. */
const until = async (isDone: () => boolean): Promise<void> => {
  while (!isDone()) await sleep(2);
};

const HERE = { latitude: 43.3, longitude: -2 };

async function kept(section: string): Promise<unknown> {
  for await (const reply of screen.get(`bubbaloop/global/m/weather/${section}`)) {
    const envelope = reply.ok ? decodeEnvelope(reply.sample.payload) : undefined;
    if (envelope?.ok) return envelope.value.body;
  }
  return undefined;
}

async function liveOutputs(): Promise<readonly boolean[]> {
  for await (const reply of screen.get('bubbaloop/global/m/openmeteo/manifest')) {
    const manifest = reply.ok ? decodeNodeManifest(reply.sample.payload) : undefined;
    if (manifest?.ok) return manifest.value.outputs.map(({ everFired }) => everFired);
  }
  return [];
}

it('publishes each section on its own beat, in the service’s words', async () => {
  await start(HERE);
  await clock.settled();
  await until(() => received.length === 3);
  expect(keys().sort()).toEqual(['weather/current', 'weather/daily', 'weather/hourly']);
  expect(received.find(({ key }) => key === 'weather/current')?.body).toMatchObject({
    latitude: 43.3,
    longitude: -2,
    timezone: 'Europe/Madrid',
    current: { time: '2026-11-25T15:15', temperature_2m: 21.5, weather_code: 21.5 },
    current_units: { temperature_2m: 'unit' },
  });
  expect(received.find(({ key }) => key === 'weather/hourly')?.body).toMatchObject({
    hourly: { time: ['2026-11-25T15:00', '2026-11-25T16:00', '2026-11-25T17:00'], temperature_2m: [0.5, null, 2.5] },
  });
  const [request] = server.requests;
  expect(request?.pathname).toBe('/v1/forecast');
  expect(request?.searchParams.get('timezone')).toBe('auto');
  await clock.advance(3 * 60 * MINUTE_MS + 1);
  await until(() => received.length === 3 + 360 + 6 + 1);
  expect([count('weather/current'), count('weather/hourly'), count('weather/daily')]).toEqual([361, 7, 2]);
  expect(said).toEqual([]);
});

it.each<[Manner, RegExp]>([
  ['error', /^weather service: answers 500$/],
  ['refused', /^weather service: answers 400: Cannot initialize from invalid String value x for key current$/],
  ['stall', /^weather service: no answer within 0.05 s$/],
  ['half', /^weather service: no answer within 0.05 s$/],
  ['html', /^weather service: answers what is no forecast: the file: must be /],
  ['wrong', /^weather service: answers what is no forecast: latitude: must be a number, not "north"$/],
  ['endless', /^weather service: its answer has no end$/],
])('a server that answers with %s: said once, and it is well again by itself', async (manner, message) => {
  server.manner = manner;
  // Only those that never answer are waited for so briefly: a busy machine is slow.
  await start({ ...HERE, timeout_s: manner === 'stall' || manner === 'half' ? 0.05 : 60 });
  await clock.settled();
  expect(said).toEqual([expect.stringMatching(message)]);
  await clock.advance(MINUTE_MS);
  expect(server.requests.length).toBeGreaterThan(10);
  expect(said).toHaveLength(1);
  expect(received).toEqual([]);
  expect(await liveOutputs()).toEqual([false, false, false]);
  server.manner = 'well';
  // An answer must now be in time on a busy machine, too: whatever tries that takes.
  while (received.length < 3) await clock.advance(MINUTE_MS);
  expect(said.filter((line) => line.includes('well again')).length).toBeGreaterThan(0);
});

it('rows of different lengths are no forecast', async () => {
  server.manner = 'uneven';
  await start(HERE);
  await clock.settled();
  await until(() => received.length === 1);
  expect(keys()).toEqual(['weather/current']);
  expect(said.length).toBeGreaterThan(0);
  for (const line of said) expect(line).toMatch(/answers what is no forecast: (hourly|daily): rows differ in length$/);
});

it('a server that is gone for an hour: one line, few tries, the last value kept, then well again', async () => {
  await start(HERE);
  await clock.settled();
  await until(() => received.length === 3);
  const before = received.length;
  const good = await kept('current');
  expect(good).toMatchObject({ current: { temperature_2m: 21.5 } });
  await server.away();
  await clock.advance(60 * MINUTE_MS);
  expect(said).toEqual([expect.stringMatching(/^weather service: cannot be reached: .*ECONNREFUSED/)]);
  expect(received).toHaveLength(before);
  expect(await kept('current')).toEqual(good);
  const asked = server.requests.length;
  await server.back();
  await clock.advance(6 * MINUTE_MS);
  await until(() => count('weather/current') > 8 && count('weather/hourly') >= 2);
  expect(said).toHaveLength(2);
  expect(said[1]).toMatch(/^weather service: well again after \d+ s, \d+ failures$/);
  // The current weather each 30 s, the hourly one once: nobody floods a service that comes back.
  expect(server.requests.length - asked).toBeLessThan(20);
});

it('leaves a busy service alone for as long as it asks', async () => {
  server.manner = 'busy';
  await start(HERE);
  await clock.settled();
  expect(server.requests).toHaveLength(3);
  await clock.advance(119_000);
  expect(server.requests).toHaveLength(3);
  await clock.advance(2_000);
  expect(server.requests).toHaveLength(6);
});

it('takes its location from messages, and asks again where it moved far', async () => {
  await start({ location_topic: 'gps/position', hourly_s: 3_600 });
  await clock.settled();
  expect(server.requests).toHaveLength(0);
  const robot = await network.connect();
  const put = (body: Parameters<typeof encodeCbor>[0]) =>
    robot.put('bubbaloop/global/m/gps/position', encodeCbor(body));
  await put({ lat: 1 });
  await put({ latitude: 91, longitude: 0 });
  await until(() => said.length === 2);
  expect(said).toEqual(['input location: no latitude and longitude in it', 'input location: no place: 91, 0']);
  await put({ latitude: 43.3, longitude: -2 });
  await until(() => received.length === 3);
  await clock.settled();
  const requests = () => server.requests.map(({ searchParams }) => searchParams.get('latitude'));
  expect(requests()).toEqual(['43.3', '43.3', '43.3']);
  // A street further is the same weather; the next town is not, but is asked for at most each 30 s.
  await put({ latitude: 43.301, longitude: -2 });
  await put({ latitude: 44, longitude: -2 });
  await put({ latitude: 44.1, longitude: -2 });
  await sleep(20);
  await clock.settled();
  expect(requests()).toHaveLength(3);
  await clock.advance(31_000);
  expect(requests().slice(3)).toEqual(['44.1', '44.1', '44.1']);
  await robot.close();
});

it.each([
  [{}, /config\.yaml: latitude and longitude, or location_topic/],
  [{ latitude: 1 }, /one wants the other/],
  [{ latitude: 91, longitude: 0 }, /latitude: must be at most 90, not 91/],
  [{ ...HERE, url: 'ftp://x' }, /url: must be an http:\/\/ or https:\/\/ address, not "ftp:\/\/x"/],
  [{ ...HERE, city: 'Donostia' }, /city: there is no such field/],
  [{ ...HERE, topic: 'daemon' }, /outputs\.current\.topic: "daemon" is reserved/],
  [{ location_topic: 'gps' }, /location_topic: a topic under the machine has at least two parts/],
])('refuses the configuration %j', async (config, message) => {
  await expect(start(config)).rejects.toThrow(message);
});
