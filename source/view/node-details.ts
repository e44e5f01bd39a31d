/** Everything known about one node. */
import type { FleetNode, ShmGrowth } from '../fleet/state.ts';
import { type DetailsTable, fieldTable } from './details-table.ts';
import { formatAge, formatBytes, formatRate, plural } from './format.ts';
import { loadWords } from './load-words.ts';
import type { DetailsContext } from './pane.ts';
import type { NodeRow } from './rows.ts';

export function nodeDetails(row: NodeRow, { state, nowMs }: DetailsContext): DetailsTable {
  const { node, machine } = row;
  const host = state.machines.get(machine);
  const age = (atMs: number | undefined, otherwise: string): string =>
    atMs === undefined ? otherwise : `${formatAge(nowMs - atMs)} ago`;
  return fieldTable(`${node.name} on ${machine}`, [
    ['Status', freshnessNote(row) + node.status],
    ['Health', node.health],
    ['Heartbeat', age(row.heartbeatAtMs, 'none seen')],
    ['Liveliness token', row.hasToken ? 'alive' : 'none'],
    ['On zenoh', node.onZenoh === undefined ? '-' : node.onZenoh ? 'yes' : 'no'],
    ['Data', dataWords(node)],
    ['Shared memory', row.shm === undefined ? '-' : growthWords(row.shm)],
    ['Running for', node.upSinceMs === undefined ? '-' : formatAge(nowMs - node.upSinceMs)],
    ['Process', node.pid === undefined ? '-' : String(node.pid)],
    ['Last exit', node.lastExit === '' ? '-' : node.lastExit],
    ['Restarts', node.restartCount === undefined ? 'not counted' : String(node.restartCount)],
    ...node.lastLogLines.map((line, index) => [`Last words ${index + 1}`, line] as const),
    ['Version', node.version],
    ['Type', node.type],
    ['Description', node.description],
    ['Instance of', node.baseNode === '' ? '-' : node.baseNode],
    ['Folder', node.path],
    ['Configuration', node.configPath === '' ? '-' : node.configPath],
    ['Starts with the machine', node.startsAtBoot ? 'yes' : 'no'],
    ['Built', node.isBuilt ? 'yes' : 'no'],
    ['Machine', `${machine} ${host?.hostname ?? ''} ${host?.ips.join(' ') ?? ''}`.trim()],
    ['Load', host?.load === undefined ? '-' : loadWords(host.load)],
    [
      'Daemon',
      host?.daemon === undefined ? '-' : `${host.daemon.version}, up ${formatAge(nowMs - host.daemon.upSinceMs)}`,
    ],
  ]);
}

function freshnessNote(row: NodeRow): string {
  if (row.freshness === 'live') return '';
  return row.freshness === 'lost' ? 'machine lost; it was ' : 'not known now; it was ';
}

function dataWords({ outputs, outputRateHz }: FleetNode): string {
  switch (outputs) {
    case 'flowing':
      return outputRateHz ? `flows, ${formatRate(outputRateHz)}` : 'flows';
    case 'quiet':
      return 'NONE, though somebody listens';
    case 'unwanted':
      return 'none: nobody listens';
    case 'none':
      return 'it has no outputs';
    case 'unknown':
      return 'not known (yet)';
    default:
      return '-';
  }
}

function growthWords({
  runs,
  liveBytes,
  firstRunPeakBytes,
  lastRunPeakBytes,
  leftSegments,
  leftBytes,
}: ShmGrowth): string {
  const most = `most ${formatBytes(firstRunPeakBytes)} in the first run, ${formatBytes(lastRunPeakBytes)} in the last of ${runs}`;
  const left =
    leftSegments === 0 ? '' : `; ended runs left ${plural(leftSegments, 'segment')} of ${formatBytes(leftBytes)}`;
  return `${formatBytes(liveBytes)} now, ${most}${left}`;
}
