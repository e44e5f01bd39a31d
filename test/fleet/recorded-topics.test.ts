import { expect, test } from 'vitest';
import { NOTHING_RECORDED, TopicTable } from '../../source/fleet/recorded-topics.ts';
import { readRecording, unpackPiece } from '../../source/fleet/recording.ts';
import { applyFrame, decodeFrame, framesBetween } from '../../source/fleet/recording-frame.ts';
import { NO_TOPICS, type Topic, type TopicsView } from '../../source/fleet/topics.ts';
import { tellStory } from '../support/fleet-story.ts';
import { RecordingSheet, tapeOf } from '../support/recording-sheet.ts';
import { fleetNode, fleetState, NOW_MS } from '../support/screen-input.ts';
import { seededRandom } from '../support/seeded-random.ts';

const KEY = 'bubbaloop/global/jetson_0/cam/compressed';

function topic(change: Partial<Topic> & { readonly keyExpr: string }): Topic {
  return { machine: 'jetson_0', publishers: ['aa11'], subscribers: [], unmeasured: undefined, ...change };
}

function viewOf(topics: readonly Topic[], change: Partial<TopicsView> = {}): TopicsView {
  return { ...NO_TOPICS, phase: 'ready', budgetBytesPerSecond: 500_000, topics, ...change };
}

function flowing(second: number): Topic {
  return topic({
    keyExpr: KEY,
    figures: {
      isLive: true,
      rateHz: 15.023456,
      bytesPerSecond: 123_456.789,
      messageBytes: 8_217.3,
      lastAtMs: NOW_MS + second * 1_000,
      sinceMs: NOW_MS,
      isCostly: false,
    },
  });
}

const state = (second: number) => ({
  ...fleetState({ machines: { m: [fleetNode({ name: 'a' })] } }),
  latencyMs: second,
});

/** Shown from second 10 to 20; the keys change each second. */
function recorded(maxBytes = 1 << 20, seconds = 40): RecordingSheet {
  const sheet = new RecordingSheet(maxBytes);
  let view: TopicsView = NO_TOPICS;
  for (let second = 0; second < seconds; second += 1) {
    const atMs = NOW_MS + second * 1_000;
    sheet.writer.record(state(second), atMs);
    const isShown = second >= 10 && second < 20;
    if (isShown) {
      const other = topic({ keyExpr: 'bubbaloop/global/jetson_0/arm/state', publishers: second < 15 ? ['bb22'] : [] });
      view = viewOf(second === 18 ? [flowing(second)] : [other, flowing(second)], { unaskedRouters: ['central'] });
    }
    sheet.writer.recordTopics(view, isShown, atMs);
    sheet.flush();
  }
  sheet.end();
  return sheet;
}

test('keys are those that the pane knew, with their figures, and it is told how old that is', () => {
  const tape = tapeOf(recorded().file);
  const at = (second: number) => tape.topicsAt(NOW_MS + second * 1_000);
  expect(at(9)).toEqual(NOTHING_RECORDED);
  expect(at(12).recorded.isShown).toBe(true);
  expect(at(12).topics.map(({ keyExpr }) => keyExpr)).toEqual(['bubbaloop/global/jetson_0/arm/state', KEY]);
  expect(at(12)).toMatchObject({ phase: 'ready', budgetBytesPerSecond: 500_000, unaskedRouters: ['central'] });
  expect(at(12).topics[1]).toEqual({
    ...flowing(12),
    figures: { ...flowing(12).figures, rateHz: 15.02, bytesPerSecond: 123_500, messageBytes: 8_217 },
  });
  expect(at(14).topics[0]?.publishers).toEqual(['bb22']);
  expect(at(15).topics[0]?.publishers).toEqual([]);
  expect(at(18).topics.map(({ keyExpr }) => keyExpr)).toEqual([KEY]);
  expect(at(19).topics).toHaveLength(2);
  // Closed: what was known stays, with its age.
  expect(at(39).recorded).toMatchObject({ isShown: false, shownAtMs: NOW_MS + 20_000 });
  expect(at(39).topics).toHaveLength(2);
  expect(at(39)).toBe(at(39));
  expect(at(13).topics[1]?.figures?.lastAtMs).toBe(NOW_MS + 13_000);
  expect(at(9)).toEqual(NOTHING_RECORDED);
});

test('a key that did not change stays the same object', () => {
  const table = new TopicTable();
  table.apply({
    keys: [
      ['a', {}],
      ['b', {}],
    ],
  });
  const [before] = table.view().topics;
  expect(table.view()).toBe(table.view());
  table.apply({ isShown: true, keys: [['b', { publishers: ['aa11'] }]] });
  expect(table.view().topics[0]).toBe(before);
  expect(table.view().topics[1]?.publishers).toEqual(['aa11']);
});

