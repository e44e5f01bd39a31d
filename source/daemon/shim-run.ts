import type { ChildProcess } from 'node:child_process';
import { type ProcessEnd, StartBlocked } from './backend.ts';
import { Family, START_MARKER, sendSignal } from './family.ts';
import { isAlive, type RunState, readRunState } from './run-state.ts';

export type Started = Extract<RunState, { phase: 'running' | 'ended' }>;

/** The shim waits 10 s for the lock of an earlier start. */
const START_LIMIT_MS = 15_000;
/** Beyond the grace; a shim that then still runs is stuck, and ended with its node. */
const STUCK_MS = 2_000;

/** Exit codes of the shim, source/native/src/shim/main.rs. */
const STATE_UNWRITABLE = 73;
const EARLIER_RUNS = 75;

/** One start of a node under a shim, as its state file tells it. */
export class ShimRun {
  readonly runId: string;
  /** Rejects with a reason for people. */
  readonly started: Promise<Started>;
  /** Never rejects; pending for a start that failed. */
  readonly ended: Promise<ProcessEnd>;
  readonly #file: string;
  readonly #graceMs: number;
  readonly #child: ChildProcess | undefined;
  readonly #start = Promise.withResolvers<Started>();
  readonly #end = Promise.withResolvers<ProcessEnd>();
  #state: Started | undefined;
  #isOver = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: {
    readonly runId: string;
    readonly file: string;
    readonly graceMs: number;
    /** The shim, where this process started it. */
    readonly child?: ChildProcess;
    readonly adopted?: Started;
  }) {
    this.runId = options.runId;
    this.#file = options.file;
    this.#graceMs = options.graceMs;
    this.#child = options.child;
    this.started = this.#start.promise;
    this.ended = this.#end.promise;
    this.#child?.once('error', (error) => this.#fail(error.message));
    this.#child?.once('exit', (code) => this.#shimIsGone(code));
    if (options.adopted !== undefined) this.#nowRuns(options.adopted);
    else this.#timer = setTimeout(() => this.#startTooLong(), START_LIMIT_MS).unref();
    // An adopted one may have ended meanwhile; whoever adopts it hears of that after it has it.
    queueMicrotask(() => this.look());
  }

  /** Reads the state again. */
  look(): void {
    if (this.#isOver) return;
    const state = this.#ownState();
    if (state?.phase === 'running') this.#nowRuns(state);
    // Of a child the exit is waited for: only then its lock is free.
    if (this.#child !== undefined) return;
    if (state?.phase === 'ended') this.#finish(state);
    else if (this.#state !== undefined && !isAlive(this.#state.shim)) this.#shimIsGone(null);
  }

  /** Asks the shim to end its node. Safe to call twice. */
  terminate(): void {
    const shim = this.#state?.shim;
    if (this.#isOver || shim === undefined || this.#timer !== undefined) return;
    if (isAlive(shim)) sendSignal(shim.pid, 'SIGTERM');
    this.#timer = setTimeout(() => {
      if (isAlive(shim)) sendSignal(shim.pid, 'SIGKILL');
    }, this.#graceMs + STUCK_MS).unref();
    this.look();
  }

  #ownState(): RunState | undefined {
    const state = readRunState(this.#file);
    return state?.runId === this.runId ? state : undefined;
  }

  #nowRuns(state: Started): void {
    if (this.#state !== undefined) return;
    this.#state = state;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#start.resolve(state);
  }

  #startTooLong(): void {
    this.#child?.kill('SIGKILL');
    this.#fail(`it did not start within ${START_LIMIT_MS / 1_000} s`);
  }

  #fail(problem: string | Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#start.reject(typeof problem === 'string' ? new Error(problem) : problem);
  }

  /** Its last word is in the file, unless it was killed. */
  #shimIsGone(code: number | null): void {
    if (this.#isOver) return;
    const state = this.#ownState();
    if (state?.phase === 'running') this.#nowRuns(state);
    const started = this.#state;
    if (state?.phase === 'failed') this.#fail(state.reason);
    else if (state?.phase === 'ended') this.#finish(state);
    else if (started !== undefined) this.#endFamily(started, code);
    else if (code === STATE_UNWRITABLE)
      this.#fail(new StartBlocked('its state cannot be written (is the disk full, or the home read-only?)'));
    else if (code === EARLIER_RUNS) this.#fail('an earlier start of it still runs');
    else this.#fail(`what keeps it ended with ${code ?? 'a signal'}`);
  }

  /**
   * The shim was killed, and the kernel ended the node with it; who left the node's group or was started by it may live.
   * Or its last word could not be written: then the node ended in order, and nobody knows how.
   */
  #endFamily(started: Started, code: number | null): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    const family = new Family({
      groupId: started.node.pid,
      sinceTicks: started.node.startTicks,
      marker: `${START_MARKER}=${this.runId}`,
      graceMs: this.#graceMs,
    });
    const signal = code === STATE_UNWRITABLE ? null : 'SIGKILL';
    void family.clear().then(() => this.#end.resolve({ code: null, signal }));
  }

  #finish(state: Extract<RunState, { phase: 'ended' }>): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#start.resolve(state);
    this.#end.resolve({ code: state.code, signal: state.signal, lastLines: state.lastLines });
  }
}
