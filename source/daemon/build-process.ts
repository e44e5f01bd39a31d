import { type ChildProcess, spawn } from 'node:child_process';

export interface BuildProcess {
  /** Leads a process group. Its `close` comes when everyone who holds its output is gone. */
  readonly child: ChildProcess;
  /** How the program ended, from how the child did. Throws an error with a `code` where it was not started. */
  readonly endOf: (code: number | null, signal: string | null) => BuildEnd;
}

export interface BuildEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface BuildProcessOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** From SIGTERM to SIGKILL. */
  readonly graceMs: number;
  /** `bubbaloop-shim`, which ends with this process, whatever kills it, and takes with it all that the program started. */
  readonly tether: string | undefined;
}

/** Starts a program whose output is read. Without a tether it outlives this process where that is killed. */
export function startBuildProcess(words: readonly [string, ...string[]], options: BuildProcessOptions): BuildProcess {
  const { cwd, env, graceMs, tether } = options;
  const [program, ...rest] = words;
  if (tether === undefined) {
    const child = spawn(program, rest, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    return { child, endOf: (code, signal) => ({ code, signal }) };
  }
  const child = spawn(tether, ['tether', String(process.pid), String(graceMs), ...words], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  let told = '';
  child.stdio[3]?.on('data', (chunk: Buffer) => {
    told += chunk.toString('utf8');
  });
  return { child, endOf: (code, signal) => readEnd(told.trim(), program) ?? { code, signal } };
}

/** The line of source/native/src/shim/tether.rs; undefined where it was killed before it could write one. */
function readEnd(line: string, program: string): BuildEnd | undefined {
  const [word, rest = ''] = line.split(/ (.*)/s);
  if (word === 'exit') return { code: Number(rest), signal: null };
  if (word !== 'error') return line === '' ? undefined : { code: null, signal: line };
  const message = rest === 'EACCES' ? `${program} may not be executed` : rest;
  throw Object.assign(new Error(message), { code: rest });
}
