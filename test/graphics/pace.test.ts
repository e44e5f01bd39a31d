import { expect, test } from 'vitest';
import { Pace } from '../../source/graphics/pace.ts';

/**
 * A terminal at the end of a line of so many bytes a second behind buffers without end, which is `lateMs` late with every
 * answer. The longest wait behind pictures in the last half.
 */
function worstWaitMs(
  pace: Pace,
  lineRate: number,
  pictureBytes: (pace: Pace) => number,
  { answers, lateMs = 0 }: { readonly answers: boolean; readonly lateMs?: number },
): number {
  let queued = 0;
  const questions: { readonly at: number; readonly sentMs: number }[] = [];
  let sent = 0;
  let taken = 0;
  let worst = 0;
  for (let nowMs = 0; nowMs < 60_000; nowMs += 1) {
    const step = Math.min(queued, lineRate / 1_000);
    queued -= step;
    taken += step;
    for (let [first] = questions; answers && first !== undefined; [first] = questions) {
      if (taken + 1e-6 < first.at || nowMs - first.sentMs < lateMs) break;
      questions.shift();
      pace.alive(nowMs);
    }
    if (pace.shouldProbe(nowMs)) {
      questions.push({ at: sent, sentMs: nowMs });
      pace.sent(nowMs, 0);
    }
    if (pace.maySend(nowMs)) {
      const bytes = pictureBytes(pace);
      queued += bytes;
      sent += bytes;
      questions.push({ at: sent, sentMs: nowMs });
      pace.sent(nowMs, bytes);
    }
    if (nowMs > 30_000) worst = Math.max(worst, (queued / lineRate) * 1_000);
  }
  return worst;
}

test('a slow line that answers: what waits in its buffers stays under what a key may wait', () => {
  const pace = new Pace({ isAnswering: true });
  expect(
    worstWaitMs(pace, 100_000, ({ pictureBytes }) => Math.min(25_000, pictureBytes), { answers: true }),
  ).toBeLessThan(200);
});

test('a fast line that answers is not held back', () => {
  const pace = new Pace({ isAnswering: true });
  worstWaitMs(pace, 50_000_000, () => 25_000, { answers: true });
  expect(pace.pictureBytes).toBe(Number.POSITIVE_INFINITY);
  expect(pace.rateLimit).toBe(Number.POSITIVE_INFINITY);
});

test('a terminal that is late whatever it gets is not sent less', () => {
  const pace = new Pace({ isAnswering: true });
  worstWaitMs(pace, 50_000_000, () => 25_000, { answers: true, lateMs: 250 });
  expect(pace.pictureBytes).toBe(Number.POSITIVE_INFINITY);
});

test('a terminal that answers nothing gets little until it is known what it takes', () => {
  const pace = new Pace({ isAnswering: false });
  expect(
    worstWaitMs(pace, 100_000, ({ pictureBytes }) => Math.min(25_000, pictureBytes), { answers: false }),
  ).toBeLessThan(200);
  pace.wrote(10_000, 1_000);
  expect(pace.rateLimit).toBeLessThan(10_000);
});

test('a terminal that stopped gets nothing more until it goes on, or an answer must have been lost', () => {
  const pace = new Pace({ isAnswering: true });
  pace.sent(0, 40_000);
  expect(pace.maySend(1_000)).toBe(false);
  expect(pace.maySend(6_000)).toBe(true);
});
