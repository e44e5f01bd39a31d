/** An action on one or many nodes, from the decision to the last outcome, as a pure state machine. Who sends is elsewhere. */
import type { NodeAction } from '../wire/command.ts';
import type { Outcome } from './control.ts';

/** What an operator can order; asking for a log changes nothing and is no order. */
export const BATCH_ACTIONS = [
  'start',
  'stop',
  'restart',
  'build',
  'enable_autostart',
  'disable_autostart',
] as const satisfies readonly NodeAction[];
export type BatchAction = (typeof BATCH_ACTIONS)[number];

export interface ActionTarget {
  readonly machine: string;
  readonly node: string;
}

/** `rolling`: one after another, and none after the first that fails. `together`: some at a time, each for itself. */
export type BatchMode = 'rolling' | 'together';

/** So many commands of a batch are under way at once, over all its machines. */
export const TOGETHER_LIMIT = 8;

export type ItemState = 'waiting' | 'running' | 'done' | 'failed' | 'skipped';

export interface BatchItem {
  readonly target: ActionTarget;
  readonly state: ItemState;
  readonly startedAtMs?: number;
  readonly endedAtMs?: number;
  /** The daemon's own words (untrusted), or why it was not tried. */
  readonly message: string;
}

export interface ActionBatch {
  readonly id: number;
  readonly action: BatchAction;
  readonly mode: BatchMode;
  /** Who ordered it. */
  readonly who: string;
  readonly createdAtMs: number;
  readonly items: readonly BatchItem[];
}

export function orderBatch(
  order: Pick<ActionBatch, 'id' | 'action' | 'mode' | 'who'> & { readonly targets: readonly ActionTarget[] },
  nowMs: number,
): ActionBatch {
  const { id, action, mode, who, targets } = order;
  return {
    id,
    action,
    mode,
    who,
    createdAtMs: nowMs,
    items: targets.map((target) => ({ target, state: 'waiting', message: '' })),
  };
}

/** Begins what may begin now: the batch after it, and the targets to be told. */
export function beginItems(
  batch: ActionBatch,
  nowMs: number,
): { readonly batch: ActionBatch; readonly begun: readonly ActionTarget[] } {
  let free = (batch.mode === 'rolling' ? 1 : TOGETHER_LIMIT) - countItems(batch, 'running');
  const begun: ActionTarget[] = [];
  const items = batch.items.map((item): BatchItem => {
    if (item.state !== 'waiting' || free <= 0) return item;
    free -= 1;
    begun.push(item.target);
    return { ...item, state: 'running', startedAtMs: nowMs };
  });
  return begun.length === 0 ? { batch, begun } : { batch: { ...batch, items }, begun };
}

/** Takes in what came of one target. After a failure nothing more of a rolling batch is tried. */
export function endItem(batch: ActionBatch, target: ActionTarget, outcome: Outcome, nowMs: number): ActionBatch {
  const words = outcome.message === '' ? (outcome.ok ? 'done' : 'refused, without a reason') : outcome.message;
  const items = batch.items.map((item): BatchItem => {
    if (item.state !== 'running' || !isSameTarget(item.target, target)) return item;
    return { ...item, state: outcome.ok ? 'done' : 'failed', endedAtMs: nowMs, message: words };
  });
  const ended = { ...batch, items };
  if (outcome.ok || batch.mode === 'together') return ended;
  return skipRest(ended, `not tried: ${target.node} on ${target.machine} failed before it`, nowMs);
}

/** Gives up what has not begun. */
export function skipRest(batch: ActionBatch, reason: string, nowMs: number): ActionBatch {
  if (countItems(batch, 'waiting') === 0) return batch;
  const items = batch.items.map(
    (item): BatchItem =>
      item.state === 'waiting' ? { ...item, state: 'skipped', endedAtMs: nowMs, message: reason } : item,
  );
  return { ...batch, items };
}

export function countItems(batch: ActionBatch, state: ItemState): number {
  return batch.items.reduce((sum, item) => sum + Number(item.state === state), 0);
}

export function isBatchOver(batch: ActionBatch): boolean {
  return batch.items.every(({ state }) => state !== 'waiting' && state !== 'running');
}

function isSameTarget(a: ActionTarget, b: ActionTarget): boolean {
  return a.machine === b.machine && a.node === b.node;
}

/** How many batches that are over are kept. */
const MAX_BATCHES = 100;

/** Batches newest first; of those that are over the oldest go. */
export function keepBatches(batches: readonly ActionBatch[]): readonly ActionBatch[] {
  if (batches.length <= MAX_BATCHES) return batches;
  return batches.filter((batch, index) => index < MAX_BATCHES || !isBatchOver(batch));
}

/** The words of an action for people: `enable`, not `enable_autostart`. */
export function actionWord(action: NodeAction): string {
  return action.replace('_autostart', '');
}
