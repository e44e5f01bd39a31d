import { randomUUID } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { AdoptedProcess, Backend, Keep, LivingRun, RunningProcess, StartRequest } from '../backend.ts';
import { GRACE_MS } from '../family.ts';
import { messageOf } from '../home.ts';
import { readProcessStat } from '../proc.ts';
import type { Journal } from './journal.ts';
import { readLogEnd } from './log-end.ts';
import { programProblem } from './program.ts';
import { nodeName, type Properties, readUnit, type Setting, startProblem, unitName, unitSettings } from './unit.ts';
import { UnitRun } from './unit-run.ts';
import { isManagerError, type UserManager } from './user-manager.ts';

/** A look at all units in case a signal did not come. */
const LOOK_MS = 15_000;
const PATTERN = 'bubbaloop-*.service';

export interface SystemdBackendOptions {
  /** Folder of the daemon's home: units of another home are left alone. */
  readonly homeFolder: string;
  readonly say: (message: string) => void;
  /** Where the user's bus, systemd-cat and journalctl are looked for. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** From SIGTERM to SIGKILL. */
  readonly graceMs?: number;
  /** journald's socket. */
  readonly journalSocket?: string;
}

/** Nodes as transient units of the user's systemd. */
export class SystemdBackend implements Backend {
  readonly kind = 'systemd';
  readonly outlivesDaemon = true;
  readonly #options: SystemdBackendOptions;
  readonly #graceMs: number;
  readonly #manager: UserManager;
  readonly #journal: Journal;
  readonly #catProgram: string;
  /** By unit: started or adopted, until they have ended. */
  readonly #runs = new Map<string, UnitRun>();
  /** By unit: found running, and adopted by nobody yet. */
  readonly #found = new Map<string, Properties>();
  /** By unit: what changed since its properties were asked for. */
  readonly #changed = new Map<string, Properties>();
  readonly #timer: NodeJS.Timeout;

  constructor(
    options: SystemdBackendOptions & {
      readonly manager: UserManager;
      readonly journal: Journal;
      readonly catProgram: string;
    },
  ) {
    this.#options = options;
    this.#graceMs = options.graceMs ?? GRACE_MS;
    this.#manager = options.manager;
    this.#journal = options.journal;
    this.#catProgram = options.catProgram;
    this.#manager.on('changed', (unit, changed) => this.#update(unit, changed));
    this.#manager.on('returned', () => void this.#lookAtAll({ deeply: true }));
    this.#timer = setInterval(() => void this.#lookAtAll({ deeply: false }), LOOK_MS).unref();
  }

  async readUnits(): Promise<void> {
    for (const { name } of await this.#manager.list(PATTERN)) {
      this.#found.set(name, await this.#manager.properties(name));
    }
  }

