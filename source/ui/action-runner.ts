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
import type { Outcome } from '../fleet/control.ts';
import { nodeKey } from '../fleet/state.ts';
import { batchWords } from '../view/actions-list.ts';
import type { Notice, UiState } from '../view/ui-state.ts';

export interface ActionRunnerOptions {
  readonly send: GatedSend;
  /** Who orders, for the list. */
  readonly who: string;
  now(): number;
  /** How often its daemon has started the node again. */
  restartsOf(target: ActionTarget): number | undefined;
  /** Why the node does not run or did not stay up, as heard after `sinceMs`; undefined where it does, or nothing was heard. */
  ailmentOf(target: ActionTarget, sinceMs: number, restartsBefore: number | undefined): string | undefined;
  /** Something changed; with a notice where a batch is over. */
  onChange(notice?: Notice): void;
}

/** Up is not ready: what was started in a rolling batch must stay up for so long before the next has its turn. */
const SETTLE_MS = 3_000;
const LOOK_MS = 250;
/** News that comes sooner after an answer may be older than it. */
const STALE_MS = 300;

export class ActionRunner {
  readonly #options: ActionRunnerOptions;
  #batches: readonly ActionBatch[] = [];
  #lastId = 0;
  #isClosed = false;

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
    const restarts = this.#options.restartsOf(target);
    const answer = await this.#options.send(target, action);
    const outcome = answer.ok && this.#mustSettle(id, action) ? await this.#settle(answer, target, restarts) : answer;
    const batch = this.#batches.find((one) => one.id === id);
    if (batch === undefined || this.#isClosed) return;
    const ended = endItem(batch, target, outcome, this.#options.now());
    this.#replace(ended);
    this.#begin(id);
    this.#options.onChange(isBatchOver(ended) ? this.#notice(ended) : undefined);
  }

  #mustSettle(id: number, action: BatchAction): boolean {
    const batch = this.#batches.find((one) => one.id === id);
    const starts = action === 'start' || action === 'restart';
    return starts && batch?.mode === 'rolling' && batch.items.length > 1;
  }

  async #settle(answer: Outcome, target: ActionTarget, restartsBefore: number | undefined): Promise<Outcome> {
    const { now, ailmentOf } = this.#options;
    const sinceMs = now();
    while (now() - sinceMs < SETTLE_MS && !this.#isClosed) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      const ailment = ailmentOf(target, sinceMs + STALE_MS, restartsBefore);
      if (ailment !== undefined)
        return { ...answer, ok: false, message: `${answer.message.replace(/\.$/, '')}, but ${ailment}` };
    }
    return answer;
  }

  /** Nothing more is told to anybody. */
  close(): void {
    this.#isClosed = true;
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
