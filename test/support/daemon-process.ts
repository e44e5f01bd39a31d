import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { bubbaloop } from './command-line.ts';

/** A `bubbaloop daemon` of a test. */
export interface DaemonProcess {
  readonly child: ChildProcess;
  /** What it has said so far. */
  readonly said: () => string;
}

/**
 * Starts one; resolves once it says that it is ready, rejects with what it said where it ends before. `inside`: words before
 * the command, of a program that runs it in another place.
 */
export async function startDaemon(
  env: NodeJS.ProcessEnv,
  flags: readonly string[] = [],
  inside: readonly string[] = [],
): Promise<DaemonProcess> {
  const [program = bubbaloop, ...words] = [...inside, bubbaloop, 'daemon', ...flags];
  const child = spawn(program, words, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const lines: string[] = [];
  const said = () => lines.join('\n');
  await new Promise<void>((resolve, reject) => {
    const input = createInterface({ input: child.stderr });
    input.on('line', (line) => {
      lines.push(line);
      if (line.includes('Ready:')) resolve();
    });
    input.on('close', () => reject(new Error(`the daemon ended: ${said()}`)));
    child.once('error', reject);
  });
  return { child, said };
}
