import type { ActionTarget } from '../fleet/batch-actions.ts';
import type { FleetState } from '../fleet/state.ts';

/** Why a node does not run, in words (untrusted); undefined where it does, or nothing was heard of it after `sinceMs`. */
export function nodeAilment(state: FleetState, target: ActionTarget, sinceMs: number): string | undefined {
  if ((state.answeredAtMs.get(target.machine) ?? 0) <= sinceMs) return undefined;
  const node = state.machines.get(target.machine)?.nodes.find(({ name }) => name === target.node);
  if (node === undefined) return 'its daemon does not list it any more';
  if (node.status !== 'failed') return undefined;
  const last = node.lastLogLines.at(-1);
  return `it failed: ${node.lastExit || 'no reason given'}${last === undefined ? '' : `, last line "${last}"`}`;
}