test('many keys over many places: always those of the moment, within the bound', () => {
  const maxBytes = 256 * 1024;
  const random = seededRandom(4);
  const sheet = new RecordingSheet(maxBytes);
  let topics = Array.from({ length: 300 }, (_, index) =>
    topic({ keyExpr: `bubbaloop/global/jetson_0/node_${String(index).padStart(3, '0')}/data` }),
  );
  const shown: { readonly atMs: number; readonly topics: readonly Topic[] }[] = [];
  for (let second = 0; second < 1_500; second += 1) {
    const atMs = NOW_MS + second * 1_000;
    topics = topics.map((one) =>
      random.below(10) === 0 ? { ...one, publishers: [Buffer.from(random.bytes(16)).toString('hex')] } : one,
    );
    sheet.writer.record(state(second), atMs);
    sheet.writer.recordTopics(viewOf(topics), true, atMs);
    sheet.flush();
    shown.push({ atMs, topics });
  }
  sheet.end();
  expect(sheet.file.length).toBeLessThanOrEqual(maxBytes);
  const tape = tapeOf(sheet.file);
  expect(tape.problem).toBe('');
  expect(tape.startMs).toBeGreaterThan(NOW_MS);
  const kept = shown.filter(({ atMs }) => atMs >= tape.startMs);
  expect(kept.length).toBeGreaterThan(20);
  for (let look = 0; look < 60; look += 1) {
    const { atMs, topics: wanted } = random.pick(kept as [(typeof kept)[number]]);
    expect(tape.topicsAt(atMs).topics).toEqual(wanted);
  }
});

test('keys for which there is no room are left out and counted; the fleet is recorded all the same', () => {
  const random = seededRandom(5);
  const many = Array.from({ length: 3_000 }, () =>
    topic({ keyExpr: `bubbaloop/global/jetson_0/${Buffer.from(random.bytes(16)).toString('hex')}` }),
  );
  const sheet = new RecordingSheet(256 * 1024);
  for (let second = 0; second < 60; second += 1) {
    const atMs = NOW_MS + second * 1_000;
    sheet.writer.record(state(second), atMs);
    if (second >= 20) sheet.writer.recordTopics(viewOf([...many, flowing(second)]), true, atMs);
    sheet.flush();
  }
  sheet.end();
  const tape = tapeOf(sheet.file);
  expect(tape.problem).toBe('');
  const end = tape.topicsAt(tape.endMs);
  expect(end.topics.map(({ keyExpr }) => keyExpr)).toEqual([KEY]);
  expect(end.recorded).toEqual({ isShown: true, shownAtMs: Number.NEGATIVE_INFINITY, leftOutKeys: 3_000 });
  expect(tape.stateAt(tape.endMs).latencyMs).toBe(59);
});

test('no secret of a key is in the file, and what a key may not hold is left out and said', () => {
  const sheet = new RecordingSheet(1 << 20);
  sheet.writer.record(state(1), NOW_MS);
  sheet.writer.recordTopics(viewOf([topic({ keyExpr: 'cam/rtsp://admin:hunter2@10.0.0.1/live' })]), true, NOW_MS);
  sheet.end();
  const [piece] = recordingOf(sheet)[0] ?? [];
  const text = piece && unpackPiece(piece, new Uint8Array());
  const frames = text?.ok ? text.value.frames.map((frame) => Buffer.from(frame).toString('latin1')).join('') : '';
  expect(frames).toContain('cam/rtsp://***@10.0.0.1/live');
  expect(frames).not.toContain('hunter2');
  const table = new TopicTable();
  expect(
    table.apply({
      phase: 'ready',
      keys: [
        ['a', { publishers: 7 }],
        ['b', {}],
      ],
    }),
  ).toBe(false);
  expect(table.apply({ keys: [['b', { figures: { isLive: 'yes' } }]] })).toBe(false);
  expect(table.view().topics).toEqual([
    { keyExpr: 'b', machine: '', publishers: [], subscribers: [], unmeasured: undefined },
  ]);
});

function recordingOf({ file }: RecordingSheet) {
  const recording = readRecording(file);
  if (!recording.ok) throw new Error(recording.reason);
  return recording.value.places;
}

test('where the pane was never shown nothing is written for it', () => {
  const plain = new RecordingSheet(1 << 20);
  const withPort = new RecordingSheet(1 << 20);
  tellStory({ machines: 2, nodes: 2, steps: 50 }, (told, atMs) => {
    plain.writer.record(told, atMs);
    withPort.writer.record(told, atMs);
    withPort.writer.recordTopics(NO_TOPICS, false, atMs);
  });
  plain.end();
  withPort.end();
  expect(withPort.file.equals(plain.file)).toBe(true);
});

test('a step that tells of keys alone changes nothing else', () => {
  const [bytes] = framesBetween(undefined, state(1), NOW_MS);
  const frame = bytes && decodeFrame(bytes);
  const begun = frame?.ok ? applyFrame(undefined, frame.value) : undefined;
  if (!begun?.ok) throw new Error('not read');
  const after = applyFrame(begun.value, { atMs: NOW_MS + 1, topics: { isShown: true } });
  expect(after.ok && after.value).toEqual(begun.value);
});
