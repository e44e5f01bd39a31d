import type { ChildProcess } from 'node:child_process';
import type { OutputSink } from './backend.ts';
import { type BuildEnd, type BuildProcess, startBuildProcess } from './build-process.ts';
import { splitCommand } from './command-words.ts';
import { isCode, messageOf } from './home.ts';
import { describeExit } from './node-machine.ts';

export interface BuildResult {
  readonly ok: boolean;
  readonly message: string;
  /** Its last lines, oldest first. */
  readonly output: readonly string[];
}

export interface BuildOptions {
  /** `build` or `clean`: the field of node.yaml that it is. */
  readonly field: 'build' | 'clean';
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Takes the output too, as it comes. */
  readonly log: OutputSink;
  /** Default 30 minutes. */
  readonly timeoutMs?: number;
  /** From SIGTERM to SIGKILL, default 5 s. */
  readonly graceMs?: number;
  /** Aborted when the daemon ends. */
  readonly signal: AbortSignal;
  /** See {@link BuildProcessOptions.tether}; default none. */
  readonly tether?: string | undefined;
}

const DEFAULT_TIMEOUT_MS = 30 * 60_000;
const DEFAULT_GRACE_MS = 5_000;
/** Beyond the grace; a tether that then still runs is stuck. */
const STUCK_MS = 2_000;
const MAX_LINES = 200;
const MAX_LINE_CHARACTERS = 500;

/**
 * Runs the build or clean command of a node to its end, or to the time limit, in a process group of its own: a child of
 * the daemon whatever runs the nodes, since a build must not outlive who asked for it; with a tether not even a daemon
 * that is killed. Never throws.
 */
export async function runBuild(command: string | undefined, options: BuildOptions): Promise<BuildResult> {
  if (command === undefined) {
    return {
      ok: false,
      message: `its node.yaml has no "${options.field}"; add one that names the command`,
      output: [],
    };
  }
  const words = splitCommand(command, options.env);
  if (!words.ok) return { ok: false, message: `its ${options.field}: ${words.reason}`, output: [] };
  if (options.signal.aborted) return { ok: false, message: 'the daemon is stopping', output: [] };
  const lines = new LastLines();
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  try {
    const build = startBuildProcess(words.words, {
      cwd: options.cwd,
      env: options.env,
      graceMs: options.graceMs ?? DEFAULT_GRACE_MS,
      tether: options.tether,
    });
    readOutput(build.child, [options.log, lines]);
    const { code, signal, cause } = await finish(build, options, timeoutMs);
    options.log.end();
    lines.end();
    const output = lines.lines;
    if (cause === 'timeout') return { ok: false, message: `took more than ${describeLimit(timeoutMs)}`, output };
    if (cause === 'aborted') return { ok: false, message: 'the daemon is stopping', output };
    return code === 0
      ? { ok: true, message: options.field === 'build' ? 'built' : 'cleaned', output }
      : { ok: false, message: `${options.field} ended with ${describeExit(code, signal)}`, output };
  } catch (error) {
    const [program] = words.words;
    const reason = isCode(error, 'ENOENT')
      ? `${program} was not found (in ${options.cwd} or on PATH); install it, or mend "${options.field}" in node.yaml`
      : messageOf(error);
    return { ok: false, message: reason, output: lines.lines };
  }
}

interface Exit extends BuildEnd {
  readonly cause: 'itself' | 'timeout' | 'aborted';
}

/** Resolves when it has ended and its output was read; rejects where it could not be started. */
function finish({ child, endOf }: BuildProcess, options: BuildOptions, timeoutMs: number): Promise<Exit> {
  return new Promise((resolve, reject) => {
    let cause: Exit['cause'] = 'itself';
    let killTimer: NodeJS.Timeout | undefined;
    const end = (why: Exit['cause']) => {
      if (cause !== 'itself') return;
      cause = why;
      signalGroup(child, 'SIGTERM');
      const killMs = (options.graceMs ?? DEFAULT_GRACE_MS) + (options.tether === undefined ? 0 : STUCK_MS);
      killTimer = setTimeout(() => {
        signalGroup(child, 'SIGKILL');
        // Who left the group may hold the pipes for ever.
        for (const pipe of child.stdio) pipe?.destroy();
      }, killMs);
    };
    const limit = setTimeout(() => end('timeout'), timeoutMs);
    const abort = () => end('aborted');
    options.signal.addEventListener('abort', abort, { once: true });
    const clear = () => {
      clearTimeout(limit);
      clearTimeout(killTimer);
      options.signal.removeEventListener('abort', abort);
    };
    child.once('error', (error) => {
      clear();
      reject(error);
    });
    child.once('close', (code, signal) => {
      clear();
      // Whatever it started and left behind in its group.
      signalGroup(child, 'SIGKILL');
      try {
        resolve({ ...endOf(code, signal), cause });
      } catch (error) {
        reject(error);
      }
    });
  });
}

function readOutput(child: ChildProcess, sinks: readonly [OutputSink, OutputSink]): void {
  for (const [name, stream] of [['out', child.stdout] as const, ['err', child.stderr] as const]) {
    stream?.on('data', (chunk: Buffer) => {
      const waiting = sinks.filter((sink) => !sink.write(name, chunk));
      if (waiting.length === 0) return;
      stream.pause();
      void Promise.all(waiting.map((sink) => sink.whenReady())).then(() => stream.resume());
    });
  }
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    // Ended by itself meanwhile, as wanted.
    if (!isCode(error, 'ESRCH') && !isCode(error, 'EPERM')) throw error;
  }
}

function describeLimit(timeoutMs: number): string {
  return timeoutMs >= 60_000 ? `${Math.round(timeoutMs / 60_000)} minutes` : `${timeoutMs} ms`;
}

/** Keeps the end of an output. */
class LastLines implements OutputSink {
  lines: string[] = [];
  /** Unfinished lines: each stream has its own. */
  readonly #rests = { out: '', err: '' };

  write(stream: 'out' | 'err', chunk: Uint8Array): boolean {
    const parts = (this.#rests[stream] + Buffer.from(chunk).toString('utf8')).split('\n');
    // A build that never ends its line keeps the beginning of it.
    this.#rests[stream] = (parts.pop() ?? '').slice(0, MAX_LINE_CHARACTERS);
    this.#keep(parts);
    return true;
  }

  whenReady(): Promise<void> {
    return Promise.resolve();
  }

  end(): void {
    this.#keep([this.#rests.out, this.#rests.err].filter((rest) => rest !== ''));
    this.#rests.out = '';
    this.#rests.err = '';
  }

  #keep(lines: readonly string[]): void {
    this.lines = [...this.lines, ...lines.map((line) => line.slice(0, MAX_LINE_CHARACTERS))].slice(-MAX_LINES);
  }
}
