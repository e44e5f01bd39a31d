import { EventEmitter } from 'node:events';
import type { NodeState, NodeStatus } from '../wire/node-state.ts';
import { type AdoptedProcess, type Backend, type Keep, type RunningProcess, StartBlocked } from './backend.ts';
import { splitCommand } from './command-words.ts';
import { messageOf } from './home.ts';
import { judgeHealth } from './node-health.ts';
import type { NodeLog } from './node-log.ts';
import { type Desired, describeExit, initialMachine, type NodeEvent, type NodeMachine, step } from './node-machine.ts';
import { type NodeSpec, readNodeConfig } from './node-spec.ts';
import { processAgeMs } from './proc.ts';
import { WallClock } from './wall-clock.ts';

/** What all nodes of a daemon share. */
export interface NodeContext {
  readonly machineId: string;
  readonly hostname: string;
  readonly machineIps: () => readonly string[];
  /** Environment of every node, before what is the node's own. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly backend: Backend;
}

/**
 * One node: its specification, its machine, its process and its log. Emits `change` after every
 * change of phase, and `desired` before anything is done for what is wanted from now on.
 */
export class SupervisedNode extends EventEmitter<{ change: []; desired: [] }> {
  spec: NodeSpec;
  readonly log: NodeLog;
  readonly #context: NodeContext;
  #machine: NodeMachine = initialMachine(Date.now());
  #process: RunningProcess | undefined;
  #retry: NodeJS.Timeout | undefined;
  /** Of a process whose output went to the log without us. */
  #lastLines: readonly string[] | undefined;
  /** What is judged and shown by age is kept as monotonic times: the wall clock may be set. */
  readonly #clock = new WallClock();
  #startedMs = 0;
  #lastBeatMs: number | undefined;
  /** Whether the last heartbeat is of the process that runs. */
  #isBeating = false;
  buildOutput: readonly string[] = [];
  isBuilding = false;

  constructor(spec: NodeSpec, log: NodeLog, context: NodeContext) {
    super();
    this.spec = spec;
    this.log = log;
    this.#context = context;
  }

  get machine(): NodeMachine {
    return this.#machine;
  }

  get pid(): number | undefined {
    const { phase } = this.#machine;
    return phase.kind === 'running' || phase.kind === 'stopping' ? phase.pid : undefined;
  }

  /** Whether a process exists or is being made. */
  get isAlive(): boolean {
    return ['starting', 'running', 'stopping'].includes(this.#machine.phase.kind);
  }

  /** Its process is gone, though it still counts as running: its last output is on its way. */
  get hasExited(): boolean {
    return this.#process?.hasExited === true;
  }

  send(event: NodeEvent): void {
    const before = this.#machine;
    const { machine, effect } = step(before, event, {
      atMs: Date.now(),
      monotonicMs: performance.now(),
      random: Math.random(),
      policy: this.spec.policy,
    });
    const isChanged = machine.phase !== before.phase;
    this.#machine = machine;
    if (machine.desired !== before.desired) this.emit('desired');
    if (isChanged) this.#retryLater();
    if (effect === 'spawn') void this.#spawn();
    if (effect === 'terminate') this.#process?.terminate();
    if (isChanged) this.emit('change');
  }

  /** The newest lines of the node itself since it was last started, oldest first. */
  get lastLines(): readonly string[] {
    return this.#lastLines ?? this.log.lastLines;
  }

  /**
   * Takes over the process that an earlier daemon started, if there is one. One that is not wanted is ended, one that
   * ended unasked is treated as if it did so now.
   */
  adopt(desired: Desired): void {
    const process = this.#context.backend.adopt?.(this.#keep, this.spec.path);
    if (process === undefined) return;
    this.#follow(process, ageOf(process));
    this.send({ kind: 'adopted', pid: process.pid, startedAtMs: process.startedAtMs, desired });
  }

  /** Starts nothing by itself any more: the daemon ends, and leaves that to the next one. */
  rest(): void {
    clearTimeout(this.#retry);
  }

  get #keep(): Keep {
    return { name: this.spec.name, logFile: this.log.file, output: this.log };
  }

  #retryLater(): void {
    clearTimeout(this.#retry);
    const { phase } = this.#machine;
    if (phase.kind !== 'backoff') return;
    this.#retry = setTimeout(() => {
      // What is being built is started when it is there.
      if (this.isBuilding) this.#retryLater();
      else this.send({ kind: 'retry' });
    }, phase.delayMs);
  }

