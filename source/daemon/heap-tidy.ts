import { performance } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const LOOK_MS = 10_000;
/** Growth that is worth the pause of some ten milliseconds. */
const GROWTH_BYTES = 1024 * 1024;
/** Share of its time that the process worked since the last look; above, nobody is to wait for a collection. */
const IDLE_SHARE = 0.03;

/**
 * V8 keeps what a burst of commands made its heap grow to, for good where little happens afterwards: a daemon then holds
 * twice the memory that it needs. This gives it back. For the whole process; returns the function that ends it.
 */
export function keepHeapSmall(): () => void {
  // A flood of commands would let the heap's young part grow to 48 MB, which it never gives back.
  setFlagsFromString('--semi-space-growth-factor=1');
  // What a daemon does is short and seldom: the compiler for the hottest code, 6 MB of V8 mapped, is not worth it.
  setFlagsFromString('--no-opt');
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') return () => undefined;
  let tidyBytes = 0;
  let before = performance.eventLoopUtilization();
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    if (utilization > IDLE_SHARE) return;
    if (getHeapStatistics().total_heap_size < tidyBytes + GROWTH_BYTES) return;
    // The flavor that also gives free pages back.
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    tidyBytes = getHeapStatistics().total_heap_size;
  }, LOOK_MS).unref();
  return () => clearInterval(timer);
}
