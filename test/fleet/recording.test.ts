import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readRecording } from '../../source/fleet/recording.ts';
import { applyFrame, decodeFrame, framesBetween } from '../../source/fleet/recording-frame.ts';
import { RecordingTooSmall, RecordingWriter } from '../../source/fleet/recording-writer.ts';
import { redact } from '../../source/fleet/redact.ts';
import { type FleetState, machineFreshness, routerFreshness } from '../../source/fleet/state.ts';
import { tellStory } from '../support/fleet-story.ts';
import { RecordingSheet, tapeOf, unreadTape } from '../support/recording-sheet.ts';
import { NOW_MS } from '../support/screen-input.ts';
import { seededRandom } from '../support/seeded-random.ts';

/** What the screen makes of a state, as far as a recording keeps it. */
function seen(state: FleetState): unknown {
  const machines = [...state.machines.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  return {
    ...state,
    endpoint: '',
    machines: machines.map((machine) => ({
      ...machine,
      nodes: machine.nodes.map((node) => ({ ...node, lastLogLines: node.lastLogLines.map(redact) })),
      freshness: machineFreshness(state, machine),
    })),
    routers: [...state.routers.values()].map((router) => ({ ...router, freshness: routerFreshness(state, router) })),
    tokens: [...state.tokens].map(([machine, nodes]) => `${machine} ${[...nodes].sort()}`).sort(),
    heartbeats: [...state.heartbeats].map(([machine, beats]) => `${machine} ${[...beats].sort()}`).sort(),
    answeredAtMs: undefined,
    routerAnsweredAtMs: undefined,
    loadAtMs: undefined,
    claims: undefined,
  };
}

test('steps applied one after another lead to the very states they were made from', () => {
  for (let seed = 1; seed <= 6; seed += 1) {
    let before: FleetState | undefined;
    let replayed: FleetState | undefined;
    tellStory({ machines: 3, nodes: 4, steps: 300, seed }, (state, atMs) => {
      for (const bytes of framesBetween(before, state, atMs)) {
        const frame = decodeFrame(bytes);
        if (!frame.ok) throw new Error(frame.reason);
        const after = applyFrame(replayed, frame.value);
        if (!after.ok) throw new Error(after.reason);
        // What a step does not touch stays the same object.
        const untouched = [...(replayed?.machines ?? [])].filter(
          ([id]) => state.machines.get(id) === before?.machines.get(id),
        );
        for (const [id, machine] of untouched) expect(after.value.machines.get(id)).toBe(machine);
        replayed = after.value;
      }
      before = state;
      expect(replayed && seen(replayed)).toEqual(seen(state));
    });
  }
});

interface Recorded {
  readonly file: Buffer;
  /** States with their times, as they were recorded. */
  readonly states: readonly { readonly state: FleetState; readonly atMs: number }[];
}

function record(options: { maxBytes?: number; steps?: number; isKilled?: boolean; machines?: number }): Recorded {
  const sheet = new RecordingSheet(options.maxBytes ?? 1 << 20);
  const states: { state: FleetState; atMs: number }[] = [];
  tellStory({ machines: options.machines ?? 3, nodes: 5, steps: options.steps ?? 200 }, (state, atMs) => {
    sheet.writer.record(state, atMs);
    sheet.flush();
    if (states.at(-1)?.atMs === atMs) states.pop();
    states.push({ state, atMs });
  });
  if (options.isKilled !== true) sheet.end();
  return { file: sheet.file, states };
}

test('any moment of a recording, in any order, is what it was', () => {
  const { file, states } = record({});
  const tape = tapeOf(file);
  expect(tape.problem).toBe('');
  expect(tape.startMs).toBe(NOW_MS);
  expect(tape.endMs).toBe(states.at(-1)?.atMs);
  const random = seededRandom(5);
  for (let look = 0; look < 300; look += 1) {
    const { state, atMs } = random.pick(states as [(typeof states)[number]]);
    expect(seen(tape.stateAt(atMs + random.below(400)))).toEqual(seen(state));
  }
  // Standing still shows the same object: nothing is drawn again.
  expect(tape.stateAt(tape.endMs)).toBe(tape.stateAt(tape.endMs));
  expect(seen(tape.stateAt(0))).toEqual(seen(tape.stateAt(tape.startMs)));
});

test('alerts and events are those of the moment', () => {
  const { file } = record({});
  const tape = tapeOf(file);
  const events = tape.eventsAt(tape.endMs);
  expect(events.length).toBeGreaterThan(50);
  const middleMs = (tape.startMs + tape.endMs) / 2;
  const until = tape.eventsAt(middleMs);
  expect(until.length).toBeLessThan(events.length);
  expect(until.every(({ atMs }) => atMs <= middleMs)).toBe(true);
  expect(until).toEqual(events.slice(-until.length));
  const raised = events.filter(({ kind, tone }) => kind === 'alert' && tone === 'bad');
  for (const { atMs, subject } of raised.slice(0, 20)) {
    const before = tape.alertsAt(atMs - 1).active.filter((alert) => alert.subject === subject);
    const after = tape.alertsAt(atMs).active.filter((alert) => alert.subject === subject);
    expect(after.length).toBeGreaterThan(0);
    expect(after.map(({ key }) => key)).not.toEqual(before.map(({ key }) => key));
  }
});

test('what has been read can be looked at while there is more', () => {
  const { file } = record({});
  const whole = tapeOf(file);
  const tape = unreadTape(file);
  expect([tape.isRead, tape.hasState, tape.readMs]).toEqual([false, false, tape.startMs]);
  expect(tape.endMs).toBe(whole.endMs);
  let looks = 0;
  while (tape.read(100)) {
    const atMs = (tape.startMs + 2 * tape.readMs) / 3;
    for (const momentMs of [tape.readMs - 1, atMs]) {
      expect(tape.stateAt(momentMs)).toEqual(whole.stateAt(momentMs));
      expect(tape.alertsAt(momentMs)).toEqual(whole.alertsAt(momentMs));
    }
    expect(tape.eventsAt(atMs)).toEqual(whole.eventsAt(atMs));
    expect(tape.endMs).toBe(whole.endMs);
    looks += 1;
  }
  expect(looks).toBeGreaterThan(10);
  expect([tape.isRead, tape.readMs]).toEqual([true, whole.endMs]);
  expect(tape.eventsAt(tape.endMs)).toEqual(whole.eventsAt(whole.endMs));
});

test('it never grows beyond its bound, and keeps the newest', () => {
  const maxBytes = 132 * 1024;
  const { file, states } = record({ maxBytes, steps: 3_000, machines: 6 });
  expect(file.length).toBeLessThanOrEqual(maxBytes);
  const tape = tapeOf(file);
  expect(tape.problem).toBe('');
  expect(tape.startMs).toBeGreaterThan(NOW_MS);
  const last = states.at(-1);
  // The last that happened may be none that is seen.
  expect(tape.endMs).toBeGreaterThan((last?.atMs ?? 0) - 10_000);
  expect(last && seen(tape.stateAt(last.atMs))).toEqual(last && seen(last.state));
  const kept = states.filter(({ atMs }) => atMs >= tape.startMs);
  expect(kept.length).toBeGreaterThan(100);
  for (const { state, atMs } of kept.filter((_one, index) => index % 97 === 0)) {
    expect(seen(tape.stateAt(atMs))).toEqual(seen(state));
  }
  // A place that begins anew is no news.
  const news = tape.eventsAt(tape.endMs).map(({ text }) => text);
  expect(news.filter((text) => text.startsWith('appeared with')).length).toBeLessThan(200);
});

test('a fleet that is larger than the recording is said, not half kept', () => {
  const writer = new RecordingWriter(256 * 1024);
  tellStory({ machines: 100, nodes: 20, steps: 0 }, (state, atMs) => writer.record(state, atMs));
  expect(() => writer.flush()).not.toThrow();
  // Names that do not compress.
  const random = seededRandom(3);
  tellStory({ machines: 4, nodes: 4, steps: 0 }, (state, atMs) => {
    const machine = [...state.machines.values()][0];
    if (machine === undefined) return;
    const nodes = Array.from({ length: 4_000 }, () => ({
      ...(machine.nodes[0] as (typeof machine.nodes)[number]),
      name: Buffer.from(random.bytes(24)).toString('hex'),
    }));
    writer.record({ ...state, machines: new Map([[machine.id, { ...machine, nodes }]]) }, atMs + 1);
  });
  expect(() => writer.flush()).toThrow(RecordingTooSmall);
});

test('after kill -9 all that was flushed is there, and it is said that the end is missing', () => {
  const { file, states } = record({ isKilled: true });
  const tape = tapeOf(file);
  expect(tape.problem).toBe('it has no end: it was cut short, or top was killed');
  const last = states.at(-1);
  expect(last && seen(tape.stateAt(last.atMs))).toEqual(last && seen(last.state));
});

test('cut short anywhere: what is left is shown, or a sentence says why not', () => {
  const { file } = record({ steps: 60 });
  for (let length = 0; length < file.length; length += length < 400 ? 1 : 97) {
    const recording = readRecording(file.subarray(0, length));
    if (!recording.ok) {
      expect(recording.reason).toMatch(/cut short|no recording|it is empty/);
      continue;
    }
    const tape = tapeOf(file.subarray(0, length));
    expect(tape.problem).toContain('cut short');
    expect(tape.stateAt(tape.endMs).machines.size).toBeGreaterThanOrEqual(0);
  }
});

test('damaged anywhere: never an exception, and it is said', () => {
  const { file } = record({ steps: 80 });
  const random = seededRandom(11);
  let said = 0;
  for (let round = 0; round < 300; round += 1) {
    const broken = Buffer.from(file);
    const at = random.below(broken.length);
    broken.set(random.bytes(1 + random.below(8)), at);
    const recording = readRecording(broken);
    if (!recording.ok) {
      expect(recording.reason).not.toBe('');
      said += 1;
      continue;
    }
    const tape = tapeOf(broken);
    if (tape.problem !== '') said += 1;
    tape.stateAt(tape.startMs + random.below(60_000));
  }
  // A random byte may be the byte that stood there, or stand in the blanks of the first line.
  expect(said).toBeGreaterThan(280);
});

test('another version, another file', () => {
  const { file } = record({ steps: 5 });
  const other = Buffer.from(file);
  other.write('bubbaloop-recording 2', 'latin1');
  expect(readRecording(other)).toEqual({
    ok: false,
    reason: 'it is a recording of version 2; this bubbaloop reads version 1',
  });
  expect(readRecording(Buffer.from('{"not": "one"}'.repeat(50)))).toMatchObject({ ok: false, reason: /no recording/ });
  expect(readRecording(new Uint8Array())).toEqual({ ok: false, reason: 'it is empty' });
});

test('a recording of the first program that made any is still shown: it holds no keys', () => {
  const tape = tapeOf(readFileSync(join(import.meta.dirname, 'recordings', 'version-1-first.rec')));
  expect(tape.problem).toBe('');
  const states: { state: FleetState; atMs: number }[] = [];
  tellStory({ machines: 2, nodes: 3, steps: 60, seed: 7 }, (state, atMs) => states.push({ state, atMs }));
  const last = states.at(-1);
  expect(last && seen(tape.stateAt(last.atMs))).toEqual(last && seen(last.state));
  expect(tape.topicsAt(tape.endMs)).toMatchObject({ phase: 'idle', topics: [] });
  expect(
    tape
      .trendsAt(tape.endMs)
      .trend('shm', 'jetson_0')
      ?.values.some((value) => value > 0),
  ).toBe(true);
});

test('a record that holds what it may not is left out and said', () => {
  const good = framesBetween(
    undefined,
    tellStory({ machines: 1, nodes: 1, steps: 0 }, () => undefined),
    NOW_MS,
  )[0];
  const frame = good && decodeFrame(good);
  if (!frame?.ok) throw new Error('not read');
  const evil = { ...frame.value, machines: [['m', { fields: { hostname: 5 }, nodes: [['n', { name: { a: 1 } }]] }]] };
  expect(applyFrame(undefined, evil as unknown as typeof frame.value)).toMatchObject({ ok: false });
  expect(applyFrame(undefined, { atMs: 1, machines: [] })).toMatchObject({ ok: false });
});

test('no secret is in the file', () => {
  const { file } = record({ steps: 400 });
  const recording = readRecording(file);
  if (!recording.ok) throw new Error(recording.reason);
  let text = '';
  for (const place of recording.value.places) {
    let dictionary = Buffer.alloc(0);
    for (const { content } of place) {
      const options = dictionary.length === 0 ? {} : { dictionary };
      const plain = inflateRawSync(content, options);
      dictionary = Buffer.concat([dictionary, plain]).subarray(-32_768);
      text += plain.toString('latin1');
    }
  }
  expect(text).toContain('rtsp://***@10.1.1.1/live');
  expect(text).not.toContain('hunter2');
});

test.each([
  ['rtsp://admin:pw@cam/live', 'rtsp://***@cam/live'],
  ['--password=abc --rate 5', '--password=*** --rate 5'],
  ['{"api_key": "abc123", "n": 1}', '{"api_key": "***", "n": 1}'],
  ['Authorization: Bearer abcdef123456', 'Authorization: Bearer ***'],
  ['token: xyz', 'token: ***'],
  ['exit 1: no such device', 'exit 1: no such device'],
])('%s is kept as %s', (text, kept) => {
  expect(redact(text)).toBe(kept);
});
