import type { ActionTarget } from '../fleet/batch-actions.ts';
import type { FleetNode, FleetState } from '../fleet/state.ts';

/** How often a node was started again by its daemon, as far as that is known. */
export function restartsOf(state: FleetState, target: ActionTarget): number | undefined {
  return nodeOf(state, target)?.restartCount;
}

/**
 * Why a node does not run, or did not stay up, in words (untrusted); undefined where it does, or nothing was heard of it after
 * `sinceMs`. `restartsBefore` is what {@link restartsOf} was before it was told to start.
 */
export function nodeAilment(
  state: FleetState,
  target: ActionTarget,
  sinceMs: number,
  restartsBefore: number | undefined,
): string | undefined {
  if ((state.answeredAtMs.get(target.machine) ?? 0) <= sinceMs) return undefined;
  const node = nodeOf(state, target);
  if (node === undefined) return 'its daemon does not list it any more';
  const last = node.lastLogLines.at(-1);
  const why = `${node.lastExit || 'no reason given'}${last === undefined ? '' : `, last line "${last}"`}`;
  if (node.status === 'failed') return `it failed: ${why}`;
  const isAgain = restartsBefore !== undefined && (node.restartCount ?? 0) > restartsBefore;
  return isAgain ? `it ended and its daemon started it again: ${why}` : undefined;
}

function nodeOf(state: FleetState, { machine, node }: ActionTarget): FleetNode | undefined {
  return state.machines.get(machine)?.nodes.find(({ name }) => name === node);
}
