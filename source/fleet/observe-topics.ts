/**
 * Watches the keys of the fleet while somebody looks: asks the routers who declares which, page by page, and measures what
 * flows on those on the screen. While nobody looks it asks nothing and is subscribed to nothing.
 */
import { type Session, SessionError } from '../zenoh/session.ts';
import { compareNames } from './compare-names.ts';
import { keepEqual, keepEqualList } from './sharing.ts';
import {
  askTopicPage,
  type FleetPlaces,
  type PageAddress,
  pagesOf,
  type TopicKey,
  type TopicPage,
} from './topic-keys.ts';
import { TopicMeter } from './topic-meter.ts';
import { machineOfKey, NO_TOPICS, type Topic, type TopicsView, unmeasuredReason } from './topics.ts';

/** All machines and routers of the fleet, the machine that is looked at, and: */
export interface TopicWish extends FleetPlaces {
  /** Keys on the screen. */
  readonly visible: readonly string[];
}

export interface TopicWatchOptions {
  readonly budgetBytesPerSecond?: number;
  /** Keys kept in all. */
  readonly maxKeys?: number;
  /** Time from one look at which pages are due to the next, milliseconds. */
  readonly intervalMs?: number;
  /** A page that is known is not asked again sooner, milliseconds. */
  readonly refreshMs?: number;
}

const BUDGET_BYTES_PER_SECOND = 500_000;
const MAX_KEYS = 5_000;
const INTERVAL_MS = 10_000;
const REFRESH_MS = 60_000;
const MAX_SUBSCRIPTIONS = 64;
const PAGE_LIMIT_MS = 2_500;
/** Between pages others may ask, too. */
const PAGE_PAUSE_MS = 100;

export class TopicWatch {
  readonly #session: Session;
  readonly #options: Required<TopicWatchOptions>;
  readonly #meter: TopicMeter;
  readonly #pages = new Map<string, TopicPage>();
  readonly #asked = new Map<string, { readonly atMs: number; readonly routers: readonly string[] }>();
  readonly #listeners = new Set<() => void>();
  #view: TopicsView = NO_TOPICS;
  #topics = new Map<string, Topic>();
  #wish: TopicWish | undefined;
  #abort: AbortController | undefined;
  #leftOutPages = 0;

