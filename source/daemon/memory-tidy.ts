import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const LOOK_MS = 10_000;
/** Growth that is worth the pause of some ten milliseconds. */
const HEAP_GROWTH_BYTES = 1024 * 1024;
/** Growth of mapped files that is worth mapping again what is in use. */
const FILE_GROWTH_BYTES = 8 * 1024 * 1024;
/** Share of its time that the process worked since the last look; above, nobody is to wait for a collection. */
const IDLE_SHARE = 0.03;
/** Share of a core; above, code is in use that would only be mapped again. A small machine idles at a few hundredths. */
const CALM_SHARE = 0.1;

export interface TidyOptions {
  /** Lets go of mapped pages of program files; absent where there is no native part. */
  readonly releaseFilePages?: () => unknown;
  /** Between two looks, default 10 s. */
  readonly lookMs?: number;
}

/**
 * V8 keeps what a burst of commands made its heap grow to, for good where little happens afterwards, and of Node's and
 * zenoh's code two thirds are mapped that only a start needs: a daemon then holds twice the memory that it works with.
 * This gives it back. For the whole process; returns the function that ends it.
 */
export function keepMemorySmall(options: TidyOptions = {}): () => void {
  // A flood of commands would let the heap's young part grow to 48 MB, which it never gives back.
  setFlagsFromString('--semi-space-growth-factor=1');
  // What a daemon does is short and seldom: the compiler for the hottest code, 6 MB of V8 mapped, is not worth it.
  setFlagsFromString('--no-opt');
  const tidyHeap = heapTidier();
  const tidyFiles = fileTidier(options.releaseFilePages);
  const lookMs = options.lookMs ?? LOOK_MS;
  let loopBefore = performance.eventLoopUtilization();
  let cpuBefore = process.cpuUsage();
  const timer = setInterval(() => {
    const loop = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(loop, loopBefore);
    const { user, system } = process.cpuUsage(cpuBefore);
    loopBefore = loop;
    cpuBefore = process.cpuUsage();
    // Where others have the processor little work takes long, and a collection would take much longer.
    if (utilization <= IDLE_SHARE) tidyHeap();
    // Two milliseconds. After the collection, which maps code of its own.
    if ((user + system) / 1_000 / lookMs <= CALM_SHARE) tidyFiles();
  }, lookMs).unref();
  return () => clearInterval(timer);
}

function heapTidier(): () => void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') return () => undefined;
  let tidyBytes = 0;
  return () => {
    if (getHeapStatistics().total_heap_size < tidyBytes + HEAP_GROWTH_BYTES) return;
    // The flavor that also gives free pages back.
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    tidyBytes = getHeapStatistics().total_heap_size;
  };
}

function fileTidier(release: (() => unknown) | undefined): () => void {
  if (release === undefined) return () => undefined;
  let inUseBytes: number | undefined = 0;
  return () => {
    const bytes = mappedFileBytes();
    // What was mapped again since the last time is what this process works with.
    inUseBytes ??= bytes;
    if (bytes < inUseBytes + FILE_GROWTH_BYTES) return;
    release();
    inUseBytes = undefined;
  };
}

/** RssFile of /proc/self/status; 0 where there is none. */
function mappedFileBytes(): number {
  try {
    const kilobytes = /^RssFile:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1];
    return Number(kilobytes ?? 0) * 1024;
  } catch {
    // Not Linux, or no descriptor left: nothing is given back this time.
    return 0;
  }
}
