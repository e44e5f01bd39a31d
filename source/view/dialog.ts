/** The question before something happens: what, to what, where, and what follows from it. Enter is the safe answer. */
import { actionWord, type BatchAction, TOGETHER_LIMIT } from '../fleet/batch-actions.ts';
import { formatAge, formatRate, plural } from './format.ts';
import type { NodeRow } from './rows.ts';
import { sanitize } from './text.ts';
import type { Dialog } from './ui-state.ts';

/** So many machines, and so many names on each of them, are told one by one. */
const MACHINES_SHOWN = 6;
const NAMES_SHOWN = 6;

const CONSEQUENCES: Readonly<Record<BatchAction, string>> = {
  start: 'What runs already is left alone.',
  stop: 'Processes are asked to end, and killed if they have not after 5 s. They stay stopped until somebody starts them.',
  restart: 'Each is stopped and started again; what it publishes pauses meanwhile.',
  build: 'Each `build` of a node.yaml runs on its machine, which can take minutes and all of its processor.',
  enable_autostart: 'From now on they start with their daemon.',
  disable_autostart: 'They run on, but no longer start with their daemon.',
};

/** The question about `rows`; `leftOut` others were chosen and are left as they are. */
export function makeDialog(action: BatchAction, rows: readonly NodeRow[], nowMs: number, leftOut = 0): Dialog {
  const label = capital(actionWord(action));
  const [first] = rows;
  const isOne = rows.length === 1 && first !== undefined;
  const machines = new Set(rows.map(({ machine }) => machine));
  const title = isOne
    ? `${label} ${sanitize(first.node.name)} on ${sanitize(first.machine)}?`
    : `${label} ${rows.length} nodes on ${plural(machines.size, 'machine')}?`;
  const body = [
    ...(isOne ? [nodeSentence(first, nowMs)] : targetLines(rows)),
    ...(leftOut === 0
      ? []
      : [
          `${plural(leftOut, 'other chosen node is', 'other chosen nodes are')} left alone: nothing to ${actionWord(action)} there, or no answer.`,
        ]),
    isOne ? singular(action) : CONSEQUENCES[action],
    ...readerSentences(action, rows),
  ];
  return {
    action,
    targets: rows.map(({ machine, node }) => ({ machine, node: node.name })),
    title,
    body,
    confirmLabel: label,
    choice: 'cancel',
    mode: action === 'enable_autostart' || action === 'disable_autostart' ? 'together' : 'rolling',
  };
}

/** How the targets are told, for the line that can be changed. */
export function modeWords(mode: Dialog['mode']): string {
  return mode === 'rolling'
    ? 'One after another, and none after the first failure.'
    : `All of them, up to ${TOGETHER_LIMIT} at once, whatever fails.`;
}

function nodeSentence({ node }: NodeRow, nowMs: number): string {
  if (node.status !== 'running') return `It is ${node.status} now.`;
  const since = node.upSinceMs === undefined ? '' : ` for ${formatAge(nowMs - node.upSinceMs)}`;
  return `It is running${since}${node.pid === undefined ? '' : `, process ${node.pid}`}.`;
}

function singular(action: BatchAction): string {
  if (action === 'stop') {
    return 'Its processes are asked to end, and killed if they have not after 5 s. It stays stopped until somebody starts it.';
  }
  return action === 'restart'
    ? 'It is stopped and started again; what it publishes pauses meanwhile.'
    : CONSEQUENCES[action];
}

/** A line for each machine, with the names on it. */
function targetLines(rows: readonly NodeRow[]): readonly string[] {
  const byMachine = new Map<string, string[]>();
  for (const { machine, node } of rows) {
    const names = byMachine.get(machine) ?? [];
    names.push(sanitize(node.name));
    byMachine.set(machine, names);
  }
  const told = [...byMachine].slice(0, MACHINES_SHOWN);
  const lines = told.map(([machine, names]) => `${sanitize(machine)}: ${someOf(names)}`);
  const rest = [...byMachine].slice(MACHINES_SHOWN);
  if (rest.length === 0) return lines;
  const count = rest.reduce((sum, [, names]) => sum + names.length, 0);
  return [...lines, `and ${plural(count, 'more', 'more')} on ${plural(rest.length, 'other machine')}`];
}

function someOf(names: readonly string[]): string {
  const more = names.length - NAMES_SHOWN;
  return more > 0 ? `${names.slice(0, NAMES_SHOWN).join(', ')} and ${more} more` : names.join(', ');
}

/** Outputs that flow are being read by somebody: a daemon tells `unwanted` where nobody does. */
function readerSentences(action: BatchAction, rows: readonly NodeRow[]): readonly string[] {
  if (action !== 'stop' && action !== 'restart') return [];
  const read = rows.filter(({ node, freshness }) => freshness === 'live' && node.outputs === 'flowing');
  const [first] = read;
  if (first === undefined) return [];
  const rate = first.node.outputRateHz ? ` at ${formatRate(first.node.outputRateHz)}` : '';
  if (rows.length === 1) return [`Its data is being read${rate}: whoever views or uses it gets nothing meanwhile.`];
  return [
    `Data of ${someOf(read.map(({ node }) => sanitize(node.name)))} is being read: whoever views or uses it gets nothing meanwhile.`,
  ];
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}
