import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend, OutputSink, RunningProcess, StartRequest } from './backend.ts';
import { Family, GRACE_MS, START_MARKER } from './family.ts';
import { isCode } from './home.ts';
import { readProcessStat } from './proc.ts';
import type { ShimKeeper } from './shim-keeper.ts';

/**
 * Children of this process, each in a process group of its own. With a keeper those that may outlive the daemon are
 * started by it instead.
 */
export function createProcessBackend(
  options: { readonly graceMs?: number; readonly keeper?: ShimKeeper } = {},
): Backend {
  const { graceMs = GRACE_MS, keeper } = options;
  return {
    kind: 'process',
    writesLog: keeper !== undefined,
    start: (request) =>
      keeper !== undefined && request.keep !== undefined
        ? keeper.start(request, request.keep)
        : startProcess(request, graceMs),
    adopt: (keep, folder) => keeper?.adopt(keep, folder),
    checkStart: () => keeper?.checkRoom(),
    living: () => keeper?.living() ?? [],
    outlivesDaemon: keeper !== undefined,
    runIds: (options) => keeper?.runIds(options) ?? new Set(),
    close: () => keeper?.close(),
  };
}

async function startProcess(request: StartRequest, graceMs: number): Promise<RunningProcess> {
  const [program, ...words] = request.words;
  const id = randomUUID();
  const child = spawn(program, words, {
    cwd: request.cwd,
    env: { ...request.env, [START_MARKER]: id },
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
  const family = new Family({
    groupId: pid,
    marker: `${START_MARKER}=${id}`,
    graceMs,
    // Read while it still lives, or is a zombie that Node has not told us of.
    sinceTicks: readProcessStat(pid)?.startTicks ?? 0,
  });

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
