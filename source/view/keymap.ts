/**
 * Every key of `bubbaloop top`, as data. The footer, the `?` overlay and the README's table are made from it, so that none
 * of them can be wrong.
 */
import { ACT_BINDINGS, FIND_BINDINGS, LOG_BINDINGS, needsFleet, needsNode } from './keys-act.ts';
import { PANE_IDS, type PaneId } from './layout.ts';
import { PANES } from './panes.ts';

export type ActionId =
  | 'up'
  | 'down'
  | 'first'
  | 'last'
  | 'page-up'
  | 'page-down'
  | 'half-up'
  | 'half-down'
  | 'next-pane'
  | 'previous-pane'
  | `pane-${PaneId}`
  | 'filter'
  | 'details'
  | 'logs'
  | 'cameras'
  | 'photo'
  | 'start'
  | 'stop'
  | 'restart'
  | 'build'
  | 'enable'
  | 'disable'
  | 'actions'
  | 'palette'
  | 'sort-next'
  | 'sort-previous'
  | 'sort-reverse'
  | 'mark'
  | 'mark-range'
  | 'mark-up'
  | 'mark-down'
  | 'mark-all'
  | 'log-next'
  | 'log-previous'
  | 'log-filter'
  | 'log-wrap'
  | 'help'
  | 'back'
  | 'suspend'
  | 'quit';

/** A key as {@link KeyName}: a printable character, or a name such as `up`, `ctrl-d`, `shift-tab`, `escape`. */
export type KeyName = string;

export type KeyGroup = 'Move' | 'Look' | 'Choose' | 'Act' | 'In a log' | 'Leave';

/** What the keys must know of a node. */
export interface NodeContext {
  readonly name: string;
  readonly machine: string;
  readonly status: string;
  readonly isLost: boolean;
  /** The command under way for it, `stop`. */
  readonly pending?: string;
  readonly startsAtBoot?: boolean;
}

/** What a key's availability may depend on. */
export interface KeyContext {
  readonly readOnly: boolean;
  /** Undefined unless the link is connected; then why nothing can be sent. */
  readonly linkProblem?: string;
  /** A recording is shown in place of a fleet. */
  readonly isReplay?: boolean;
  /** The selected node, where the selected pane is Nodes. */
  readonly node?: NodeContext;
  /** Nodes that are chosen together. */
  readonly chosen?: readonly NodeContext[];
  readonly hasRow: boolean;
  readonly hasFilter: boolean;
  /** The camera wall is open. */
  readonly isWallOpen?: boolean;
  readonly isLogOpen?: boolean;
  /** Rows of the selected pane that are chosen together. */
  readonly markCount?: number;
  /** The selected pane is sorted by a column. */
  readonly isSorted?: boolean;
  /** The keys as this user has them; absent: {@link DEFAULT_KEYMAP}. */
  readonly keymap?: Keymap;
}

export interface Binding {
  readonly action: ActionId;
  readonly keys: readonly KeyName[];
  readonly group: KeyGroup;
  /** Short, for the footer. Absent: not shown there. */
  readonly footer?: string;
  /** Left out of the footer where not all of it fits, the last of these first. */
  readonly isFooterSpare?: boolean;
  /** One line for the `?` overlay and the README. */
  readonly help: string;
  /** Why the key does nothing now; undefined where it works. */
  disabledReason?(context: KeyContext): string | undefined;
}

/** Digits, in the order of the tabs. */
function paneBinding(pane: PaneId, index: number): Binding {
  return {
    action: `pane-${pane}`,
    keys: [String(index + 1), ...(PANES[pane].keys ?? [])],
    group: 'Move',
    help: PANES[pane].help,
  };
}

