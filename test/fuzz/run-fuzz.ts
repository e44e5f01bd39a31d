import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { seededRandom } from '../support/seeded-random.ts';
import { type FuzzTarget, fuzzInput, fuzzTargets } from './targets.ts';

export interface FuzzReport {
  readonly target: string;
  readonly inputs: number;
  readonly accepted: number;
  /** What is reachable after a collection, heap and buffers, from a tenth of the inputs on to the end. */
  readonly grownBytes: number;
  /** Anonymous memory of the process after the same collections, which give back what V8 holds in advance. */
  readonly grownAnonymousBytes: number;
}

/** Long enough between two looks at the event loop that writing to disk in the background keeps up. */
const BREATH = 500;

/**
 * Feeds every target its share of `count` inputs made from `seed`. Rejects at the first that breaks, with the input in
 * hexadecimal.
 */
export async function runFuzz(
  count: number,
  seed: number,
  onReport?: (report: FuzzReport) => void,
): Promise<FuzzReport[]> {
  const folder = mkdtempSync(join('/dev/shm', 'bubbaloop-fuzz-'));
  try {
    const reports: FuzzReport[] = [];
    const targets = fuzzTargets(folder);
    for (const target of targets) {
      const report = await feed(target, Math.ceil(count / targets.length), seed);
      await target.close();
      reports.push(report);
      onReport?.(report);
    }
    return reports;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function feed(target: FuzzTarget, inputs: number, seed: number): Promise<FuzzReport> {
  const random = seededRandom(seed);
  let warning: Error | undefined;
  const onWarning = (raised: Error): void => {
    warning ??= raised;
  };
  process.on('warning', onWarning);
  let before = memoryAfterCollection();
  for (let round = 0; round < inputs; round += 1) {
    if (round === Math.floor(inputs / 10)) before = memoryAfterCollection();
    const input = fuzzInput(target, random);
    try {
      await target.run(input);
    } catch (error) {
      const hex = Buffer.from(input).toString('hex');
      throw new Error(`${target.name}, seed ${seed}, input ${round}: ${hex}`, { cause: error });
    }
    if (round % BREATH === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', onWarning);
  // Node prints them on stderr, with whatever they quote.
  if (warning !== undefined) throw new Error(`${target.name}, seed ${seed}: a warning was printed`, { cause: warning });
  const after = memoryAfterCollection();
  return {
    target: target.name,
    inputs,
    accepted: target.acceptedCount(),
    grownBytes: after.usedBytes - before.usedBytes,
    grownAnonymousBytes: after.anonymousBytes - before.anonymousBytes,
  };
}

function memoryAfterCollection(): { readonly usedBytes: number; readonly anonymousBytes: number } {
  setFlagsFromString('--expose-gc');
  const collect: (options: object) => void = runInNewContext('gc');
  // A heap that has to take a flood of garbage is made tenfold of what lives in it: only this flavor gives it back.
  for (let count = 0; count < 3; count += 1) collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  const { heapUsed, external } = process.memoryUsage();
  const kilobytes = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1];
  return { usedBytes: heapUsed + external, anonymousBytes: Number(kilobytes) * 1024 };
}
