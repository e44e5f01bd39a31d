import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend, OutputSink, RunningProcess, StartRequest } from './backend.ts';
import { isCode } from './home.ts';
import { findFamily, findMarked, readProcessStat } from './proc.ts';

/** From SIGTERM to SIGKILL. */
const GRACE_MS = 5_000;
/** How often a family that was told to end is looked at: soon at first, then seldom, since each look reads /proc. */
const FIRST_LOOK_MS = 20;
const LAST_LOOK_MS = 250;

/** Marks every process of one start, so that one which leaves the process group is still found. */
const MARKER = 'BUBBALOOP_NODE_START';

/** Children of this process, each in a process group of its own. */
export function createProcessBackend(options: { readonly graceMs?: number } = {}): Backend {
  const graceMs = options.graceMs ?? GRACE_MS;
  return { kind: 'process', start: (request) => startProcess(request, graceMs) };
}

async function startProcess(request: StartRequest, graceMs: number): Promise<RunningProcess> {
  const [program, ...words] = request.words;
  const id = randomUUID();
  const child = spawn(program, words, {
    cwd: request.cwd,
    env: { ...request.env, [MARKER]: id },
    // A group of its own: signals reach all that it starts, and a Ctrl-C for the daemon does not reach it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  await spawned(child, program, request.cwd);
  const pid = child.pid ?? 0;
  const read = readOutput(child, request.output);
  const family = new Family(pid, `${MARKER}=${id}`, graceMs);

  const ended = exited.then(async (exit) => {
    await family.clear();
    // A stranger who holds the other end of a pipe must not keep the node from having ended.
    await Promise.race([read, sleep(1_000, undefined, { ref: false })]);
    child.stdout?.destroy();
    child.stderr?.destroy();
    request.output.end();
    return exit;
  });
  return { pid, ended, terminate: () => family.terminate() };
}

function spawned(child: ChildProcess, program: string, cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', () => {
      child.on('error', () => undefined);
      resolve();
    });
    child.once('error', (error) => reject(new Error(spawnReason(error, program, cwd))));
  });
}

function spawnReason(error: Error, program: string, cwd: string): string {
  if (isCode(error, 'ENOENT')) return `${program} was not found (in ${cwd} or on PATH), or the folder is missing`;
  if (isCode(error, 'EACCES')) return `${program} may not be executed`;
  return error.message;
}

/** Resolves when both streams have ended. */
function readOutput(child: ChildProcess, sink: OutputSink): Promise<void> {
  const streams = [
    { name: 'out' as const, stream: child.stdout },
    { name: 'err' as const, stream: child.stderr },
  ];
  const reads = streams.map(({ name, stream }) => {
    if (stream === null) return Promise.resolve();
    stream.on('data', (chunk: Buffer) => {
      if (sink.write(name, chunk)) return;
      stream.pause();
      sink.whenReady().then(() => stream.resume());
    });
    return new Promise<void>((resolve) => {
      stream.once('close', resolve);
      stream.once('error', () => resolve());
    });
  });
  return Promise.all(reads).then(() => undefined);
}

/** Marks every process of a home, so that those which outlived their daemon are found by the next. */
export const HOME_MARKER = 'BUBBALOOP_DAEMON_HOME';

/**
 * Ends what a daemon of this home left behind when it was killed; returns how many processes there were. The caller
 * holds the home's lock, so none of them has a daemon.
 */
export async function endLeftovers(homeFolder: string, graceMs: number = GRACE_MS): Promise<number> {
  const marker = `${HOME_MARKER}=${homeFolder}`;
  const found = findMarked(marker);
  for (const pid of found) sendSignal(pid, 'SIGTERM');
  const limitMs = performance.now() + graceMs;
  for (let left = found; left.length > 0; left = findMarked(marker)) {
    if (performance.now() > limitMs) for (const pid of left) sendSignal(pid, 'SIGKILL');
    await sleep(LAST_LOOK_MS / 2);
  }
  return found.length;
}

/** A process group and whoever left it. */
class Family {
  readonly #groupId: number;
  readonly #marker: string;
  readonly #graceMs: number;
  /** Read while the leader still lives, or is a zombie that Node has not told us of. */
  readonly #sinceTicks: number;
  #killAtMs = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(groupId: number, marker: string, graceMs: number) {
    this.#groupId = groupId;
    this.#marker = marker;
    this.#graceMs = graceMs;
    this.#sinceTicks = readProcessStat(groupId)?.startTicks ?? 0;
  }

  /** SIGTERM now, SIGKILL when the time is over. */
  terminate(): void {
    if (this.#timer !== undefined) return;
    this.#killAtMs = Date.now() + this.#graceMs;
    this.#signalAll('SIGTERM');
    this.#timer = setTimeout(() => this.#signalAll('SIGKILL'), this.#graceMs);
  }

  /** After its leader ended: what is left is told to end, and gets what remains of the time. */
  async clear(): Promise<void> {
    try {
      let lookMs = FIRST_LOOK_MS;
      while (this.#members().length > 0) {
        if (this.#timer === undefined) this.terminate();
        if (Date.now() > this.#killAtMs) this.#signalAll('SIGKILL');
        await sleep(lookMs);
        lookMs = Math.min(lookMs * 1.5, LAST_LOOK_MS);
      }
    } finally {
      clearTimeout(this.#timer);
    }
  }

  #members(): readonly number[] {
    return findFamily(this.#groupId, this.#marker, this.#sinceTicks);
  }

  #signalAll(signal: NodeJS.Signals): void {
    for (const pid of new Set([-this.#groupId, ...this.#members()])) sendSignal(pid, signal);
  }
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // ESRCH: ended by itself meanwhile, as wanted. EPERM: it changed its user; there is nothing more we may do.
    if (!isCode(error, 'ESRCH') && !isCode(error, 'EPERM')) throw error;
  }
}