  beat(): void {
    this.#lastBeatMs = performance.now();
    if (this.#machine.phase.kind === 'running') this.#isBeating = true;
  }

  /** Resolves when `isDone` holds after a change, or with false when the time is over. */
  async settles(isDone: () => boolean, timeoutMs: number): Promise<boolean> {
    if (isDone()) return true;
    return new Promise((resolve) => {
      const check = () => {
        if (isDone()) finish(true);
      };
      const finish = (result: boolean) => {
        clearTimeout(timer);
        this.off('change', check);
        resolve(result);
      };
      const timer = setTimeout(() => finish(false), timeoutMs);
      this.on('change', check);
    });
  }

  /** Why a start would fail, as far as that can be told before; undefined where nothing is known against it. */
  startProblem(): string | undefined {
    const words = this.#commandWords();
    if (!words.ok) return words.reason;
    try {
      this.#context.backend.checkStart?.();
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  }

  /** Environment that its commands get. */
  environment(): Readonly<Record<string, string | undefined>> {
    return {
      ...this.#context.env,
      BUBBALOOP_MACHINE_ID: this.#context.machineId,
      BUBBALOOP_NODE_NAME: this.spec.name,
      BUBBALOOP_NODE_CONFIG: this.spec.configPath === '' ? undefined : this.spec.configPath,
    };
  }

  state(): NodeState {
    const { phase, lastExit, restartCount, changedAtMs } = this.#machine;
    const { spec } = this;
    const isRunning = phase.kind === 'running';
    return {
      name: spec.name,
      path: spec.path,
      status: this.#status(),
      installed: spec.installed,
      autostartEnabled: spec.autostart,
      version: spec.version,
      description: spec.description,
      nodeType: spec.type,
      isBuilt: spec.isBuilt,
      lastUpdatedMs: changedAtMs,
      buildOutput: this.buildOutput,
      health: isRunning ? judgeHealth(this.#isBeating ? this.#lastBeatMs : undefined, performance.now()) : 'unknown',
      lastHealthCheckMs: this.#lastBeatMs === undefined ? 0 : this.#clock.timeOf(this.#lastBeatMs),
      machineId: this.#context.machineId,
      machineHostname: this.#context.hostname,
      machineIps: this.#context.machineIps(),
      baseNode: spec.baseNode,
      configPath: spec.configPath,
      config: readNodeConfig(spec),
      pid: this.pid,
      startedAtMs: isRunning || phase.kind === 'stopping' ? this.#clock.timeOf(this.#startedMs) : undefined,
      restartCount,
      lastExit: this.#isBroken()
        ? (spec.problem ?? '')
        : phase.kind === 'failed' || (phase.kind === 'backoff' && phase.isBlocked)
          ? phase.reason
          : lastExit,
      lastLogLines: phase.kind === 'failed' || phase.kind === 'backoff' ? this.lastLines : [],
    };
  }

  /** It cannot run and does not. */
  #isBroken(): boolean {
    return this.spec.problem !== undefined && !this.isAlive;
  }

  #status(): NodeStatus {
    if (this.isBuilding) return 'building';
    if (!this.spec.installed && !this.isAlive) return 'not-installed';
    if (this.#isBroken()) return 'failed';
    switch (this.#machine.phase.kind) {
      case 'stopped':
      case 'starting':
      case 'done':
        return 'stopped';
      case 'failed':
      case 'backoff':
        return 'failed';
      default:
        return 'running';
    }
  }

  async #spawn(): Promise<void> {
    this.#isBeating = false;
    this.#lastLines = undefined;
    const words = this.#commandWords();
    if (!words.ok) {
      this.log.note(`not started: ${words.reason}`, { isStart: true });
      this.send({ kind: 'spawn-failed', reason: words.reason });
      return;
    }
    const writesLog = this.#context.backend.writesLog === true;
    if (!writesLog) this.log.note(`starting: ${words.words.join(' ')}`, { isStart: true });
    let process: RunningProcess;
    try {
      process = await this.#context.backend.start({
        words: words.words,
        cwd: this.spec.path,
        env: this.environment(),
        output: this.log,
        keep: this.#keep,
      });
    } catch (error) {
      const reason = messageOf(error);
      if (!writesLog) this.log.note(`not started: ${reason}`);
      this.send({ kind: 'spawn-failed', reason, isBlocked: error instanceof StartBlocked });
      return;
    }
    this.#follow(process);
    this.send({ kind: 'spawned', pid: process.pid });
  }

  #follow(process: RunningProcess, ageMs = 0): void {
    this.#startedMs = performance.now() - ageMs;
    this.#process = process;
    void process.ended.then(({ code, signal, lastLines, wasAsked }) => {
      if (this.#context.backend.writesLog !== true) this.log.note(`ended: ${describeExit(code, signal)}`);
      this.#lastLines = lastLines;
      this.#process = undefined;
      if (wasAsked === true) this.send({ kind: 'stop' });
      this.send({ kind: 'ended', code, signal });
    });
  }

  #commandWords(): ReturnType<typeof splitCommand> {
    const { problem, command } = this.spec;
    if (problem !== undefined || command === undefined) return { ok: false, reason: problem ?? 'it has no command' };
    return splitCommand(command, this.environment());
  }
}

/** For how long an adopted process has run: by its own note, unless the clock was set since. */
function ageOf({ pid, startedAtMs }: AdoptedProcess): number {
  const notedMs = Date.now() - startedAtMs;
  const realMs = processAgeMs(pid);
  return realMs === undefined || Math.abs(realMs - notedMs) < NOTED_SLACK_MS ? notedMs : realMs;
}

/** Between the start of a process and the note of it, on a busy machine. */
const NOTED_SLACK_MS = 2_000;
