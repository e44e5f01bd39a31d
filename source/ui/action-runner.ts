/** Carries out what was ordered: tells the daemons as the batches allow, and writes down what came of it. */
import {
  type ActionBatch,
  type ActionTarget,
  actionWord,
  type BatchAction,
  type BatchMode,
  beginItems,
  endItem,
  isBatchOver,
  keepBatches,
  orderBatch,
  skipRest,
} from '../fleet/batch-actions.ts';
import type { GatedSend } from '../fleet/command-gate.ts';
import { nodeKey } from '../fleet/state.ts';
import { batchWords } from '../view/actions-list.ts';
import type { Notice, UiState } from '../view/ui-state.ts';

export interface ActionRunnerOptions {
  readonly send: GatedSend;
  /** Who orders, for the list. */
  readonly who: string;
  now(): number;
  /** Something changed; with a notice where a batch is over. */
  onChange(notice?: Notice): void;
}

export class ActionRunner {
  readonly #options: ActionRunnerOptions;
  #batches: readonly ActionBatch[] = [];
  #lastId = 0;

  constructor(options: ActionRunnerOptions) {
    this.#options = options;
  }

  /** Newest first. */
  get batches(): readonly ActionBatch[] {
    return this.#batches;
  }

  /** Nodes whose turn is or will be, by their keys: none of them is told anything else meanwhile. */
  pending(): UiState['pending'] {
    const pending = new Map<string, { readonly action: BatchAction; readonly sinceMs: number }>();
    for (const { action, items, createdAtMs } of this.#batches) {
      for (const { target, state, startedAtMs } of items) {
        if (state !== 'waiting' && state !== 'running') continue;
        pending.set(nodeKey(target.machine, target.node), { action, sinceMs: startedAtMs ?? createdAtMs });
      }
    }
    return pending;
  }

  order(action: BatchAction, mode: BatchMode, targets: readonly ActionTarget[]): void {
    const { who, now } = this.#options;
    const pending = this.pending();
    // The question may have stood for a while: what was ordered meanwhile is not ordered twice.
    const free = targets.filter(({ machine, node }) => !pending.has(nodeKey(machine, node)));
    if (free.length === 0) return;
    this.#lastId += 1;
    const batch = orderBatch({ id: this.#lastId, action, mode, who, targets: free }, now());
    this.#batches = keepBatches([batch, ...this.#batches]);
    this.#begin(batch.id);
    this.#options.onChange();
  }

  /** Gives up what has not begun. */
  cancel(): void {
    const nowMs = this.#options.now();
    this.#batches = this.#batches.map((batch) => skipRest(batch, 'not tried: given up before its turn', nowMs));
    this.#options.onChange();
  }

  #begin(id: number): void {
    const batch = this.#batches.find((one) => one.id === id);
    if (batch === undefined) return;
    const next = beginItems(batch, this.#options.now());
    this.#replace(next.batch);
    for (const target of next.begun) void this.#tell(id, batch.action, target);
  }

  async #tell(id: number, action: BatchAction, target: ActionTarget): Promise<void> {
    const outcome = await this.#options.send(target, action);
    const batch = this.#batches.find((one) => one.id === id);
    if (batch === undefined) return;
    const ended = endItem(batch, target, outcome, this.#options.now());
    this.#replace(ended);
    this.#begin(id);
    this.#options.onChange(isBatchOver(ended) ? this.#notice(ended) : undefined);
  }

  #replace(batch: ActionBatch): void {
    this.#batches = this.#batches.map((one) => (one.id === batch.id ? batch : one));
  }

  #notice(batch: ActionBatch): Notice {
    const atMs = this.#options.now();
    const [only] = batch.items;
    const word = actionWord(batch.action);
    if (batch.items.length === 1 && only !== undefined) {
      const { target, state, message } = only;
      const text = `${word} ${target.node} on ${target.machine}: ${message}`;
      return { kind: state === 'done' ? 'good' : 'bad', text, atMs };
    }
    const isGood = batch.items.every(({ state }) => state === 'done');
    return { kind: isGood ? 'good' : 'bad', text: `${word}: ${batchWords(batch)}. A shows each.`, atMs };
  }
}
