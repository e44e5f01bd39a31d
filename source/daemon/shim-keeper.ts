import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { type FSWatcher, mkdirSync, readdirSync, watch, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  type AdoptedProcess,
  type Keep,
  type LivingRun,
  type RunningProcess,
  StartBlocked,
  type StartRequest,
} from './backend.ts';
import { GRACE_MS, START_MARKER } from './family.ts';
import { cannotWrite, discard } from './home.ts';
import { isAlive, type RunState, readRunState } from './run-state.ts';
import { ShimRun } from './shim-run.ts';

/** The log is moved aside when it has grown to this. */
const LOG_BYTES = 8 * 1024 * 1024;
/** More than a state takes, and than a page that a file system may give to each file. */
const ROOM = new Uint8Array(4_096);
/** A look at the state files in case a change was not seen: inotify has limits, and may be missing. */
const LOOK_MS = 2_000;

export interface ShimKeeperOptions {
  /** The shim's program. */
  readonly shim: string;
  /** Where the states of the nodes are: `{name}.json`, and `{name}.lock` which a running shim holds. */
  readonly runFolder: string;
  /** From SIGTERM to SIGKILL. */
  readonly graceMs?: number;
  readonly logBytes?: number;
}

/** The shim writes the log. */
type KeepFile = Omit<Keep, 'output'>;

/** Starts nodes under shims, which outlive this process, and finds those that an earlier daemon started. */
export class ShimKeeper {
  readonly #options: ShimKeeperOptions;
  readonly #graceMs: number;
  /** By name. */
  readonly #runs = new Map<string, ShimRun>();
  #watcher: FSWatcher | undefined;
  readonly #timer: NodeJS.Timeout;

  /** Makes the folder. Throws where it cannot. */
  constructor(options: ShimKeeperOptions) {
    this.#options = options;
    this.#graceMs = options.graceMs ?? GRACE_MS;
    mkdirSync(options.runFolder, { recursive: true, mode: 0o700 });
    this.#watcher = this.#watch();
    this.#timer = setInterval(() => this.#lookAtAll(), LOOK_MS).unref();
  }

  /** Rejects with a reason for people where there is no process then. */
  async start(request: StartRequest, keep: KeepFile): Promise<RunningProcess> {
    this.checkRoom();
    const runId = randomUUID();
    const child = this.#spawn(request, keep, runId);
    const run = new ShimRun({ runId, file: this.#stateFile(keep.name), graceMs: this.#graceMs, child });
    this.#follow(keep.name, run);
    const state = await run.started;
    return { pid: state.node.pid, ended: run.ended, terminate: () => run.terminate() };
  }

  /** See {@link Backend.adopt}. A node of the same name in another folder is another node. */
  adopt(keep: KeepFile, folder: string): AdoptedProcess | undefined {
    if (this.#runs.has(keep.name)) return undefined;
    const file = this.#stateFile(keep.name);
    const state = settledState(file);
    if (state === undefined || state.folder !== folder) return undefined;
    if (state.phase === 'ended' && state.wasAsked) return undefined;
    const run = new ShimRun({ runId: state.runId, file, graceMs: this.#graceMs, adopted: state });
    this.#follow(keep.name, run);
    const { node, startedAtMs } = state;
    return { pid: node.pid, startedAtMs, ended: run.ended, terminate: () => run.terminate() };
  }

  /** Ids of the starts that are followed; `everyone`: of all that live under this folder. */
  runIds(options: { readonly everyone: boolean }): ReadonlySet<string> {
    const ids = new Set([...this.#runs.values()].map(({ runId }) => runId));
    if (options.everyone) for (const { state } of this.#livingStates()) ids.add(state.runId);
    return ids;
  }

  /** See {@link Backend.living}. */
  living(): readonly LivingRun[] {
    return this.#livingStates().flatMap(({ name, state }) =>
      state.phase === 'running' ? [{ name, folder: state.folder, pid: state.node.pid }] : [],
    );
  }

  #livingStates(): readonly { readonly name: string; readonly state: RunState }[] {
    return readdirSync(this.#options.runFolder).flatMap((file) => {
      const state = file.endsWith('.json') ? readRunState(join(this.#options.runFolder, file)) : undefined;
      return state !== undefined && isAlive(state.shim) ? [{ name: basename(file, '.json'), state }] : [];
    });
  }

  /** Throws {@link StartBlocked} where the state of a start could not be written. */
  checkRoom(): void {
    const { runFolder } = this.#options;
    const probe = join(runFolder, 'room.tmp');
    try {
      writeFileSync(probe, ROOM, { mode: 0o600 });
    } catch (error) {
      const { message, hint } = cannotWrite(probe, error);
      const code = error instanceof Error && 'code' in error ? ` (${error.code})` : '';
      throw new StartBlocked(
        hint === undefined ? message : `${runFolder} cannot be written${code}. ${hint.replace(/\.$/, '')}`,
      );
    } finally {
      discard(probe);
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #spawn(request: StartRequest, keep: KeepFile, runId: string): ChildProcess {
    const { shim, runFolder, logBytes = LOG_BYTES } = this.#options;
    const words = [
      this.#stateFile(keep.name),
      join(runFolder, `${keep.name}.lock`),
      keep.logFile,
      String(process.pid),
      runId,
      String(this.#graceMs),
      String(logBytes),
    ];
    const child = spawn(shim, [...words, ...request.words], {
      cwd: request.cwd,
      env: { ...request.env, [START_MARKER]: runId },
      detached: true,
      stdio: 'ignore',
    });
    // With --keep-nodes this process ends before it.
    child.unref();
    return child;
  }

  #follow(name: string, run: ShimRun): void {
    this.#runs.set(name, run);
    const forget = (): void => {
      if (this.#runs.get(name) === run) this.#runs.delete(name);
    };
    run.started.catch(forget);
    void run.ended.then(forget);
  }

  #stateFile(name: string): string {
    return join(this.#options.runFolder, `${name}.json`);
  }

  #watch(): FSWatcher | undefined {
    try {
      const watcher = watch(this.#options.runFolder, { persistent: false }, (_event, file) => {
        if (file?.endsWith('.json') === true) this.#runs.get(basename(file, '.json'))?.look();
      });
      watcher.on('error', () => watcher.close());
      return watcher;
    } catch {
      // Too many watches on this machine: the slow look has to do.
      return undefined;
    }
  }

  #lookAtAll(): void {
    for (const run of this.#runs.values()) run.look();
  }
}

/** The last start, once its node runs or ran. A shim that is between its lock and its node is waited for a moment. */
function settledState(file: string): Extract<RunState, { phase: 'running' | 'ended' }> | undefined {
  const limitMs = performance.now() + 500;
  let state = readRunState(file);
  while (state?.phase === 'starting' && isAlive(state.shim) && performance.now() < limitMs) state = readRunState(file);
  return state?.phase === 'running' || state?.phase === 'ended' ? state : undefined;
}