  constructor(session: Session, options: TopicWatchOptions = {}) {
    this.#session = session;
    this.#options = {
      budgetBytesPerSecond: options.budgetBytesPerSecond ?? BUDGET_BYTES_PER_SECOND,
      maxKeys: options.maxKeys ?? MAX_KEYS,
      intervalMs: options.intervalMs ?? INTERVAL_MS,
      refreshMs: options.refreshMs ?? REFRESH_MS,
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
    // Another machine is looked at, or a router came: its page does not wait for the next round.
    const isSame = before?.first === wish.first && routersOf(before).join() === routersOf(wish).join();
    if (this.#abort !== undefined && isSame) return;
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
    const pages = this.#wish === undefined ? [] : pagesOf(this.#wish);
    const names = pages.map(({ name }) => name);
    for (const old of this.#pages.keys()) if (!names.includes(old)) this.#pages.delete(old);
    for (const old of this.#asked.keys()) if (!names.includes(old)) this.#asked.delete(old);
    if (this.#view.phase === 'idle') this.#tell();
    let leftOut = 0;
    let count = 0;
    for (const [index, page] of pages.entries()) {
      const { name } = page;
      const room = this.#options.maxKeys - count;
      if (room <= 0) {
        leftOut = pages.length - index;
        for (const left of names.slice(index)) this.#pages.delete(left);
        break;
      }
      if (!this.#isDue(page, index)) {
        count += this.#pages.get(name)?.keys.size ?? 0;
        continue;
      }
      const limits = { maxKeys: room, timeoutMs: PAGE_LIMIT_MS, signal };
      try {
        const answer = await askTopicPage(this.#session, page, limits);
        this.#asked.set(name, { atMs: Date.now(), routers: page.routers });
        // Silence is no news: a router that hangs has not lost its keys.
        if (answer.keys.size > 0 || !answer.isLate || !this.#pages.has(name)) this.#pages.set(name, answer);
      } catch (error) {
        // No link, no answer in time: what was known of this page stays. An abort ends the loop below.
        if (!(error instanceof SessionError)) throw error;
      }
      if (signal.aborted) return;
      count += this.#pages.get(name)?.keys.size ?? 0;
      if (index === 0) this.#tell();
      if (index < pages.length - 1) await pause(PAGE_PAUSE_MS, signal);
    }
    this.#leftOutPages = leftOut;
    this.#tell();
  }

  /**
   * A router looks through all that it knows for every question: once a page is known it is asked again only where it stays on
   * the screen, and was asked long ago or not of all of its routers.
   */
  #isDue({ name, routers }: PageAddress, index: number): boolean {
    const known = this.#pages.get(name);
    if (known === undefined) return true;
    const asked = this.#asked.get(name);
    const isOfAll = routers.every((zid) => asked?.routers.includes(zid));
    if (isOfAll && Date.now() - (asked?.atMs ?? 0) < this.#options.refreshMs) return false;
    return index === 0 || this.#wish?.visible.some((key) => known.keys.has(key)) === true;
  }

  #knownKeys(): Iterable<TopicKey> {
    const known = new Map<string, TopicKey>();
    for (const { keys } of this.#pages.values()) {
      for (const [keyExpr, key] of keys) {
        const other = known.get(keyExpr);
        known.set(keyExpr, other === undefined ? key : union(other, key));
      }
    }
    return known.values();
  }

  #tell(): void {
    const topics = new Map<string, Topic>();
    for (const { keyExpr, publishers, subscribers } of this.#knownKeys()) {
      const before = this.#topics.get(keyExpr);
      const unmeasured = unmeasuredReason(keyExpr);
      const figures = keepFigures(before, unmeasured === undefined ? this.#meter.figures(keyExpr) : undefined);
      const topic = { keyExpr, machine: machineOfKey(keyExpr), publishers, subscribers, figures, unmeasured };
      topics.set(keyExpr, keepEqual(before, topic));
    }
    this.#topics = topics;
    const list = [...topics.values()].sort(
      (a, b) => compareNames(a.machine, b.machine) || compareNames(a.keyExpr, b.keyExpr),
    );
    const routers = this.#wish?.routers ?? [];
    const unasked = routers.filter(({ isSafeToAsk }) => isSafeToAsk !== true).map(({ name, zid }) => name || zid);
    const isNobodyAsked = routers.length > 0 && unasked.length === routers.length;
    const next: TopicsView = {
      phase: this.#pages.size > 0 || isNobodyAsked ? 'ready' : this.#wish === undefined ? this.#view.phase : 'asking',
      topics: sameList(this.#view.topics, list) ? this.#view.topics : list,
      // While nobody looks no routers are wished for: what was said stays.
      unaskedRouters:
        this.#wish === undefined ? this.#view.unaskedRouters : keepEqualList(this.#view.unaskedRouters, unasked),
      leftOutPages: this.#leftOutPages,
      isCut: [...this.#pages.values()].some((page) => page.isCut),
      spentBytesPerSecond: this.#meter.spentBytesPerSecond,
      budgetBytesPerSecond: this.#options.budgetBytesPerSecond,
      heldBackCount: this.#meter.heldBackCount,
    };
    this.#view = next;
    for (const listener of this.#listeners) listener();
  }
}

/** Zenoh ids of those that can be asked. */
function routersOf(wish: TopicWish | undefined): readonly string[] {
  return (wish?.routers ?? []).flatMap(({ zid, isSafeToAsk }) => (isSafeToAsk === true ? [zid] : [])).sort();
}

/** Both know of the key, each of some who send and listen. */
function union(a: TopicKey, b: TopicKey): TopicKey {
  const both = (left: readonly string[], right: readonly string[]): readonly string[] =>
    [...new Set([...left, ...right])].sort();
  return {
    keyExpr: a.keyExpr,
    publishers: both(a.publishers, b.publishers),
    subscribers: both(a.subscribers, b.subscribers),
  };
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
