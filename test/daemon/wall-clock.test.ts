import { expect, it } from 'vitest';
import { WallClock } from '../../source/daemon/wall-clock.ts';

it('keeps ages when the clock is set, and times when it is only steered', () => {
  let [wallMs, monotonicMs] = [1_000_000, 500];
  const clock = new WallClock({ wallMs: () => wallMs, monotonicMs: () => monotonicMs });
  expect(clock.timeOf(400)).toBe(999_900);
  monotonicMs += 10_000;
  wallMs += 10_030;
  expect(clock.timeOf(400)).toBe(999_900);
  for (const jumpMs of [-3_600_000, 86_400_000]) {
    wallMs += jumpMs;
    expect(wallMs - clock.timeOf(400)).toBe(monotonicMs - 400);
  }
});
