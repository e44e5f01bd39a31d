import { expect, test } from 'vitest';
import { Pace } from '../../source/graphics/pace.ts';

/** A terminal at the end of a line of so many bytes a second behind buffers without end. The longest wait in the last half. */
function worstWaitMs(pace: Pace, lineRate: number, pictureBytes: (pace: Pace) => number, answers: boolean): number {
  let queued = 0;
  const questions: number[] = [];
  let sent = 0;
  let taken = 0;
  let worst = 0;
  pace.sent(0, 0);
  if (answers) pace.alive(0);
  for (let nowMs = 0; nowMs < 60_000; nowMs += 1) {
    const step = Math.min(queued, lineRate / 1_000);
    queued -= step;
    taken += step;
    while (answers && questions[0] !== undefined && taken >= questions[0]) {
      questions.shift();
      pace.alive(nowMs);
    }
    if (pace.maySend(nowMs)) {
      const bytes = pictureBytes(pace);
      queued += bytes;
      sent += bytes;
      questions.push(sent);
      pace.sent(nowMs, bytes);
    }
    if (nowMs > 30_000) worst = Math.max(worst, (queued / lineRate) * 1_000);
  }
  return worst;
}

test('a slow line that answers: what waits in its buffers stays under what a key may wait', () => {
  const pace = new Pace({ isAnswering: true });
  expect(worstWaitMs(pace, 100_000, ({ pictureBytes }) => Math.min(25_000, pictureBytes), true)).toBeLessThan(200);
});

test('a fast line that answers is not held back', () => {
  const pace = new Pace({ isAnswering: true });
  worstWaitMs(pace, 50_000_000, () => 25_000, true);
  expect(pace.pictureBytes).toBe(Number.POSITIVE_INFINITY);
  expect(pace.rateLimit).toBe(Number.POSITIVE_INFINITY);
});

test('a terminal that answers nothing gets little until it is known what it takes', () => {
  const pace = new Pace({ isAnswering: false });
  expect(worstWaitMs(pace, 100_000, ({ pictureBytes }) => Math.min(25_000, pictureBytes), false)).toBeLessThan(200);
  pace.wrote(10_000, 1_000);
  expect(pace.rateLimit).toBeLessThan(10_000);
});

test('a terminal that stopped gets nothing more until it goes on, or an answer must have been lost', () => {
  const pace = new Pace({ isAnswering: true });
  pace.sent(0, 40_000);
  expect(pace.maySend(1_000)).toBe(false);
  expect(pace.maySend(6_000)).toBe(true);
});
