/**
 * Watches the fleet through a session and tells what happens as events. Asks in rounds, listens in between: liveliness
 * tokens and heartbeats come by themselves, what daemons and routers know has to be asked for. In a large fleet everybody
 * is asked in turn, and those that are on the screen, or of whom something was heard, in each round.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from '../zenoh/session.ts';
import { type Agenda, agendaFor, NOTHING_VISIBLE, type Visible } from './agenda.ts';
import { DaemonQuestions, QUESTION_LIMIT_MS } from './ask-daemons.ts';
import type { FleetEvent } from './events.ts';
import { LoadListener, NodeListener } from './listen.ts';
import { askRouters, createRateMeter } from './observe-routers.ts';
import { SessionNames } from './session-names.ts';
import { TurnQueue } from './turn-queue.ts';

export interface ObserveOptions {
  /** Time from the beginning of one round of questions to the next, milliseconds. */
  readonly intervalMs: number;
  onEvent(event: FleetEvent): void;
  /** Asked at the beginning of each round. */
  visible?(): Visible;
  /** Whether nothing has happened for a while and nobody looks for anything: then rounds come half as often. */
  isCalm?(): boolean;
}

export interface Observation {
  /** Asks the daemon of a machine, or all, for its nodes now: something was changed. */
  refresh(machine?: string): void;
  /** The calm is over: the next round comes as soon as the interval allows. */
  stir(): void;
  /** Resolves when a first round has been answered, or its time has run out. */
  readonly looked: Promise<void>;
  stop(): Promise<void>;
}

/** After the link came up daemons come back one by one; for so long rounds follow quickly. */
const EAGER_FOR_MS = 6_000;
const EAGER_INTERVAL_MS = 400;
const NEVER = Number.NEGATIVE_INFINITY;
/** When each kind of question was put to all. */
const NOT_ASKED = { nodes: NEVER, shm: NEVER, manifest: NEVER, routers: NEVER, names: NEVER };
const CALM_INTERVALS = 2;
const LATENCY_SAMPLES = 5;
const REFRESH_MS = 40;
const FORGET_AFTER_MS = 15 * 60_000;
/** What is visible is asked for in each round, up to so many machines; a screen shows few more. */
const MAX_VISIBLE_ASKED = 24;
/** New machines up to this number are asked one by one for what else they have to tell, more all at once. */
const MAX_NEW_ASKED = 16;
const MAX_HEARD_MACHINES = 16;
/** Of a machine that has not answered yet. */
const USUAL_NODES = 20;
const MAX_ROUTERS_WAITING = 3;
const NAMES_WAIT_MS = 500;

export function observeFleet(session: Session, options: ObserveOptions): Observation {
  return new FleetObserver(session, options);
}

class FleetObserver implements Observation {
  readonly looked: Promise<void>;
  readonly #session: Session;
  readonly #options: ObserveOptions;
  readonly #abort = new AbortController();
  readonly #daemons: DaemonQuestions;
  readonly #meter = createRateMeter();
  readonly #names = new SessionNames();
  readonly #loads: LoadListener;
  readonly #nodes: NodeListener;
  readonly #turns = new TurnQueue((machine) => void this.#daemons.askOne(machine, 'nodes'));
  readonly #stopLink: () => void;
  #resolveLooked: () => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;
  #refreshTimer: NodeJS.Timeout | undefined;
  /** When the last round began. */
  #roundAtMs = NEVER;
  #connectedAtMs: number | undefined;
  /** Nodes of each machine that has answered since the link came. */
  readonly #nodeCounts = new Map<string, number>();
  /** Machines that have just answered for the first time. */
  readonly #newcomers = new Set<string>();
  readonly #haveLedger = new Set<string>();
  #nodeCount = 0;
  #routerCount = 0;
  #routersWaiting = 0;
  readonly #askedAtMs = { ...NOT_ASKED };
  #sessionsSeen = '';
  #haveSessionsChanged = false;
  /** Whether a round has ended since the link came. */
  #hasLooked = false;
  #latencies: readonly number[] = [];

