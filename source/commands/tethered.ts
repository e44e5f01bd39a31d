import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** A program that ends when this process ends, whatever ends it. */
export type Tethered = {
  /** Resolves with the first line on its stdout; rejects with the reason where it ends before or says nothing in time. */
  firstLine(timeoutMs: number): Promise<string>;
  /** SIGTERM, and SIGKILL after the limit. Resolves when it is gone. Safe to call twice. */
  end(limitMs: number): Promise<void>;
};

// The shell holds the program and reads a pipe from us: when we are gone, by kill -9 too, the pipe ends and so does the
// program. `cat` is the one reader of the pipe; the program's own stdin is empty, and the shell lets go of stdout so
// that its end is the program's end.
const tether = `"$@" </dev/null & program=$!
exec >&-
cat >/dev/null
kill "$program" 2>/dev/null
wait "$program"`;

/**
 * Starts a program tied to this process. It runs in a process group of its own: a Ctrl-C in the terminal is ours alone.
 * stderr goes to `logFile`.
 */
export function startTethered(
  words: readonly [string, ...string[]],
  options: { readonly env: NodeJS.ProcessEnv; readonly logFile: string },
): Tethered {
  const log = openSync(options.logFile, 'a');
  const shell = spawn('/bin/sh', ['-c', tether, 'tether', ...words], {
    detached: true,
    env: options.env,
    stdio: ['pipe', 'pipe', log],
  });
  closeSync(log);
  // The program may end first: writing to it is never an error of ours.
  shell.stdin?.on('error', () => undefined);
  const exited = new Promise<void>((resolve) => {
    shell.once('close', () => resolve());
    shell.once('error', () => resolve());
  });

  return {
    firstLine: (timeoutMs) => firstLineOf(shell, words[0], timeoutMs),
    async end(limitMs) {
      shell.stdin?.end();
      const timer = setTimeout(() => killGroup(shell), limitMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

function killGroup(shell: ChildProcess): void {
  if (shell.pid === undefined) return;
  try {
    process.kill(-shell.pid, 'SIGKILL');
  } catch (error) {
    // ESRCH: everything in the group is gone already, which is what was wanted.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function firstLineOf(shell: ChildProcess, name: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const { stdout } = shell;
    if (stdout === null) return reject(new Error(`${name} has no output`));
    const timer = setTimeout(() => reject(new Error(`${name} said nothing for ${timeoutMs} ms`)), timeoutMs);
    const lines = createInterface({ input: stdout });
    lines.once('line', (line) => {
      clearTimeout(timer);
      resolve(line);
    });
    lines.once('close', () => {
      clearTimeout(timer);
      reject(new Error(`${name} ended before it was ready`));
    });
    shell.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}
