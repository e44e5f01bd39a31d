import { expect, test } from 'vitest';
import { ReplayPlayer } from '../../source/ui/replay-player.ts';
import { tellStory } from '../support/fleet-story.ts';
import { RecordingSheet, unreadTape } from '../support/recording-sheet.ts';

function player() {
  const sheet = new RecordingSheet(1 << 20);
  tellStory({ machines: 3, nodes: 5, steps: 200 }, (state, atMs) => {
    sheet.writer.record(state, atMs);
    sheet.flush();
  });
  sheet.end();
  const tape = unreadTape(sheet.file);
  tape.read(100);
  let nowMs = 0;
  const pass = (ms: number): boolean => {
    nowMs += ms;
    return replay.tick();
  };
  const replay = new ReplayPlayer(tape, 'incident.rec', () => nowMs);
  return { tape, replay, pass };
}

test('playing waits where the recording has been read to, and goes on', () => {
  const { tape, replay, pass } = player();
  expect(replay.view()).toMatchObject({ atMs: tape.startMs, endMs: tape.endMs, readMs: tape.readMs, isPaused: false });
  const readMs = tape.readMs;
  expect(readMs).toBeLessThan(tape.endMs);
  pass(10 * 60_000);
  expect(replay.view()).toMatchObject({ atMs: readMs, isPaused: false });
  tape.read(100);
  expect(tape.readMs).toBeGreaterThan(readMs);
  expect(pass(1_000)).toBe(true);
  expect(replay.now()).toBeGreaterThan(readMs);
  expect(replay.now()).toBeLessThanOrEqual(tape.readMs);
  tape.read(Number.POSITIVE_INFINITY);
  pass(60 * 60_000);
  expect(replay.view()).toMatchObject({ atMs: tape.endMs, isPaused: true, readMs: undefined });
});

test('who jumps to the end gets there as it is read, and may turn back on the way', () => {
  const { tape, replay, pass } = player();
  replay.press('$');
  expect(replay.view()).toMatchObject({ atMs: tape.readMs, isPaused: true });
  tape.read(100);
  expect(pass(200)).toBe(true);
  expect(replay.now()).toBe(tape.readMs);
  replay.press('[');
  const atMs = replay.now();
  expect(atMs).toBeLessThan(tape.readMs);
  tape.read(100);
  pass(200);
  expect(replay.now()).toBe(atMs);
  replay.press('$');
  tape.read(Number.POSITIVE_INFINITY);
  pass(200);
  expect(replay.now()).toBe(tape.endMs);
  expect(replay.state()).toBe(tape.stateAt(tape.endMs));
  expect(pass(200)).toBe(false);
});