  constructor(session: Session, options: ObserveOptions) {
    this.#session = session;
    this.#options = options;
    this.looked = new Promise((resolve) => {
      this.#resolveLooked = resolve;
    });
    this.#daemons = new DaemonQuestions({
      session,
      signal: this.#abort.signal,
      onAnswers: (event) => this.#answered(event),
      onDaemonSession: (zid, machine) => this.#names.learn(zid, `${machine} daemon`),
    });
    this.#nodes = new NodeListener({
      session,
      onEvent: (event) => this.#emit(event),
      onHint: (machine) => this.#hinted(machine),
    });
    this.#loads = new LoadListener((event) => this.#emit(event));
    this.#stopLink = session.onLink(() => this.#linkChanged());
    this.#linkChanged();
    // Only a closed session refuses a declaration, and then nobody listens any more.
    this.#loads.listen(session, (machine) => this.#nodeCounts.has(machine)).catch(() => undefined);
  }

  refresh(machine?: string): void {
    if (this.#isStopped) return;
    if (machine !== undefined) {
      this.#turns.addFirst(machine);
      return;
    }
    this.#refreshTimer ??= setTimeout(() => {
      this.#refreshTimer = undefined;
      void this.#daemons.askAll('nodes');
    }, REFRESH_MS);
  }

  stir(): void {
    if (this.#isStopped || this.#connectedAtMs === undefined) return;
    this.#planRound(this.#roundAtMs + this.#options.intervalMs - performance.now());
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    this.#stopLink();
    this.#turns.clear();
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
    this.#turns.clear();
    if (link.state !== 'connected') {
      this.#connectedAtMs = undefined;
      return;
    }
    this.#connectedAtMs = performance.now();
    this.#nodeCounts.clear();
    this.#nodeCount = 0;
    this.#newcomers.clear();
    this.#haveLedger.clear();
    this.#loads.linkCame();
    this.#hasLooked = false;
    Object.assign(this.#askedAtMs, NOT_ASKED);
    this.#round();
  }

  #hinted(machine: string): void {
    // The tokens that stand already when we come are no news of theirs.
    if (this.#hasLooked) this.#turns.add(machine);
  }

  /** Machines that have not answered yet count as well: what is subscribed for all must not be many times what was thought. */
  #agenda(): Agenda {
    const answered = this.#nodeCounts.size;
    const missing = Math.max(0, this.#nodes.daemonCount - answered);
    const usual = answered === 0 ? USUAL_NODES : this.#nodeCount / answered;
    return agendaFor(
      { machines: answered + missing, routers: this.#routerCount, nodes: this.#nodeCount + missing * usual },
      this.#options.intervalMs,
    );
  }

  #round(): void {
    const connectedAtMs = this.#connectedAtMs;
    if (this.#isStopped || connectedAtMs === undefined) return;
    this.#roundAtMs = performance.now();
    const agenda = this.#agenda();
    const visible = this.#options.visible?.() ?? NOTHING_VISIBLE;
    const questions: Promise<void>[] = [];
    if (this.#isDue('routers', agenda.routersMs)) questions.push(this.#askRouters());
    if (this.#isDue('nodes', agenda.nodesMs)) {
      questions.push(this.#daemons.askAll('nodes'));
      this.#turns.allAsked();
    } else {
      this.#turns.repeat();
      for (const machine of visible.nodes.slice(0, MAX_VISIBLE_ASKED)) void this.#daemons.askOne(machine, 'nodes');
    }
    const newcomers = [...this.#newcomers].filter((machine) => !this.#haveLedger.has(machine));
    this.#newcomers.clear();
    const areMany = newcomers.length > MAX_NEW_ASKED;
    if (this.#isDue('shm', areMany ? 0 : agenda.ledgersMs)) questions.push(this.#daemons.askAll('shm'));
    else {
      const asked = new Set([...newcomers, ...visible.shm.slice(0, MAX_VISIBLE_ASKED)]);
      for (const machine of asked) void this.#daemons.askOne(machine, 'shm');
    }
    if (this.#isDue('manifest', areMany ? 0 : agenda.manifestsMs)) questions.push(this.#daemons.askAll('manifest'));
    else for (const machine of newcomers) void this.#daemons.askOne(machine, 'manifest');
    if (this.#hasLooked)
      this.#nodes.listenTo(agenda.hearsAll ? 'all' : new Set(visible.nodes.slice(0, MAX_HEARD_MACHINES)));
    void this.#endRound(questions, connectedAtMs);
    this.#emit({ type: 'tick', atMs: Date.now(), lostAfterMs: agenda.lostAfterMs, forgetAfterMs: FORGET_AFTER_MS });
    const { intervalMs } = this.#options;
    if (performance.now() - connectedAtMs < EAGER_FOR_MS) this.#planRound(Math.min(EAGER_INTERVAL_MS, intervalMs));
    else this.#planRound(this.#options.isCalm?.() === true ? intervalMs * CALM_INTERVALS : intervalMs);
  }

  #planRound(inMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#round(), Math.max(0, inMs));
  }

  /** Only now it is known how many there are: what concerns every node is asked and subscribed after the first round. */
  async #endRound(questions: readonly Promise<void>[], connectedAtMs: number): Promise<void> {
    await Promise.all(questions);
    if (this.#isStopped || connectedAtMs !== this.#connectedAtMs) return;
    const { hearsAll, namesMs } = this.#agenda();
    if (!this.#hasLooked && hearsAll) this.#nodes.listenTo('all');
    this.#hasLooked = true;
    if (this.#haveSessionsChanged ? hearsAll : this.#isDue('names', namesMs)) {
      this.#haveSessionsChanged = false;
      // A node that hangs must not keep the round from its end.
      await Promise.race([this.#askNames(), sleep(NAMES_WAIT_MS, undefined, { ref: false })]);
    } else {
      this.#tellNames();
    }
    this.#emit({ type: 'round', atMs: Date.now() });
    this.#resolveLooked();
  }

  /** Whether it is time for a question of that kind to all; then the time is noted. */
  #isDue(kind: keyof typeof NOT_ASKED, everyMs: number): boolean {
    // Monotonic: a clock that is set back must not keep a question from being asked.
    const nowMs = performance.now();
    const isEager = nowMs - (this.#connectedAtMs ?? nowMs) < EAGER_FOR_MS;
    // A round that comes a moment early must not put the question off until the next.
    const leastMs = isEager && everyMs <= this.#options.intervalMs ? 0 : everyMs - this.#options.intervalMs / 4;
    if (nowMs - this.#askedAtMs[kind] < leastMs) return false;
    this.#askedAtMs[kind] = nowMs;
    return true;
  }

  #answered(event: Extract<FleetEvent, { readonly type: 'answers' }>): void {
    for (const { machine, nodes } of event.nodes) {
      const before = this.#nodeCounts.get(machine);
      // What a machine that has just appeared has more to tell is wanted at once.
      if (before === undefined) this.#newcomers.add(machine);
      this.#nodeCounts.set(machine, nodes.length);
      this.#nodeCount += nodes.length - (before ?? 0);
    }
    for (const { machine } of event.ledgers) this.#haveLedger.add(machine);
    this.#emit(event);
  }

  async #askRouters(): Promise<void> {
    if (this.#routersWaiting >= MAX_ROUTERS_WAITING) return;
    this.#routersWaiting += 1;
    try {
      const answer = await askRouters(this.#session, this.#meter, this.#limits);
      if (answer.latencyMs !== undefined)
        this.#latencies = [...this.#latencies.slice(1 - LATENCY_SAMPLES), answer.latencyMs];
      // The least of the last few: what is over it was spent in this process or in a queue, not on the way.
      const latencyMs = this.#latencies.length === 0 ? undefined : Math.min(...this.#latencies);
      this.#routerCount = answer.routers.length;
      this.#emit({ type: 'routers', atMs: Date.now(), ...answer, latencyMs });
      const zids = answer.routers.flatMap((router) => router.sessions.map((one) => one.zid)).sort();
      if (zids.join() !== this.#sessionsSeen) {
        this.#sessionsSeen = zids.join();
        this.#haveSessionsChanged = true;
        this.#names.keepOnly(new Set(zids));
      }
    } catch {
      // Lost link, time limit, end of the program: the state shows what was heard last, with its age.
    } finally {
      this.#routersWaiting -= 1;
    }
  }

  async #askNames(): Promise<void> {
    try {
      await this.#names.ask(this.#session, this.#limits);
    } catch {
      // Lost link, time limit, end of the program: names are a courtesy.
    }
    this.#tellNames();
  }

  #tellNames(): void {
    const names = this.#names.news();
    if (names !== undefined) this.#emit({ type: 'names', names });
  }

  get #limits(): { readonly timeoutMs: number; readonly signal: AbortSignal } {
    return { timeoutMs: QUESTION_LIMIT_MS, signal: this.#abort.signal };
  }
}
