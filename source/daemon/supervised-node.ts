import { EventEmitter } from 'node:events';
import type { NodeState, NodeStatus } from '../wire/node-state.ts';
import type { Backend, RunningProcess } from './backend.ts';
import { splitCommand } from './command-words.ts';
import { messageOf } from './home.ts';
import { judgeHealth } from './node-health.ts';
import type { NodeLog } from './node-log.ts';
import { describeExit, initialMachine, type NodeEvent, type NodeMachine, step } from './node-machine.ts';
import { type NodeSpec, readNodeConfig } from './node-spec.ts';

/** What all nodes of a daemon share. */
export interface NodeContext {
  readonly machineId: string;
  readonly hostname: string;
  readonly machineIps: () => readonly string[];
  /** Environment of every node, before what is the node's own. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly backend: Backend;
}

/** One node: its specification, its machine, its process and its log. Emits `change` after every change of phase. */
export class SupervisedNode extends EventEmitter<{ change: [] }> {
  spec: NodeSpec;
  readonly log: NodeLog;
  readonly #context: NodeContext;
  #machine: NodeMachine = initialMachine(Date.now());
  #process: RunningProcess | undefined;
  /** Monotonic, for judging; and Unix milliseconds, for showing. */
  #lastBeat: { readonly monotonicMs: number; readonly atMs: number } | undefined;
  #lastBeatShownMs = 0;
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

  send(event: NodeEvent): void {
    const { machine, effect } = step(this.#machine, event, Date.now());
    const isChanged = machine.phase !== this.#machine.phase;
    this.#machine = machine;
    if (effect === 'spawn') void this.#spawn();
    if (effect === 'terminate') this.#process?.terminate();
    if (isChanged) this.emit('change');
  }

  beat(): void {
    this.#lastBeatShownMs = Date.now();
    if (this.#machine.phase.kind === 'running') {
      this.#lastBeat = { monotonicMs: performance.now(), atMs: this.#lastBeatShownMs };
    }
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
      installed: true,
      autostartEnabled: spec.autostart,
      version: spec.version,
      description: spec.description,
      nodeType: spec.type,
      isBuilt: spec.isBuilt,
      lastUpdatedMs: changedAtMs,
      buildOutput: this.buildOutput,
      health: isRunning ? judgeHealth(this.#lastBeat?.monotonicMs, performance.now()) : 'unknown',
      lastHealthCheckMs: this.#lastBeatShownMs,
      machineId: this.#context.machineId,
      machineHostname: this.#context.hostname,
      machineIps: this.#context.machineIps(),
      baseNode: spec.baseNode,
      configPath: spec.configPath,
      config: readNodeConfig(spec),
      pid: this.pid,
      startedAtMs: isRunning || phase.kind === 'stopping' ? phase.startedAtMs : undefined,
      restartCount,
      lastExit: this.#isBroken() ? (spec.problem ?? '') : phase.kind === 'failed' ? phase.reason : lastExit,
      lastLogLines: phase.kind === 'failed' ? this.log.lastLines : [],
    };
  }

  /** It cannot run and does not. */
  #isBroken(): boolean {
    return this.spec.problem !== undefined && !this.isAlive;
  }

  #status(): NodeStatus {
    if (this.isBuilding) return 'building';
    if (this.#isBroken()) return 'failed';
    switch (this.#machine.phase.kind) {
      case 'stopped':
      case 'starting':
        return 'stopped';
      case 'failed':
        return 'failed';
      default:
        return 'running';
    }
  }

  async #spawn(): Promise<void> {
    this.#lastBeat = undefined;
    const words = this.#commandWords();
    if (!words.ok) {
      this.log.note(`not started: ${words.reason}`, { isStart: true });
      this.send({ kind: 'spawn-failed', reason: words.reason });
      return;
    }
    this.log.note(`starting: ${words.words.join(' ')}`, { isStart: true });
    try {
      const process = await this.#context.backend.start({
        words: words.words,
        cwd: this.spec.path,
        env: this.environment(),
        output: this.log,
      });
      this.#process = process;
      void process.ended.then(({ code, signal }) => {
        const exit = describeExit(code, signal);
        this.log.note(`ended: ${exit}`);
        this.#process = undefined;
        this.send({ kind: 'ended', exit });
      });
      this.send({ kind: 'spawned', pid: process.pid });
    } catch (error) {
      const reason = messageOf(error);
      this.log.note(`not started: ${reason}`);
      this.send({ kind: 'spawn-failed', reason });
    }
  }

  #commandWords(): ReturnType<typeof splitCommand> {
    const { problem, command } = this.spec;
    if (problem !== undefined || command === undefined) return { ok: false, reason: problem ?? 'it has no command' };
    return splitCommand(command, this.environment());
  }
}
