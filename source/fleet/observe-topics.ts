/**
 * Watches the keys of the fleet while somebody looks: asks the routers who declares which, page by page, and measures what
 * flows on those on the screen. While nobody looks it asks nothing and is subscribed to nothing.
 */
import { type Session, SessionError } from '../zenoh/session.ts';
import { compareNames } from './compare-names.ts';
import { keepEqual } from './sharing.ts';
import { askTopicPage, EVERY_KEY, machinePage, type TopicPage } from './topic-keys.ts';
import { TopicMeter } from './topic-meter.ts';
import { machineOfKey, NO_TOPICS, type Topic, type TopicsView, unmeasuredReason } from './topics.ts';

export interface TopicWish {
  /** Every machine of the fleet. */
  readonly machines: readonly string[];
  /** The machine looked at, whose keys are asked first. */
  readonly first?: string;
  /** Keys on the screen. */
  readonly visible: readonly string[];
}

export interface TopicWatchOptions {
  readonly budgetBytesPerSecond?: number;
  /** Keys kept in all. */
  readonly maxKeys?: number;
  /** Time from one look at all pages to the next, milliseconds. */
  readonly intervalMs?: number;
}

const BUDGET_BYTES_PER_SECOND = 500_000;
const MAX_KEYS = 5_000;
const INTERVAL_MS = 10_000;
const MAX_SUBSCRIPTIONS = 64;
const PAGE_LIMIT_MS = 2_500;
/** Between pages others may ask, too. */
const PAGE_PAUSE_MS = 100;
/** Up to so many machines all keys are asked at once, those that belong to no machine with them. */
const SMALL_FLEET = 8;

export class TopicWatch {
  readonly #session: Session;
  readonly #options: Required<TopicWatchOptions>;
  readonly #meter: TopicMeter;
  readonly #pages = new Map<string, TopicPage>();
  readonly #listeners = new Set<() => void>();
  #view: TopicsView = NO_TOPICS;
  #topics = new Map<string, Topic>();
  #wish: TopicWish | undefined;
  #abort: AbortController | undefined;
  #leftOutMachines = 0;

  constructor(session: Session, options: TopicWatchOptions = {}) {
    this.#session = session;
    this.#options = {
      budgetBytesPerSecond: options.budgetBytesPerSecond ?? BUDGET_BYTES_PER_SECOND,
      maxKeys: options.maxKeys ?? MAX_KEYS,
      intervalMs: options.intervalMs ?? INTERVAL_MS,
    };
    this.#meter = new TopicMeter(session, { ...this.#options, maxKeys: MAX_SUBSCRIPTIONS }, () => this.#tell());
  }

  readonly view = (): TopicsView => this.#view;

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What is looked at now; undefined: nothing. */
  show(wish: TopicWish | undefined): void {
    const before = this.#wish;
    this.#wish = wish;
    this.#meter.want((wish?.visible ?? []).filter((key) => unmeasuredReason(key) === undefined));
    if (wish === undefined) {
      this.#abort?.abort();
      this.#abort = undefined;
      if (before !== undefined) this.#tell();
      return;
    }
    // Another machine is looked at: its page does not wait for the next round.
    if (this.#abort !== undefined && before?.first === wish.first) return;
    this.#abort?.abort();
    this.#abort = new AbortController();
    void this.#askOnAndOn(this.#abort.signal);
  }

  close(): void {
    this.show(undefined);
    this.#listeners.clear();
  }

  async #askOnAndOn(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#askAll(signal);
      await pause(this.#options.intervalMs, signal);
    }
  }

  async #askAll(signal: AbortSignal): Promise<void> {
    const pages = this.#pagesOf(this.#wish);
    for (const old of this.#pages.keys()) if (!pages.includes(old)) this.#pages.delete(old);
    if (this.#view.phase === 'idle') this.#tell();
    this.#leftOutMachines = 0;
    let count = 0;
    for (const [index, page] of pages.entries()) {
      const room = this.#options.maxKeys - count;
      if (room <= 0) {
        this.#leftOutMachines = pages.length - index;
        for (const left of pages.slice(index)) this.#pages.delete(left);
        break;
      }
      const limits = { maxKeys: room, timeoutMs: PAGE_LIMIT_MS, signal };
      try {
        this.#pages.set(page, await askTopicPage(this.#session, page, limits));
      } catch (error) {
        // No link, no answer in time: what was known of this page stays. An abort ends the loop below.
        if (!(error instanceof SessionError)) throw error;
      }
      if (signal.aborted) return;
      count += this.#pages.get(page)?.keys.size ?? 0;
      if (index === 0) this.#tell();
      if (index < pages.length - 1) await pause(PAGE_PAUSE_MS, signal);
    }
    this.#tell();
  }

  #pagesOf(wish: TopicWish | undefined): readonly string[] {
    const { machines = [], first } = wish ?? {};
    if (machines.length <= SMALL_FLEET) return [EVERY_KEY];
    const ordered = first === undefined ? machines : [first, ...machines.filter((machine) => machine !== first)];
    return ordered.flatMap((machine) => machinePage(machine) ?? []);
  }

  #tell(): void {
    const topics = new Map<string, Topic>();
    for (const { keys } of this.#pages.values()) {
      for (const { keyExpr, publishers, subscribers } of keys.values()) {
        const before = this.#topics.get(keyExpr);
        const unmeasured = unmeasuredReason(keyExpr);
        const figures = keepFigures(before, unmeasured === undefined ? this.#meter.figures(keyExpr) : undefined);
        const topic = { keyExpr, machine: machineOfKey(keyExpr), publishers, subscribers, figures, unmeasured };
        topics.set(keyExpr, keepEqual(before, topic));
      }
    }
    this.#topics = topics;
    const list = [...topics.values()].sort(
      (a, b) => compareNames(a.machine, b.machine) || compareNames(a.keyExpr, b.keyExpr),
    );
    const next: TopicsView = {
      phase: this.#pages.size > 0 ? 'ready' : 'asking',
      topics: sameList(this.#view.topics, list) ? this.#view.topics : list,
      leftOutMachines: this.#leftOutMachines,
      isCut: [...this.#pages.values()].some((page) => page.isCut),
      spentBytesPerSecond: this.#meter.spentBytesPerSecond,
      budgetBytesPerSecond: this.#options.budgetBytesPerSecond,
      heldBackCount: this.#meter.heldBackCount,
    };
    this.#view = next;
    for (const listener of this.#listeners) listener();
  }
}

function keepFigures(before: Topic | undefined, after: Topic['figures']): Topic['figures'] {
  return before?.figures === undefined || after === undefined ? after : keepEqual(before.figures, after);
}

function sameList(before: readonly Topic[], after: readonly Topic[]): boolean {
  return before.length === after.length && before.every((topic, index) => topic === after[index]);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}
