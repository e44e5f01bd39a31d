/** Keys that find rows, choose them, act on them, and those of an open log: a part of the key map. */
import type { BatchAction } from '../fleet/batch-actions.ts';
import { READ_ONLY_REASON } from '../fleet/command-gate.ts';
import { unfitReason } from './action-fit.ts';
import { type Binding, type KeyContext, keymapOf } from './keymap.ts';

export function needsNode(context: KeyContext): string | undefined {
  if (context.node === undefined)
    return `Select a node first: key ${keymapOf(context).label('pane-nodes')} goes to the nodes.`;
  return undefined;
}

/** What is not there where a recording is shown. */
export function needsFleet(context: KeyContext, lack: string): string | undefined {
  return context.isReplay === true ? `This is a recording: it has ${lack}.` : undefined;
}

/** Why an action cannot be ordered for what is chosen; where several nodes are, one that fits is enough. */
function orderReason(action: BatchAction): (context: KeyContext) => string | undefined {
  return (context) => {
    if (context.isReplay === true) return 'This is a recording: it shows what was, and takes no commands.';
    if (context.readOnly) return READ_ONLY_REASON;
    const chosen = context.chosen ?? (context.node === undefined ? [] : [context.node]);
    const [first] = chosen;
    if (first === undefined) return needsNode(context);
    if (context.linkProblem !== undefined) return context.linkProblem;
    if (chosen.some((node) => unfitReason(action, node) === undefined)) return undefined;
    const reason = unfitReason(action, first);
    return chosen.length === 1 ? reason : `None of the ${chosen.length} chosen nodes: ${reason}`;
  };
}

function needsLog(context: KeyContext): string | undefined {
  return context.isLogOpen === true
    ? undefined
    : `This works in an open log: key ${keymapOf(context).label('logs')} opens one.`;
}

function needsRow(context: KeyContext): string | undefined {
  return context.hasRow ? undefined : 'There is no row here.';
}

export const FIND_BINDINGS: readonly Binding[] = [
  {
    action: 'palette',
    keys: [':'],
    group: 'Look',
    footer: 'go to',
    isFooterSpare: true,
    help: 'go to a pane, machine or node, or do something, by name; Tab completes',
  },
  { action: 'sort-next', keys: ['>'], group: 'Look', help: 'sort by the next column' },
  { action: 'sort-previous', keys: ['<'], group: 'Look', help: 'sort by the previous column' },
  {
    action: 'sort-reverse',
    keys: ['o'],
    group: 'Look',
    help: 'turn the order round',
    disabledReason: (context) =>
      context.isSorted === true ? undefined : 'The rows stand in their own order: < and > choose a column to sort by.',
  },
  { action: 'actions', keys: ['A'], group: 'Look', help: 'what was ordered here, and what came of it for each node' },
  {
    action: 'mark',
    keys: [' '],
    group: 'Choose',
    help: 'choose the selected row with others',
    disabledReason: needsRow,
  },
  {
    action: 'mark-range',
    keys: ['v'],
    group: 'Choose',
    help: 'choose all rows from here to where the selection goes; again ends it',
    disabledReason: needsRow,
  },
  {
    action: 'mark-up',
    keys: ['shift-up'],
    group: 'Choose',
    help: 'choose the row and go up',
    disabledReason: needsRow,
  },
  {
    action: 'mark-down',
    keys: ['shift-down'],
    group: 'Choose',
    help: 'choose the row and go down',
    disabledReason: needsRow,
  },
  {
    action: 'mark-all',
    keys: ['*'],
    group: 'Choose',
    help: 'choose all rows that are shown; again none of them',
    disabledReason: needsRow,
  },
];

export const ACT_BINDINGS: readonly Binding[] = [
  {
    action: 'start',
    keys: ['s'],
    group: 'Act',
    footer: 'start',
    help: 'start the selected node, or all that are chosen (asks first for several)',
    disabledReason: orderReason('start'),
  },
  {
    action: 'stop',
    keys: ['x'],
    group: 'Act',
    footer: 'stop',
    help: 'stop the selected node, or all chosen (asks first); among the actions: give up what has not begun',
    disabledReason: orderReason('stop'),
  },
  {
    action: 'restart',
    keys: ['r'],
    group: 'Act',
    footer: 'restart',
    help: 'restart the selected node, or all that are chosen (asks first)',
    disabledReason: orderReason('restart'),
  },
  {
    action: 'build',
    keys: ['b'],
    group: 'Act',
    help: 'build the selected node, or all that are chosen: the `build` of their node.yaml',
    disabledReason: orderReason('build'),
  },
  {
    action: 'enable',
    keys: ['e'],
    group: 'Act',
    help: 'enable the selected node, or all that are chosen: to start with their daemon',
    disabledReason: orderReason('enable_autostart'),
  },
  {
    action: 'disable',
    keys: ['E'],
    group: 'Act',
    help: 'disable the selected node, or all that are chosen: no longer to start with their daemon',
    disabledReason: orderReason('disable_autostart'),
  },
];

export const LOG_BINDINGS: readonly Binding[] = [
  {
    action: 'log-next',
    keys: ['n'],
    group: 'In a log',
    help: 'next place of what `/` looked for',
    disabledReason: needsLog,
  },
  {
    action: 'log-previous',
    keys: ['N'],
    group: 'In a log',
    help: 'previous place of it',
    disabledReason: needsLog,
  },
  {
    action: 'log-filter',
    keys: ['&'],
    group: 'In a log',
    help: 'only lines that have a text; `!` before it: that have it not',
    disabledReason: needsLog,
  },
  {
    action: 'log-wrap',
    keys: ['w'],
    group: 'In a log',
    help: 'break long lines, or cut them and let `←` `→` scroll',
    disabledReason: needsLog,
  },
];
