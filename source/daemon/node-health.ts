import type { NodeHealth } from '../wire/node-state.ts';

/** Without a heartbeat for so long a node is unhealthy, wire-format. Nodes beat every 5 s. */
export const SILENCE_MS = 30_000;

/** Health of a running node from its last heartbeat; times are monotonic milliseconds. */
export function judgeHealth(lastBeatMs: number | undefined, nowMs: number): NodeHealth {
  if (lastBeatMs === undefined) return 'unknown';
  return nowMs - lastBeatMs > SILENCE_MS ? 'unhealthy' : 'healthy';
}