export const KEYMAP: readonly Binding[] = [
  { action: 'up', keys: ['up', 'k'], group: 'Move', help: 'one row up' },
  { action: 'down', keys: ['down', 'j'], group: 'Move', help: 'one row down' },
  { action: 'first', keys: ['g', 'home'], group: 'Move', help: 'first row' },
  { action: 'last', keys: ['G', 'end'], group: 'Move', help: 'last row' },
  { action: 'page-up', keys: ['pageup'], group: 'Move', help: 'one page up' },
  { action: 'page-down', keys: ['pagedown', 'ctrl-f'], group: 'Move', help: 'one page down' },
  { action: 'half-up', keys: ['ctrl-u'], group: 'Move', help: 'half a page up' },
  { action: 'half-down', keys: ['ctrl-d'], group: 'Move', help: 'half a page down' },
  { action: 'next-pane', keys: ['tab', 'right'], group: 'Move', help: 'next pane' },
  { action: 'previous-pane', keys: ['shift-tab', 'left', 'h'], group: 'Move', help: 'previous pane' },
  ...PANE_IDS.map(paneBinding),
  ...ACT_BINDINGS,
  {
    action: 'logs',
    keys: ['l'],
    group: 'Look',
    footer: 'logs',
    help: 'the log of the selected node, or of all that are chosen, as it grows',
    disabledReason: (context) => needsFleet(context, 'no logs') ?? needsNode(context) ?? context.linkProblem,
  },
  {
    action: 'details',
    keys: ['enter'],
    group: 'Look',
    footer: 'details',
    isFooterSpare: true,
    help: 'everything known about the selected row',
    disabledReason: (context) => (context.hasRow ? undefined : 'There is no row to open here.'),
  },
  {
    action: 'cameras',
    keys: ['c'],
    group: 'Look',
    footer: 'cameras',
    isFooterSpare: true,
    help: 'the cameras’ pictures, live; Enter there shows one large',
    disabledReason: (context) => needsFleet(context, 'no pictures') ?? context.linkProblem,
  },
  {
    action: 'photo',
    keys: ['p'],
    group: 'Look',
    help: 'among the cameras: the selected one’s picture into a PNG file',
    disabledReason: (context) =>
      context.isWallOpen === true
        ? undefined
        : `A photo is taken among the cameras: key ${keymapOf(context).label('cameras')} goes there.`,
  },
  {
    action: 'filter',
    keys: ['/'],
    group: 'Look',
    footer: 'filter',
    help: 'filter the rows of this pane as you type; in a log: search',
  },
  ...FIND_BINDINGS,
  ...LOG_BINDINGS,
  { action: 'help', keys: ['?'], group: 'Look', footer: 'help', help: 'this list' },
  { action: 'back', keys: ['escape'], group: 'Leave', help: 'close what is open; choose none; clear the filter' },
  { action: 'suspend', keys: ['ctrl-z'], group: 'Leave', help: 'suspend (the shell command fg comes back)' },
  { action: 'quit', keys: ['q', 'ctrl-c'], group: 'Leave', footer: 'quit', help: 'quit' },
];

/** What every key does, for one user. */
export interface Keymap {
  readonly bindings: readonly Binding[];
  bindingOf(key: KeyName): Binding | undefined;
  /** The first key of an action as people read it; the action's name where the user gave it none. */
  label(action: ActionId): string;
}

export function createKeymap(bindings: readonly Binding[]): Keymap {
  const byKey = new Map(bindings.flatMap((binding) => binding.keys.map((key) => [key, binding] as const)));
  return {
    bindings,
    bindingOf: (key) => byKey.get(key),
    label(action) {
      const key = bindings.find((binding) => binding.action === action)?.keys[0];
      return key === undefined ? action : keyLabel(key);
    },
  };
}

export const DEFAULT_KEYMAP: Keymap = createKeymap(KEYMAP);

export function keymapOf(context: Pick<KeyContext, 'keymap'>): Keymap {
  return context.keymap ?? DEFAULT_KEYMAP;
}

const KEY_LABELS: Readonly<Record<string, string>> = {
  up: '↑',
  down: '↓',
  left: '←',
  right: '→',
  enter: 'Enter',
  escape: 'Esc',
  tab: 'Tab',
  'shift-tab': 'Shift-Tab',
  pageup: 'PgUp',
  pagedown: 'PgDn',
  home: 'Home',
  end: 'End',
  'shift-up': 'Shift-↑',
  'shift-down': 'Shift-↓',
  ' ': 'Space',
};

/** Whether a terminal can send such a key, in the words of {@link KeyName}. Tab is Ctrl-I and Enter Ctrl-M for all of them. */
export function isKeyName(text: string): boolean {
  if (text in KEY_LABELS) return true;
  if (/^ctrl-[a-z]$/.test(text)) return text !== 'ctrl-i' && text !== 'ctrl-m';
  return /^[^\p{Control}\p{Format}\p{Surrogate}]$/u.test(text);
}

/** A key as people read it: `Ctrl-D`, `PgUp`, `x`. */
export function keyLabel(key: KeyName): string {
  const label = KEY_LABELS[key];
  if (label !== undefined) return label;
  return key.startsWith('ctrl-') ? `Ctrl-${key.slice(5).toUpperCase()}` : key;
}

/** The key that {@link keyLabel} made a label of; undefined where it is none. */
export function keyOfLabel(label: string): KeyName | undefined {
  if (label === '⏎') return 'enter';
  const named = Object.entries(KEY_LABELS).find(([, text]) => text === label)?.[0];
  if (named !== undefined) return named;
  const control = /^Ctrl-([A-Z])$/.exec(label)?.[1];
  if (control !== undefined) return `ctrl-${control.toLowerCase()}`;
  return isKeyName(label) ? label : undefined;
}

/** The README's table of keys, in Markdown. */
export function keymapMarkdown(): string {
  const rows = KEYMAP.map(
    (binding) => `| ${binding.keys.map((key) => `\`${keyLabel(key)}\``).join(' ')} | ${binding.help} |`,
  );
  return ['| Key | What it does |', '|---|---|', ...rows].join('\n');
}
