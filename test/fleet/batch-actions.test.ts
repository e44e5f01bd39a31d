import { expect, test } from 'vitest';
import {
  type ActionBatch,
  beginItems,
  countItems,
  endItem,
  isBatchOver,
  keepBatches,
  orderBatch,
  skipRest,
  TOGETHER_LIMIT,
} from '../../source/fleet/batch-actions.ts';

const targets = Array.from({ length: 20 }, (_, index) => ({ machine: `m${index % 3}`, node: `n${index}` }));
const GOOD = { ok: true, message: 'stopped', output: '' };
const BAD = { ok: false, message: 'no such node', output: '' };

function order(mode: ActionBatch['mode'], of = targets): ActionBatch {
  return orderBatch({ id: 1, action: 'restart', mode, who: 'ann', targets: of }, 1_000);
}

test('rolling tells one after another, and none after the first that fails', () => {
  let { batch, begun } = beginItems(order('rolling'), 1_000);
  expect(begun).toEqual([targets[0]]);
  expect(beginItems(batch, 1_001).begun).toEqual([]);
  ({ batch, begun } = beginItems(endItem(batch, { machine: 'm0', node: 'n0' }, GOOD, 1_500), 1_500));
  expect(begun).toEqual([targets[1]]);
  batch = endItem(batch, { machine: 'm1', node: 'n1' }, BAD, 2_000);
  expect(beginItems(batch, 2_000).begun).toEqual([]);
  expect(isBatchOver(batch)).toBe(true);
  expect(batch.items.slice(0, 3)).toMatchObject([
    { state: 'done', message: 'stopped', startedAtMs: 1_000, endedAtMs: 1_500 },
    { state: 'failed', message: 'no such node' },
    { state: 'skipped', message: 'not tried: n1 on m1 failed before it' },
  ]);
  expect(countItems(batch, 'skipped')).toBe(18);
});

test('together tells some at a time and goes on after a failure', () => {
  let { batch, begun } = beginItems(order('together'), 1_000);
  expect(begun).toHaveLength(TOGETHER_LIMIT);
  let told = begun.length;
  let most = 0;
  const open = [...begun];
  while (open.length > 0) {
    const target = open.shift();
    if (target === undefined) break;
    batch = endItem(batch, target, target.node === 'n3' ? BAD : GOOD, 2_000);
    ({ batch, begun } = beginItems(batch, 2_000));
    told += begun.length;
    open.push(...begun);
    most = Math.max(most, countItems(batch, 'running'));
  }
  expect(told).toBe(20);
  expect(most).toBe(TOGETHER_LIMIT);
  expect(countItems(batch, 'done')).toBe(19);
  expect(countItems(batch, 'failed')).toBe(1);
});

test('what is given up is what has not begun', () => {
  const { batch } = beginItems(order('rolling'), 1_000);
  const rest = skipRest(batch, 'given up', 1_200);
  expect(countItems(rest, 'running')).toBe(1);
  expect(countItems(rest, 'skipped')).toBe(19);
  expect(isBatchOver(rest)).toBe(false);
  expect(isBatchOver(endItem(rest, { machine: 'm0', node: 'n0' }, GOOD, 1_300))).toBe(true);
});

test('an answer without words has some; one that nobody waits for changes nothing', () => {
  const { batch } = beginItems(order('rolling'), 1_000);
  const silent = endItem(batch, { machine: 'm0', node: 'n0' }, { ...BAD, message: '' }, 1_100);
  expect(silent.items[0]?.message).toBe('refused, without a reason');
  expect(endItem(silent, { machine: 'm0', node: 'n0' }, GOOD, 1_200).items[0]?.state).toBe('failed');
});

test('of batches that are over a hundred are kept', () => {
  const over = skipRest(order('rolling'), 'given up', 0);
  const open = order('together');
  const kept = keepBatches([...Array.from({ length: 150 }, () => over), open]);
  expect(kept).toHaveLength(101);
  expect(kept.at(-1)).toBe(open);
});
