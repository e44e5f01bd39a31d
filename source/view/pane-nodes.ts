/** The Nodes pane: three truths side by side. The process, by its daemon; the node on zenoh; whether its outputs flow. */
import { HEARTBEAT_LIMIT_MS } from '../fleet/conditions.ts';
import type { CellContext, Column } from './column.ts';
import { formatAge, formatRate } from './format.ts';
import type { Glyphs } from './glyphs.ts';
import { filterLink, type Links, machineLinks, sessionLinks } from './links.ts';
import { nodeDetails } from './node-details.ts';
import { type DetailsContext, definePane } from './pane.ts';
import type { NodeRow } from './rows.ts';
import { absenceSpan, figureColumn, MACHINE_PLACE, trendColumn, upColumn, wordColumn } from './shared-columns.ts';
import { eventsLink } from './subject-links.ts';
import type { Span, StyleName } from './theme.ts';

function statusSpan(row: NodeRow, context: CellContext): Span {
  const { status } = row.node;
  const { glyphs } = context;
  const absence = absenceSpan(row, status, context);
  if (absence !== undefined) return absence;
  const look: Readonly<Record<string, readonly [sign: string, style: StyleName]>> = {
    running: [glyphs.good, 'good'],
    failed: [glyphs.bad, 'bad'],
    stopped: [glyphs.none, 'dim'],
    installing: [glyphs.busy, 'info'],
    building: [glyphs.busy, 'info'],
    'not-installed': [glyphs.none, 'dim'],
  };
  const [sign, style] = look[status] ?? ['?', 'warn'];
  return { text: `${sign} ${status}`, style };
}

/** Whether the node itself can be seen to live, whatever its process state: its token, or its heartbeats. */
function aliveSpan(row: NodeRow, nowMs: number, glyphs: Glyphs): Span {
  if (row.node.status !== 'running' || row.freshness !== 'live') return { text: glyphs.none, style: 'dim' };
  // The silence of an earlier run is no news of this one.
  const heardMs = row.heartbeatAtMs === undefined ? undefined : Math.max(row.heartbeatAtMs, row.node.upSinceMs ?? 0);
  const silentMs = heardMs === undefined ? undefined : nowMs - heardMs;
  if (silentMs !== undefined && silentMs > HEARTBEAT_LIMIT_MS) {
    return { text: `${glyphs.bad} ${formatAge(silentMs)}`, style: 'bad' };
  }
  // Its daemon hears heartbeats on zenoh, too, and on a large fleet is the only one to.
  if (silentMs === undefined && row.node.health === 'unhealthy') return { text: glyphs.bad, style: 'bad' };
  if (row.hasToken || silentMs !== undefined || row.node.onZenoh === true) return { text: glyphs.good, style: 'good' };
  if (row.node.onZenoh === undefined || isYoung(row, nowMs)) return { text: '?', style: 'dim' };
  return { text: glyphs.bad, style: 'warn' };
}

/** A program needs a moment until it is on zenoh, and its daemon until it has looked. */
const YOUNG_MS = 20_000;

function isYoung({ node }: NodeRow, nowMs: number): boolean {
  return node.upSinceMs !== undefined && nowMs - node.upSinceMs < YOUNG_MS;
}

/** Whether its outputs flow, where its daemon looks. */
function dataSpan(row: NodeRow, glyphs: Glyphs): Span {
  if (row.freshness !== 'live') return { text: glyphs.none, style: 'dim' };
  const { outputs, outputRateHz } = row.node;
  switch (outputs) {
    case 'flowing':
      return { text: outputRateHz ? formatRate(outputRateHz) : glyphs.good, style: 'plain' };
    case 'quiet':
      return { text: `${glyphs.bad} no data`, style: 'bad' };
    case 'unwanted':
      return { text: 'no reader', style: 'dim' };
    case 'unknown':
      return { text: '?', style: 'dim' };
    default:
      return { text: glyphs.none, style: 'dim' };
  }
}

function healthSpan(row: NodeRow, glyphs: Glyphs): Span {
  const { health, status } = row.node;
  if (health === 'healthy') return { text: `${glyphs.good} healthy`, style: 'good' };
  if (health === 'unhealthy') return { text: `${glyphs.bad} unhealthy`, style: 'bad' };
  if (health === 'unknown') return { text: status === 'running' ? '? no beat' : glyphs.none, style: 'dim' };
  return { text: `? ${health}`, style: 'warn' };
}

