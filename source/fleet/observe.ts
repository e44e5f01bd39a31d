/**
 * Watches the fleet through a session and tells what happens as events. Asks in rounds, listens in between: liveliness
 * tokens and heartbeats come by themselves, what daemons and routers know has to be asked for.
 */
import { daemonKey, EVERY_TOKEN, healthKey, parseKey, telemetryKey } from '../wire/keys.ts';
import type { Reply, Sample, Session } from '../zenoh/session.ts';
import { type Batch, createBatch } from './batch.ts';
import { readDaemonReply } from './decode.ts';
import type { FleetEvent, TokenChange } from './events.ts';
import { readLoad } from './machine-load.ts';
import { askNames, askRouters, createRateMeter } from './observe-routers.ts';
import { nodeKey } from './state.ts';

export interface ObserveOptions {
  /** Time from the beginning of one round of questions to the next, milliseconds. */
  readonly intervalMs: number;
  onEvent(event: FleetEvent): void;
}

export interface Observation {
  /** Asks the daemons for their nodes now: something was changed. */
  refresh(): void;
  /** Resolves when a first round has been answered, or its time has run out. */
  readonly looked: Promise<void>;
  stop(): Promise<void>;
}

/** Time limit of one question. A machine that takes longer is shown as it was. */
const QUESTION_LIMIT_MS = 2_500;
/** Questions of one kind that may wait at once: a machine that hangs must not keep the others' news back. */
const MAX_WAITING = 3;
/** After the link came up daemons come back one by one; for so long rounds follow quickly. */
const EAGER_FOR_MS = 6_000;
const EAGER_INTERVAL_MS = 400;
/** Ledgers make a daemon look through /proc, manifests hardly change: both are asked less often than nodes. */
const LEDGER_INTERVAL_MS = 2_000;
const MANIFEST_INTERVAL_MS = 10_000;
const NAMES_INTERVAL_MS = 15_000;
const NEVER = Number.NEGATIVE_INFINITY;
const LATENCY_SAMPLES = 5;
const BATCH_MS = 40;
const HEARTBEAT_BATCH_MS = 500;
/** Telemetry comes every 2 s from each machine; of these only the newest is kept, and read. */
const LOAD_BATCH_MS = 5_000;
/** Many times what a machine has to tell. */
const MAX_LOAD_BYTES = 64 * 1024;
const FORGET_AFTER_MS = 15 * 60_000;

export function observeFleet(session: Session, options: ObserveOptions): Observation {
  return new FleetObserver(session, options);
}

class FleetObserver implements Observation {
  readonly looked: Promise<void>;
  readonly #session: Session;
  readonly #options: ObserveOptions;
  readonly #abort = new AbortController();
  readonly #waiting = new Map<string, number>();
  readonly #meter = createRateMeter();
  readonly #tokens: Batch<TokenChange>;
  readonly #heartbeats: Batch<string>;
  readonly #loads: Batch<string>;
  /** Newest telemetry that is not told yet, by key. */
  readonly #newestLoads = new Map<string, Uint8Array>();
  /** Keys of telemetry that came since the link did. */
  #loadsSeen = new Set<string>();
  readonly #stopLink: () => void;
  #resolveLooked: () => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;
  #refreshTimer: NodeJS.Timeout | undefined;
  #connectedAtMs: number | undefined;
  #answeredMachines = new Set<string>();
  /** Of the last question of each kind. */
  #ledgersAtMs = NEVER;
  #manifestsAtMs = NEVER;
  #namesAtMs = NEVER;
  #sessionsSeen = '';
  #latencies: readonly number[] = [];

