import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

/** The launcher, as a user runs it. */
export const bubbaloop: string = join(import.meta.dirname, '..', '..', 'bin', 'bubbaloop');

export type Finished = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** Runs `bubbaloop` to its end, without a terminal. Killed after `timeoutMs` (default 30 s), then `code` is null. */
export function runBubbaloop(
  words: readonly string[],
  options: {
    readonly env?: NodeJS.ProcessEnv;
    readonly timeoutMs?: number;
    readonly cwd?: string;
    readonly stdin?: string | Uint8Array;
  } = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(bubbaloop, words, {
      env: { ...process.env, NO_COLOR: '1', ...options.env },
      cwd: options.cwd,
      stdio: [options.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      timeout: options.timeoutMs ?? 30_000,
      killSignal: 'SIGKILL',
    });
    const output = { stdout: '', stderr: '' };
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (output.stdout += chunk));
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (output.stderr += chunk));
    child.once('error', reject);
    // A command that ends without reading it closes the pipe.
    child.stdin?.on('error', () => undefined).end(options.stdin);
    child.once('close', (code) => resolve({ code, ...output }));
  });
}

/** Ends a process by its id and waits for it; SIGKILL after 5 s. */
export function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill('SIGTERM');
  });
}