// The three truths are what is kept on a small screen.
export const NODE_COLUMNS: readonly Column<NodeRow>[] = [
  wordColumn({ ...MACHINE_PLACE, width: 9, drop: 1 }, ({ machine }) => machine),
  wordColumn(
    { id: 'node', title: 'NODE', width: 13, flex: 2, maxWidth: 40, drop: 0 },
    ({ node }) => node.name,
    'strong',
  ),
  {
    id: 'status',
    title: 'STATUS',
    align: 'left',
    width: 11,
    maxWidth: 15,
    flex: 1,
    drop: 0,
    cell: statusSpan,
    text: (row) => row.node.status,
  },
  {
    id: 'alive',
    title: 'ALIVE',
    align: 'left',
    width: 5,
    maxWidth: 8,
    flex: 1,
    drop: 2,
    cell: (row, { nowMs, glyphs }) => aliveSpan(row, nowMs, glyphs),
    text: (row) => (row.hasToken ? 'yes' : 'no'),
  },
  {
    id: 'data',
    title: 'DATA',
    align: 'right',
    width: 9,
    drop: 2,
    cell: (row, { glyphs }) => dataSpan(row, glyphs),
    text: (row) => row.node.outputs ?? '',
    sort: (row) => row.node.outputRateHz ?? row.node.outputs,
  },
  trendColumn({ id: 'trend', title: 'RATE', width: 6, drop: 8 }, 'rate'),
  {
    id: 'health',
    title: 'HEALTH',
    align: 'left',
    width: 11,
    drop: 5,
    // What was heard of it before is no news of its health now.
    cell: (row, { glyphs }) =>
      row.freshness === 'live' ? healthSpan(row, glyphs) : { text: glyphs.none, style: 'dim' },
    text: (row) => row.node.health,
  },
  upColumn({ width: 6, drop: 3 }, ({ node }) => node.upSinceMs),
  {
    id: 'restarts',
    title: 'RESTARTS',
    align: 'right',
    width: 8,
    isNumber: true,
    drop: 4,
    cell: ({ node }, { glyphs }) => {
      if (node.restartCount === undefined) return { text: glyphs.none, style: 'dim' };
      return { text: String(node.restartCount), style: node.restartCount > 0 ? 'warn' : 'dim' };
    },
    text: (row) => String(row.node.restartCount ?? ''),
  },
  figureColumn({ id: 'pid', title: 'PID', width: 7, drop: 7 }, ({ node }) => node.pid, { style: 'dim' }),
  wordColumn({ id: 'type', title: 'TYPE', width: 6, drop: 9 }, ({ node }) => node.type),
  wordColumn({ id: 'version', title: 'VERSION', width: 8, maxWidth: 14, flex: 1, drop: 6 }, ({ node }) => node.version),
  {
    id: 'lastexit',
    title: 'LAST EXIT',
    align: 'left',
    width: 12,
    maxWidth: 60,
    flex: 2,
    drop: 10,
    cell: ({ node }) => ({ text: node.lastExit, style: node.status === 'failed' ? 'bad' : 'dim' }),
    text: (row) => row.node.lastExit,
  },
];

function nodeLinks(row: NodeRow, { state, rows }: DetailsContext): Links {
  const { machine, node } = row;
  return [
    ...machineLinks(machine, rows).slice(0, 1),
    { label: 'log', to: { kind: 'logs', machine, node: node.name } },
    filterLink('topics', 'topics', [
      ['machine=', machine],
      ['key:', `${node.name}`],
    ]),
    ...sessionLinks(row.key, state, rows),
    ...machineLinks(machine, rows).slice(1),
    eventsLink(row.key),
  ];
}

export const NODES_PANE = definePane<NodeRow>({
  id: 'nodes',
  title: 'Nodes',
  tab: 'Nodes',
  help: 'nodes',
  empty: () => 'No nodes are registered on the machines that answer. Add one there: `bubbaloop node add PATH`.',
  columns: NODE_COLUMNS,
  rows: (fleet) => fleet.nodes,
  details: nodeDetails,
  links: nodeLinks,
});
