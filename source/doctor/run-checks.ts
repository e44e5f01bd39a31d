/** Runs checks side by side, each within a time limit; one that throws or hangs is a finding like the others. */
import { setTimeout as sleep } from 'node:timers/promises';
import { plainText } from '../wire/plain-text.ts';
import type { Check, Result } from './check.ts';
import { Facts, type FactsOptions } from './facts.ts';

export interface CheckReport extends Result {
  readonly id: string;
  readonly area: string;
  readonly title: string;
  readonly tookMs: number;
  /** With `--fix`: what was done about it, or why that failed. The rest is how it looked afterwards. */
  readonly fixed?: string;
}

export interface RunOptions {
  /** Mend what can be mended, and look again. */
  readonly fix?: boolean;
  /** Of one check, milliseconds; default 8000. */
  readonly limitMs?: number;
}

const LIMIT_MS = 8_000;

export async function runChecks(
  checks: readonly Check[],
  options: FactsOptions,
  { fix = false, limitMs = LIMIT_MS }: RunOptions = {},
): Promise<CheckReport[]> {
  const reports = await lookAt(checks, options, limitMs);
  if (!fix) return reports;
  const ailing = checks.filter((_check, index) => reports[index]?.isFixable === true);
  if (ailing.length === 0) return reports;
  const done = new Map<string, string>();
  await using facts = new Facts(options);
  // One after the other: what one mends another may build on.
  for (const check of ailing) done.set(check.id, await mend(check, facts));
  const again = await lookAt(checks, options, limitMs);
  return again.map((report) => {
    const fixed = done.get(report.id);
    return fixed === undefined ? report : { ...report, fixed: plainText(fixed) };
  });
}

/** Facts are shared by the checks of one look, and never by two looks. */
async function lookAt(checks: readonly Check[], options: FactsOptions, limitMs: number): Promise<CheckReport[]> {
  await using facts = new Facts(options);
  return await Promise.all(checks.map((check) => runCheck(check, facts, limitMs)));
}

async function runCheck(check: Check, facts: Facts, limitMs: number): Promise<CheckReport> {
  const startedAtMs = performance.now();
  const { id, area, title } = check;
  const result = await judged(check, facts, limitMs);
  return { id, area, title, ...plain(result), tookMs: Math.round(performance.now() - startedAtMs) };
}

async function judged(check: Check, facts: Facts, limitMs: number): Promise<Result> {
  const limit = new AbortController();
  try {
    return await Promise.race([
      Promise.resolve().then(() => check.run(facts)),
      sleep(limitMs, undefined, { signal: limit.signal }).then((): Result => {
        return { outcome: 'problem', tried: check.title, seen: `Nothing came of it in ${limitMs / 1_000} s.` };
      }),
    ]);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return {
      outcome: 'problem',
      tried: check.title,
      seen: `It could not be looked at: ${message}`,
      means: 'What this check is about is not as it expects; that may be the trouble itself.',
    };
  } finally {
    limit.abort();
  }
}

async function mend(check: Check, facts: Facts): Promise<string> {
  try {
    return (await check.fix?.(facts)) ?? 'Nothing was done.';
  } catch (error) {
    return `It could not be mended: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function plain(result: Result): Result {
  const { means, remedy } = result;
  return {
    ...result,
    tried: plainText(result.tried),
    seen: plainText(result.seen),
    ...(means === undefined ? {} : { means: plainText(means) }),
    ...(remedy === undefined ? {} : { remedy: plainText(remedy) }),
  };
}