  async start(request: StartRequest): Promise<RunningProcess> {
    const [program] = request.words;
    const problem = programProblem(program, request.cwd, request.env.PATH);
    if (problem !== undefined) throw new Error(problem);
    const node = request.keep?.name ?? 'unnamed';
    const unit = unitName(node);
    const runId = randomUUID();
    const { cwd, env, words } = request;
    const settings = unitSettings(
      { words, cwd, env },
      { node, runId, graceMs: this.#graceMs, catProgram: this.#catProgram },
    );
    this.#journal.attach(unit, request.output);
    try {
      const properties = await this.#startUnit(unit, settings, cwd);
      return this.#follow(unit, properties);
    } catch (error) {
      await this.#journal.detach(unit);
      throw error;
    }
  }

  adopt(keep: Keep, folder: string): AdoptedProcess | undefined {
    const unit = unitName(keep.name);
    const properties = this.#found.get(unit);
    if (properties === undefined || this.#runs.has(unit)) return undefined;
    const state = readUnit(properties);
    // A node of the same name in another folder is another node; a unit of another home is another daemon's.
    if (!this.#isOurs(properties, folder) || state.folder !== folder || state.lastPid === 0) return undefined;
    if (state.activeState === 'inactive') return undefined;
    this.#found.delete(unit);
    this.#journal.attach(unit, keep.output, readLogEnd(keep.logFile) ?? { atMs: state.startedAtMs, count: 0 });
    return this.#follow(unit, properties);
  }

  runIds(options: { readonly everyone: boolean }): ReadonlySet<string> {
    const ids = [...this.#runs.values()].map(({ runId }) => runId);
    const others = options.everyone ? [...this.#found.values()].map((found) => readUnit(found).runId) : [];
    return new Set([...ids, ...others].filter((id) => id !== undefined));
  }

  living(): readonly LivingRun[] {
    return [...this.#found].flatMap(([unit, properties]) => {
      const { home, activeState, folder, lastPid } = readUnit(properties);
      const name = nodeName(unit);
      const isLiving = home === this.#options.homeFolder && activeState !== 'inactive' && lastPid !== 0;
      return isLiving && name !== undefined ? [{ name, folder, pid: lastPid }] : [];
    });
  }

  close(): void {
    clearInterval(this.#timer);
    this.#journal.close();
    this.#manager.removeAllListeners();
    void this.#manager.close().catch(() => undefined);
  }

  /**
   * Ours are those of this home, and those that a unit file made for the node's folder: a daemon of the first generation
   * wrote such. Others may bear such a name, the daemon's own unit among them.
   */
  #isOurs(properties: Properties, folder: string): boolean {
    const state = readUnit(properties);
    if (state.home === this.#options.homeFolder) return true;
    return state.home === undefined && !state.isTransient && state.folder === folder;
  }

  async #startUnit(unit: string, settings: readonly Setting[], folder: string): Promise<Properties> {
    const result = await this.#transient(unit, settings, folder);
    this.#changed.set(unit, {});
    const asked = await this.#manager.properties(unit);
    const properties = { ...asked, ...this.#changed.get(unit) };
    this.#changed.delete(unit);
    const state = readUnit(properties);
    const problem = result === 'done' ? undefined : startProblem(state);
    if (problem === undefined && state.lastPid !== 0) return properties;
    await this.#manager.resetFailed(unit).catch(() => undefined);
    throw new Error(problem ?? `systemd did not start it (${result})`);
  }

  /** Starts it, once what is in the way has been cleared. */
  async #transient(unit: string, settings: readonly Setting[], folder: string): Promise<string> {
    try {
      return await this.#manager.startTransient(unit, settings);
    } catch (error) {
      if (!isManagerError(error, 'UnitExists')) throw error;
    }
    const properties = await this.#manager.properties(unit);
    const state = readUnit(properties);
    if (state.loadState === 'masked') {
      throw new Error(`its unit is masked; systemctl --user unmask ${unit} allows it again`);
    }
    if (!this.#isOurs(properties, folder)) {
      const whose = state.home === undefined ? state.fragment : `of another daemon, whose home is ${state.home}`;
      throw new Error(`there is another unit ${unit} (${whose}); give the node another name, or remove that unit`);
    }
    await this.#end(unit, properties);
    if (!state.isTransient && state.fragment !== '') await this.#putAside(unit, state.fragment);
    return this.#manager.startTransient(unit, settings);
  }

  /** What is left of an earlier start. */
  async #end(unit: string, properties: Properties): Promise<void> {
    const { lastPid, activeState } = readUnit(properties);
    if (activeState !== 'inactive') {
      const run = this.#runs.get(unit) ?? this.#newRun(unit, properties, lastPid);
      this.#runs.set(unit, run);
      run.terminate();
      await run.ended;
      if (this.#runs.get(unit) === run) this.#runs.delete(unit);
    }
    await this.#manager.resetFailed(unit).catch(() => undefined);
  }

  /** A unit file of the user hides ours. It is kept under another name, where systemd does not see it. */
  async #putAside(unit: string, fragment: string): Promise<void> {
    const config = this.#options.env.XDG_CONFIG_HOME ?? join(this.#options.env.HOME ?? homedir(), '.config');
    if (dirname(fragment) !== join(config, 'systemd', 'user')) {
      throw new Error(`the unit file ${fragment} is in the way; remove it`);
    }
    await this.#manager.disable(unit).catch(() => undefined);
    await rename(fragment, `${fragment}.replaced`);
    await this.#manager.reload();
    this.#options.say(`${fragment} was in the way of the daemon's own unit; it is kept as ${fragment}.replaced.`);
  }

  #newRun(unit: string, properties: Properties, pid: number): UnitRun {
    const name = { pid, startTicks: readProcessStat(pid)?.startTicks ?? 0 };
    // A unit that is gone meanwhile needs neither.
    return new UnitRun(unit, properties, name, {
      stop: () => void this.#manager.stop(unit).catch(() => this.#lookAgain(unit)),
      resetFailed: () => void this.#manager.resetFailed(unit).catch(() => undefined),
    });
  }

  #follow(unit: string, properties: Properties): AdoptedProcess {
    const run = this.#newRun(unit, properties, readUnit(properties).lastPid);
    this.#runs.set(unit, run);
    const ended = run.ended.then(async (end) => {
      await this.#journal.detach(unit);
      if (this.#runs.get(unit) === run) this.#runs.delete(unit);
      return end;
    });
    return {
      pid: run.process.pid,
      startedAtMs: readUnit(properties).startedAtMs,
      ended,
      get hasExited() {
        return run.hasExited;
      },
      terminate: () => run.terminate(),
    };
  }

  #update(unit: string, changed: Properties): void {
    this.#runs.get(unit)?.update(changed);
    const since = this.#changed.get(unit);
    if (since !== undefined) this.#changed.set(unit, { ...since, ...changed });
    const found = this.#found.get(unit);
    if (found !== undefined) this.#found.set(unit, { ...found, ...changed });
  }

  async #lookAgain(unit: string): Promise<void> {
    try {
      this.#update(unit, await this.#manager.properties(unit));
    } catch {
      // No manager any more: what it kept went with it, or goes.
      this.#runs.get(unit)?.isLost();
    }
  }

  async #lookAtAll(options: { readonly deeply: boolean }): Promise<void> {
    const runs = [...this.#runs].filter(([, run]) => !run.isOver);
    if (runs.length === 0) return;
    try {
      const listed = new Map((await this.#manager.list(PATTERN)).map((unit) => [unit.name, unit]));
      for (const [unit, run] of runs) {
        run.remind();
        const { activeState, subState } = listed.get(unit) ?? {};
        if (activeState === undefined) run.isLost();
        else if (options.deeply || activeState !== 'active' || subState !== 'running') await this.#lookAgain(unit);
      }
    } catch (error) {
      if (options.deeply) this.#options.say(`The user's systemd does not answer: ${messageOf(error)}.`);
      for (const [, run] of runs) run.isLost();
    }
  }
}
