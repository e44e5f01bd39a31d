/** Whether a node's outputs flow, from one look at its manifest to the next. Pure. Times are monotonic milliseconds. */
import type { NodeIo } from '../wire/manifest.ts';
import type { OutputFlow } from '../wire/node-state.ts';

/** One look at a node's outputs, and what is remembered of those before. */
export interface OutputLook {
  readonly outputs: readonly OutputSeen[];
  readonly flow: OutputFlow;
  /** Messages per second of the busiest output since the look before; undefined where none counts. */
  readonly rateHz: number | undefined;
  readonly atMs: number;
}

interface OutputSeen {
  readonly io: NodeIo;
  /** The last look at which something had come, or nobody wanted it. */
  readonly silentSinceMs: number;
  /** Least time between two messages, where a look saw more than one. */
  readonly fastestMs: number | undefined;
  readonly rateHz: number | undefined;
  readonly flow: OutputFlow;
}

/** What sends seldom is not quiet between two messages: so many of its usual intervals must pass. */
const QUIET_INTERVALS = 3;

/** `before`: the look before at the same run, where there was one. `nowNs`: the machine's wall clock. */
export function lookAtOutputs(
  before: OutputLook | undefined,
  outputs: readonly NodeIo[],
  now: { readonly atMs: number; readonly nowNs: bigint },
): OutputLook {
  const seen = outputs.map((io) => {
    const last = before?.outputs.find((output) => output.io.topic === io.topic);
    return see(last, io, { ...now, elapsedMs: before === undefined ? 0 : now.atMs - before.atMs });
  });
  const rates = seen.flatMap(({ rateHz }) => rateHz ?? []);
  return {
    outputs: seen,
    flow: worstOf(seen.map(({ flow }) => flow)),
    rateHz: rates.length === 0 ? undefined : Math.max(...rates),
    atMs: now.atMs,
  };
}

/** Of all outputs the one that asks for attention most. */
function worstOf(flows: readonly OutputFlow[]): OutputFlow {
  if (flows.length === 0) return 'none';
  return (['quiet', 'flowing', 'unwanted'] as const).find((flow) => flows.includes(flow)) ?? 'unknown';
}

function see(
  last: OutputSeen | undefined,
  io: NodeIo,
  now: { readonly atMs: number; readonly nowNs: bigint; readonly elapsedMs: number },
): OutputSeen {
  const { firedCount, wanted } = io;
  if (firedCount === undefined) {
    // Nodes of others do not count; what they do tell is whether an output fired and lives.
    const flow = !io.everFired ? 'unknown' : io.stillLive ? 'flowing' : 'quiet';
    return { io, silentSinceMs: now.atMs, fastestMs: undefined, rateHz: undefined, flow };
  }
  const countBefore = last?.io.firedCount;
  const added = countBefore === undefined ? undefined : Number(firedCount - countBefore);
  const rateHz = added === undefined || now.elapsedMs <= 0 ? undefined : Math.max(0, (added * 1_000) / now.elapsedMs);
  const fastest = added !== undefined && added >= 2 ? now.elapsedMs / added : Number.POSITIVE_INFINITY;
  const fastestMs = Math.min(fastest, last?.fastestMs ?? Number.POSITIVE_INFINITY);
  const seen = { io, rateHz, fastestMs: Number.isFinite(fastestMs) ? fastestMs : undefined };
  if (added !== undefined && added > 0) return { ...seen, silentSinceMs: now.atMs, flow: 'flowing' };
  if (wanted === false) return { ...seen, silentSinceMs: now.atMs, flow: 'unwanted' };
  // Somebody may have begun to listen only now.
  if (last === undefined || last.io.wanted !== true) return { ...seen, silentSinceMs: now.atMs, flow: 'unknown' };
  const silentMs = now.atMs - last.silentSinceMs;
  const isDue = silentMs > QUIET_INTERVALS * usualMs(io, seen.fastestMs, now.nowNs, silentMs);
  return { ...seen, silentSinceMs: last.silentSinceMs, flow: isDue ? 'quiet' : 'flowing' };
}

/** Time between two messages: as it was when it sent most, else over its whole life until it fell silent. */
function usualMs(
  { declaredAtNs, firedCount = 0n }: NodeIo,
  fastestMs: number | undefined,
  nowNs: bigint,
  silentMs: number,
): number {
  if (firedCount === 0n) return 0;
  const lifeMs = Number((nowNs - declaredAtNs) / 1_000_000n) - silentMs;
  const meanMs = Math.max(0, lifeMs / Number(firedCount));
  return Math.min(fastestMs ?? Number.POSITIVE_INFINITY, meanMs);
}
