/** The Topology pane: who hangs on whom, with the state of each link. */

import { routerLabel } from '../fleet/conditions.ts';
import type { RouterSession } from '../fleet/state.ts';
import type { CellContext, Column } from './column.ts';
import { type DetailsTable, fieldTable } from './details-table.ts';
import { plural } from './format.ts';
import type { Glyphs } from './glyphs.ts';
import { definePane } from './pane.ts';
import type { BaseRow } from './rows.ts';
import { absenceSpan, presenceSign } from './shared-columns.ts';
import type { Span } from './theme.ts';
import type { TreeItem, TreeRow } from './tree-rows.ts';
import { versionSpan } from './versions.ts';

function labelOf(item: TreeItem): string {
  switch (item.kind) {
    case 'router':
      return `router ${routerLabel(item.row.router)}`;
    case 'machine':
      return `machine ${item.row.machine.id}`;
    case 'node':
      return item.row.node.name;
    case 'folded':
      return `${plural(item.count, 'more node', 'more nodes')}`;
    case 'session':
      return item.row.who || `${item.row.session.whatAmI} ${item.row.session.zid.slice(0, 8)}`;
  }
}

/** `│ ├ front_door`. */
function branchText(branch: readonly boolean[], [item, last, beside]: Glyphs['branches']): string {
  return branch
    .map((goesOn, level) => {
      if (level < branch.length - 1) return goesOn ? beside : ' '.repeat(beside.length);
      return goesOn ? item : last;
    })
    .join('');
}

function presence(row: BaseRow, words: string, context: CellContext): Span {
  return absenceSpan(row, words, context) ?? { text: `${context.glyphs.good} ${words}`, style: 'good' };
}

function stateSpan({ item }: TreeRow, context: CellContext): Span {
  const { glyphs } = context;
  switch (item.kind) {
    case 'router':
      return presence(item.row, plural(item.row.router.sessions.length, 'session'), context);
    case 'machine': {
      const { failedCount, machine } = item.row;
      if (item.row.freshness === 'live' && failedCount > 0) {
        return { text: `${glyphs.bad} ${failedCount} of ${machine.nodes.length} failed`, style: 'bad' };
      }
      return presence(item.row, plural(machine.nodes.length, 'node'), context);
    }
    case 'node': {
      const { node, freshness } = item.row;
      if (freshness !== 'live') return presence(item.row, node.status, context);
      if (node.status === 'failed') return { text: `${glyphs.bad} failed`, style: 'bad' };
      if (node.status !== 'running') return { text: `${glyphs.none} ${node.status}`, style: 'dim' };
      if (node.health === 'unhealthy') return { text: `${glyphs.bad} unhealthy`, style: 'bad' };
      return node.outputs === 'quiet'
        ? { text: `${glyphs.bad} no data`, style: 'bad' }
        : { text: `${glyphs.good} running`, style: 'good' };
    }
    case 'folded':
      return { text: 'nothing wrong', style: 'dim' };
    case 'session':
      return presence(item.row, item.row.session.whatAmI, context);
  }
}

function sessionWords(session: RouterSession | undefined): string {
  if (session === undefined) return '';
  return [session.links[0]?.dst ?? '', session.shm === true ? 'shm' : ''].filter(Boolean).join(' ');
}

function linkSpan({ item }: TreeRow, { glyphs }: CellContext): Span {
  switch (item.kind) {
    case 'router': {
      const more = item.more.length === 0 ? '' : `, also ${item.more.join(' ')}`;
      if (item.link === 'lost') return { text: `${glyphs.bad} no link up${more}`, style: 'bad' };
      if (item.link === 'up') return { text: `${presenceSign(item.row, glyphs)} linked${more}`, style: 'good' };
      return { text: item.more.length === 0 ? '' : `also ${item.more.join(' ')}`, style: 'dim' };
    }
    case 'machine':
      if (item.session !== undefined) return { text: sessionWords(item.session), style: 'dim' };
      return item.isPlaced ? { text: '', style: 'dim' } : { text: `${glyphs.warn} link unknown`, style: 'warn' };
    case 'node':
      return { text: sessionWords(item.session), style: 'dim' };
    case 'folded':
      return { text: '' };
    case 'session':
      return { text: sessionWords(item.row.session), style: 'dim' };
  }
}

function versionOf({ item }: TreeRow): string {
  switch (item.kind) {
    case 'router':
      return item.row.router.version;
    case 'machine':
      return item.row.machine.daemon?.version ?? '';
    case 'node':
      return item.row.node.version;
    default:
      return '';
  }
}

function linkText({ item }: TreeRow): string {
  if (item.kind === 'router') return item.link ?? '';
  return item.kind === 'session' ? sessionWords(item.row.session) : '';
}

export const TREE_COLUMNS: readonly Column<TreeRow>[] = [
  {
    id: 'what',
    title: 'WHAT',
    align: 'left',
    width: 28,
    flex: 3,
    maxWidth: 64,
    drop: 0,
    cell: ({ item, branch }, { glyphs }) => ({
      text: branchText(branch, glyphs.branches) + labelOf(item),
      style: item.kind === 'router' || item.kind === 'machine' ? 'strong' : 'plain',
    }),
    text: ({ item }) => labelOf(item),
  },
  {
    id: 'state',
    title: 'STATE',
    align: 'left',
    width: 14,
    maxWidth: 20,
    flex: 1,
    drop: 0,
    cell: stateSpan,
    text: ({ item, freshness }) =>
      item.kind === 'node' ? `${freshness} ${item.row.node.status} ${item.row.node.health}` : freshness,
  },
  {
    id: 'link',
    title: 'LINK',
    align: 'left',
    width: 14,
    flex: 2,
    maxWidth: 48,
    drop: 2,
    cell: linkSpan,
    text: linkText,
  },
  {
    id: 'version',
    title: 'VERSION',
    align: 'left',
    width: 10,
    maxWidth: 16,
    flex: 1,
    drop: 3,
    cell: (row, { usual, glyphs }) => {
      const of = row.item.kind === 'router' ? usual.router : row.item.kind === 'machine' ? usual.daemon : undefined;
      return versionSpan(versionOf(row), of, glyphs);
    },
    text: versionOf,
  },
];

/** Of what has no pane of its own; the others' details are those of their panes. */
function treeDetails(row: TreeRow): DetailsTable {
  return fieldTable(labelOf(row.item), [['What', labelOf(row.item)]]);
}

export const TREE_PANE = definePane<TreeRow>({
  id: 'tree',
  title: 'Topology',
  tab: 'Tree',
  help: 'topology: the network as a tree',
  keys: ['t'],
  empty: () => 'No router answers, and no daemon.',
  columns: TREE_COLUMNS,
  rows: (fleet) => fleet.tree,
  details: treeDetails,
  isCounted: false,
  isSortable: false,
});