  constructor(session: Session, options: ObserveOptions) {
    this.#session = session;
    this.#options = options;
    this.looked = new Promise((resolve) => {
      this.#resolveLooked = resolve;
    });
    this.#tokens = createBatch<TokenChange>(BATCH_MS, (changes) => {
      this.#emit({ type: 'tokens', atMs: Date.now(), changes });
      this.refresh();
    });
    this.#heartbeats = createBatch<string>(HEARTBEAT_BATCH_MS, (keys) =>
      this.#emit({ type: 'heartbeats', atMs: Date.now(), keys: new Set(keys) }),
    );
    this.#loads = createBatch<string>(LOAD_BATCH_MS, () => this.#tellLoads());
    this.#stopLink = session.onLink(() => this.#linkChanged());
    this.#linkChanged();
    void this.#listen();
  }

  refresh(): void {
    if (this.#refreshTimer !== undefined || this.#isStopped) return;
    this.#refreshTimer = setTimeout(() => {
      this.#refreshTimer = undefined;
      void this.#askDaemons('nodes');
    }, BATCH_MS);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    this.#stopLink();
    clearTimeout(this.#timer);
    clearTimeout(this.#refreshTimer);
    this.#resolveLooked();
  }

  get #isStopped(): boolean {
    return this.#abort.signal.aborted;
  }

  #emit(event: FleetEvent): void {
    if (!this.#isStopped) this.#options.onEvent(event);
  }

  #linkChanged(): void {
    const { link, zid } = this.#session;
    this.#emit({ type: 'link', link, zid });
    clearTimeout(this.#timer);
    if (link.state !== 'connected') {
      this.#connectedAtMs = undefined;
      return;
    }
    this.#connectedAtMs = performance.now();
    this.#answeredMachines = new Set();
    this.#loadsSeen = new Set();
    this.#ledgersAtMs = NEVER;
    this.#manifestsAtMs = NEVER;
    this.#namesAtMs = NEVER;
    this.#round();
  }

  /** Tokens and heartbeats. The session makes the declarations again by itself after a loss. */
  async #listen(): Promise<void> {
    try {
      await this.#session.liveliness.declareSubscriber(
        EVERY_TOKEN,
        ({ keyExpr, alive }) => {
          const key = parseKey(keyExpr);
          if (key.kind === 'daemon-token') this.#tokens({ machine: key.machine, isAlive: alive });
          if (key.kind === 'node-token') this.#tokens({ machine: key.machine, node: key.node, isAlive: alive });
        },
        { history: true },
      );
      await this.#session.declareSubscriber(healthKey('*', '*'), (sample) => {
        const key = parseKey(sample.keyExpr);
        if (key.kind === 'health' && key.machine !== undefined) this.#heartbeats(nodeKey(key.machine, key.node));
      });
      await this.#session.declareSubscriber(telemetryKey('*'), (sample) => this.#takeLoad(sample));
    } catch {
      // Only a closed session refuses a declaration, and then nobody listens any more.
    }
  }

  #round(): void {
    if (this.#isStopped || this.#connectedAtMs === undefined) return;
    // Monotonic: a clock that is set back must not keep a question from being asked.
    const startedAtMs = performance.now();
    const questions = [this.#askRouters(), this.#askDaemons('nodes')];
    if (startedAtMs - this.#ledgersAtMs >= LEDGER_INTERVAL_MS) {
      this.#ledgersAtMs = startedAtMs;
      questions.push(this.#askDaemons('shm'));
    }
    if (startedAtMs - this.#manifestsAtMs >= MANIFEST_INTERVAL_MS) {
      this.#manifestsAtMs = startedAtMs;
      questions.push(this.#askDaemons('manifest'));
    }
    const connectedAtMs = this.#connectedAtMs;
    void Promise.all(questions).then(() => {
      if (connectedAtMs !== this.#connectedAtMs) return;
      this.#emit({ type: 'round', atMs: Date.now() });
      this.#resolveLooked();
    });
    this.#emit({
      type: 'tick',
      atMs: Date.now(),
      lostAfterMs: Math.max(5_000, this.#options.intervalMs * 4),
      forgetAfterMs: FORGET_AFTER_MS,
    });
    const isEager = startedAtMs - connectedAtMs < EAGER_FOR_MS;
    const pauseMs = isEager ? Math.min(EAGER_INTERVAL_MS, this.#options.intervalMs) : this.#options.intervalMs;
    this.#timer = setTimeout(() => this.#round(), pauseMs);
  }

  /** Asks every daemon for one of its parts. Answers are told in small batches as they come, not when all are there. */
  async #askDaemons(part: 'nodes' | 'shm' | 'manifest'): Promise<void> {
    const told = createBatch<Reply>(BATCH_MS, (replies) => this.#tellAnswers(replies));
    await this.#ask(part, async (signal) => {
      const replies = this.#session.get(daemonKey('*', part), {
        target: 'all',
        consolidation: 'none',
        timeoutMs: QUESTION_LIMIT_MS,
        signal,
      });
      for await (const reply of replies) told(reply);
    });
    told.flush();
  }

  #tellAnswers(replies: readonly Reply[]): void {
    const atMs = Date.now();
    const answers = replies.map((reply) => readDaemonReply(reply, atMs));
    let isNew = false;
    for (const answer of answers) {
      if (answer.kind !== 'nodes' || this.#answeredMachines.has(answer.answer.machine)) continue;
      this.#answeredMachines.add(answer.answer.machine);
      isNew = true;
    }
    // What a machine that has just appeared has more to tell is wanted at once.
    if (isNew) {
      this.#ledgersAtMs = NEVER;
      this.#manifestsAtMs = NEVER;
    }
    this.#emit({
      type: 'answers',
      atMs,
      nodes: answers.flatMap((answer) => (answer.kind === 'nodes' ? [answer.answer] : [])),
      manifests: answers.flatMap((answer) => (answer.kind === 'manifest' ? [answer.answer] : [])),
      ledgers: answers.flatMap((answer) => (answer.kind === 'ledger' ? [answer.answer] : [])),
      bad: answers.flatMap((answer) =>
        answer.kind === 'bad' ? [answer.bad] : answer.kind === 'nodes' ? answer.bad : [],
      ),
    });
  }

  #takeLoad({ keyExpr, payload }: Sample): void {
    const key = parseKey(keyExpr);
    // Of machines that are known alone: whoever invents others must not fill the memory.
    if (key.kind !== 'data' || !this.#answeredMachines.has(key.machine) || payload.length > MAX_LOAD_BYTES) return;
    this.#newestLoads.set(keyExpr, payload);
    this.#loads(keyExpr);
    // The first of a machine is not kept waiting.
    if (this.#loadsSeen.has(keyExpr)) return;
    this.#loadsSeen.add(keyExpr);
    this.#loads.flush();
  }

  #tellLoads(): void {
    const loads = [...this.#newestLoads].flatMap(([keyExpr, payload]) => readLoad(keyExpr, payload) ?? []);
    this.#newestLoads.clear();
    if (loads.length > 0) this.#emit({ type: 'loads', atMs: Date.now(), loads });
  }

  async #askRouters(): Promise<void> {
    await this.#ask('routers', async (signal) => {
      const answer = await askRouters(this.#session, this.#meter, { timeoutMs: QUESTION_LIMIT_MS, signal });
      if (answer.latencyMs !== undefined)
        this.#latencies = [...this.#latencies.slice(1 - LATENCY_SAMPLES), answer.latencyMs];
      // The least of the last few: what is over it was spent in this process or in a queue, not on the way.
      const latencyMs = this.#latencies.length === 0 ? undefined : Math.min(...this.#latencies);
      this.#emit({ type: 'routers', atMs: Date.now(), ...answer, latencyMs });
      const sessionsSeen = answer.routers
        .flatMap((router) => router.sessions.map((one) => one.zid))
        .sort()
        .join();
      const isDue = performance.now() - this.#namesAtMs >= NAMES_INTERVAL_MS;
      if (sessionsSeen === this.#sessionsSeen && !isDue) return;
      this.#sessionsSeen = sessionsSeen;
      this.#namesAtMs = performance.now();
      const names = await askNames(this.#session, { timeoutMs: QUESTION_LIMIT_MS, signal });
      this.#emit({ type: 'names', names });
    });
  }

  /** Puts a question unless too many of its kind still wait. A link that goes in between is told by the link itself. */
  async #ask(kind: string, question: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const waiting = this.#waiting.get(kind) ?? 0;
    if (waiting >= MAX_WAITING || this.#isStopped) return;
    this.#waiting.set(kind, waiting + 1);
    try {
      await question(this.#abort.signal);
    } catch {
      // Lost link, time limit, end of the program: the state shows what was heard last, with its age.
    } finally {
      this.#waiting.set(kind, (this.#waiting.get(kind) ?? 1) - 1);
    }
  }
}
