import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TurnQueue } from '../../source/fleet/turn-queue.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function queue(): { readonly turns: TurnQueue; readonly asked: string[] } {
  const asked: string[] = [];
  return { turns: new TurnQueue((machine) => asked.push(machine)), asked };
}

const CROWD = Array.from({ length: 35 }, (_, index) => `m${index}`);

test('one is asked at once, and once more when that is repeated', async () => {
  const { turns, asked } = queue();
  turns.add('m1');
  await vi.advanceTimersByTimeAsync(50);
  turns.repeat();
  turns.repeat();
  expect(asked).toEqual(['m1', 'm1']);
});

test('a crowd is asked ten a second', async () => {
  const { turns, asked } = queue();
  for (const machine of CROWD) turns.add(machine);
  await vi.advanceTimersByTimeAsync(50);
  expect(asked).toHaveLength(10);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(asked).toEqual(CROWD);
});

test('where machines come without an end they are asked ten a second as well, and none again', async () => {
  const { turns, asked } = queue();
  for (let count = 0; count < 200; count += 1) {
    turns.add(`m${count}`);
    await vi.advanceTimersByTimeAsync(20);
    if (count % 100 === 99) turns.repeat();
  }
  expect(asked.length).toBeGreaterThanOrEqual(25);
  expect(asked.length).toBeLessThanOrEqual(40);
  expect(new Set(asked).size).toBe(asked.length);
});

test('one that the user changed does not wait behind a crowd', async () => {
  const { turns, asked } = queue();
  for (const machine of CROWD) turns.add(machine);
  await vi.advanceTimersByTimeAsync(50);
  turns.addFirst('mine');
  turns.addFirst('m34');
  await vi.advanceTimersByTimeAsync(50);
  expect(asked.slice(10)).toEqual(['mine', 'm34']);
  await vi.advanceTimersByTimeAsync(4_000);
  expect(asked).toHaveLength(36);
});

test('what the user changes without a pause is asked meanwhile, not at the end', async () => {
  const { turns, asked } = queue();
  for (let count = 0; count < 20; count += 1) {
    turns.addFirst(`m${count}`);
    await vi.advanceTimersByTimeAsync(20);
  }
  expect(asked.length).toBeGreaterThan(15);
});

test('when all are asked, a crowd is not asked one by one as well; a few are, since they may just not have known', async () => {
  const { turns, asked } = queue();
  for (const machine of CROWD) turns.add(machine);
  turns.allAsked();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(asked).toEqual([]);
  turns.repeat();
  expect(asked).toHaveLength(10);
  turns.add('m1');
  turns.allAsked();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked.at(-1)).toBe('m1');
  expect(asked).toHaveLength(11);
});
