/** Whether an action makes sense for a node now, and which nodes a key means. */
import type { BatchAction } from '../fleet/batch-actions.ts';
import { type NodeStatus, nodeKey } from '../fleet/state.ts';
import type { KeyContext, NodeContext } from './keymap.ts';
import type { PaneContent } from './pane.ts';
import type { AlertRow, NodeRow, PaneRow } from './rows.ts';
import { selectedIndex, type UiState } from './ui-state.ts';

const STARTED: ReadonlySet<NodeStatus | string> = new Set(['running', 'installing', 'building']);

/** Why the action is pointless or impossible for the node; undefined where it is not. */
export function unfitReason(action: BatchAction, node: NodeContext): string | undefined {
  const { name, machine, status } = node;
  if (node.isLost) return `${machine} does not answer: its daemon cannot be told anything now.`;
  if (node.pending !== undefined) return `${node.pending} of ${name} is still under way: wait for its answer.`;
  switch (action) {
    case 'start':
      return STARTED.has(status) ? `${name} is already ${status}.` : undefined;
    case 'stop':
      return status === 'stopped' || status === 'not-installed' ? `${name} is not running.` : undefined;
    case 'restart':
      return undefined;
    case 'build':
      return status === 'building' ? `${name} is being built already.` : undefined;
    case 'enable_autostart':
      return node.startsAtBoot === true ? `${name} starts with its daemon already.` : undefined;
    case 'disable_autostart':
      return node.startsAtBoot === false ? `${name} does not start with its daemon as it is.` : undefined;
  }
}

/** The selected node, where the selected pane holds nodes. */
export function selectedNode(ui: UiState, rows: readonly PaneRow[]): NodeRow | undefined {
  const row = rows[selectedIndex(ui.views[ui.pane], rows)];
  return row === undefined ? undefined : nodeOf(row);
}

/** The node of a row, where it is one, or is about one: in its own pane, in the tree, or as what is wrong. */
export function nodeOf(row: PaneRow): NodeRow | undefined {
  if ('nodeRow' in row) return row.nodeRow;
  if ('alert' in row) return nodeOfAlert(row);
  return 'node' in row ? row : undefined;
}

function nodeOfAlert({ alert: { machine, node } }: AlertRow): NodeRow | undefined {
  if (machine === undefined || node === undefined) return undefined;
  const freshness = machine.lostSinceMs === undefined ? 'live' : 'lost';
  return { key: nodeKey(machine.id, node.name), freshness, machine: machine.id, node, hasToken: false };
}

/** The nodes that a key means: those chosen together, shown or not, else the selected one. */
export function chosenNodes(ui: UiState, content: Pick<PaneContent, 'rows' | 'all'>): readonly NodeRow[] {
  const { marks } = ui.views[ui.pane];
  if (marks !== undefined) {
    const chosen = content.all.flatMap((row) => (marks.keys.has(row.key) ? (nodeOf(row) ?? []) : []));
    // Of one node more than one thing may be wrong.
    if (chosen.length > 0) return [...new Map(chosen.map((row) => [row.key, row])).values()];
  }
  const row = selectedNode(ui, content.rows);
  return row === undefined ? [] : [row];
}

export function nodeContext(row: NodeRow, ui: UiState): NodeContext {
  return {
    name: row.node.name,
    machine: row.machine,
    status: row.node.status,
    isLost: row.freshness === 'lost',
    pending: ui.pending.get(row.key)?.action,
    startsAtBoot: row.node.startsAtBoot,
  };
}

/** What decides which keys work now. */
export function keyContext(
  ui: UiState,
  content: PaneContent,
  world: Pick<KeyContext, 'readOnly' | 'linkProblem' | 'isReplay' | 'keymap'>,
): KeyContext {
  const view = ui.views[ui.pane];
  const row = selectedNode(ui, content.rows);
  const chosen = view.marks === undefined ? [] : chosenNodes(ui, content);
  return {
    ...world,
    isWallOpen: ui.overlay.kind === 'cameras',
    isLogOpen: ui.overlay.kind === 'logs',
    hasRow: content.rows.length > 0,
    hasFilter: view.filter !== '',
    markCount: view.marks?.keys.size ?? 0,
    isSorted: content.sort !== undefined,
    node: row && nodeContext(row, ui),
    chosen: chosen.length === 0 ? undefined : chosen.map((one) => nodeContext(one, ui)),
  };
}
