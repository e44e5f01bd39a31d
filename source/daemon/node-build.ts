import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend, OutputSink } from './backend.ts';
import { splitCommand } from './command-words.ts';
import { messageOf } from './home.ts';
import { describeExit } from './node-machine.ts';
import type { NodeSpec } from './node-spec.ts';

export interface BuildResult {
  readonly ok: boolean;
  readonly message: string;
  /** Its last lines, oldest first. */
  readonly output: readonly string[];
}

const DEFAULT_TIMEOUT_MS = 30 * 60_000;
const MAX_LINES = 200;
const MAX_LINE_CHARACTERS = 500;

/** Runs the build command of a node to its end, or to the time limit. Never throws. */
export async function buildNode(
  spec: NodeSpec,
  options: {
    readonly backend: Backend;
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly timeoutMs?: number;
    readonly signal: AbortSignal;
  },
): Promise<BuildResult> {
  if (spec.build === undefined) return { ok: false, message: 'its node.yaml has no "build"', output: [] };
  const words = splitCommand(spec.build, options.env);
  if (!words.ok) return { ok: false, message: words.reason, output: [] };
  const output = new LastLines();
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  try {
    const process = await options.backend.start({ words: words.words, cwd: spec.path, env: options.env, output });
    const limit = new AbortController();
    const signal = AbortSignal.any([limit.signal, options.signal]);
    const timeout = sleep(timeoutMs, 'timeout' as const, { signal }).catch(() => 'aborted' as const);
    const first = await Promise.race([process.ended, timeout]);
    if (typeof first === 'string') process.terminate();
    const { code, signal: exitSignal } = await process.ended;
    limit.abort();
    if (first === 'timeout')
      return { ok: false, message: `took more than ${timeoutMs / 60_000} minutes`, output: output.lines };
    if (first === 'aborted') return { ok: false, message: 'the daemon is stopping', output: output.lines };
    return code === 0
      ? { ok: true, message: 'built', output: output.lines }
      : { ok: false, message: `build ended with ${describeExit(code, exitSignal)}`, output: output.lines };
  } catch (error) {
    return { ok: false, message: messageOf(error), output: output.lines };
  }
}

/** Keeps the end of an output. */
class LastLines implements OutputSink {
  lines: string[] = [];
  #rest = '';

  write(_stream: 'out' | 'err', chunk: Uint8Array): boolean {
    const parts = (this.#rest + Buffer.from(chunk).toString('utf8')).split('\n');
    // A build that never ends its line keeps the beginning of it.
    this.#rest = (parts.pop() ?? '').slice(0, MAX_LINE_CHARACTERS);
    this.lines = [...this.lines, ...parts.map((line) => line.slice(0, MAX_LINE_CHARACTERS))].slice(-MAX_LINES);
    return true;
  }

  whenReady(): Promise<void> {
    return Promise.resolve();
  }

  end(): void {
    if (this.#rest !== '') this.lines = [...this.lines, this.#rest].slice(-MAX_LINES);
    this.#rest = '';
  }
}
