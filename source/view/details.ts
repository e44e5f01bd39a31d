/** Everything known about one row, as a small table. Values are sanitized and cut to fit. */
import type { FleetNode, FleetState, MachineLoad, ShmGrowth } from '../fleet/state.ts';
import { formatAge, formatBytes, formatCelsius, formatRate, plural } from './format.ts';
import type { PaneId } from './layout.ts';
import type { FleetRows, NodeRow, PeerRow, RouterRow, ShmRow } from './rows.ts';
import { routerName } from './rows.ts';
import { cut, sanitize, textWidth } from './text.ts';

/** A table for ink-table: its rows all have the same keys, which are its titles. */
export interface DetailsTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, string>>[];
}

/** Rows of text that a box of `height` lines shows: ink-table spends three lines on its head and two on each row. */
export function detailsPageRows(height: number): number {
  return Math.max(1, Math.floor((height - 3) / 2));
}

/** The details of a row; undefined where it has gone. `width` is the room for the whole table. */
export function detailsOf(
  state: FleetState,
  rows: FleetRows,
  pane: PaneId,
  key: string,
  nowMs: number,
  width: number,
): DetailsTable | undefined {
  const raw = rawDetails(state, rows, pane, key, nowMs);
  return raw === undefined ? undefined : fitTable(raw, width);
}

function rawDetails(
  state: FleetState,
  rows: FleetRows,
  pane: PaneId,
  key: string,
  nowMs: number,
): DetailsTable | undefined {
  switch (pane) {
    case 'nodes': {
      const row = rows.nodes.find((candidate) => candidate.key === key);
      return row === undefined ? undefined : nodeDetails(state, row, nowMs);
    }
    case 'routers': {
      const row = rows.routers.find((candidate) => candidate.key === key);
      return row === undefined ? undefined : routerDetails(row);
    }
    case 'peers': {
      const row = rows.peers.find((candidate) => candidate.key === key);
      return row === undefined ? undefined : peerDetails(row);
    }
    case 'shm': {
      const row = rows.shm.find((candidate) => candidate.key === key);
      return row === undefined ? undefined : shmDetails(row);
    }
  }
}

function nodeDetails(state: FleetState, row: NodeRow, nowMs: number): DetailsTable {
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

function routerDetails({ router, linkedTo }: RouterRow): DetailsTable {
  return fieldTable(`router ${routerName(router)}`, [
    ['Name', router.name === '' ? '- (metadata.name in its configuration)' : router.name],
    ['Zenoh id', router.zid],
    ['Version', router.version],
    ...router.locators.map((locator, index) => [`Listens on ${index + 1}`, locator] as const),
    ['Linked to', linkedTo.length === 0 ? '-' : linkedTo.join(' ')],
    ['Sessions', String(router.sessions.length)],
    ['Received', router.receivedPerSecond === undefined ? 'not counted' : `${formatBytes(router.receivedPerSecond)}/s`],
    ['Sent', router.sentPerSecond === undefined ? 'not counted' : `${formatBytes(router.sentPerSecond)}/s`],
  ]);
}

function peerDetails({ session, who, at }: PeerRow): DetailsTable {
  return fieldTable(`session ${session.zid}`, [
    ['Zenoh id', session.zid],
    ['Role', session.whatAmI],
    ['Who', who === '' ? 'unknown (it has no liveliness token)' : who],
    ['Router', at],
    ['Shared memory', session.shm === undefined ? 'the router does not say' : session.shm ? 'yes' : 'no'],
    ...session.links.map((link, index) => [`Link ${index + 1}`, `${link.src} to ${link.dst}`] as const),
  ]);
}

const NO_SEGMENT = { segment: 'none', size: '', owner: '', readers: '', orphan: '' } as const;

function shmDetails({ machine, shm, load }: ShmRow): DetailsTable {
  const segments = shm.segments.map((segment) => ({
    segment: segment.name,
    size: formatBytes(segment.sizeBytes),
    owner: segment.owner === undefined ? '-' : `${segment.owner.name} ${segment.owner.pid}`,
    readers: segment.readers.map(({ name, pid }) => `${name} ${pid}`).join(', ') || '-',
    orphan: segment.isOrphan ? 'ORPHAN' : 'no',
  }));
  const growth = (shm.growth ?? []).map((of) => ({
    segment: `runs of ${of.node}`,
    size: formatBytes(of.liveBytes),
    owner: plural(of.runs, 'run'),
    readers: `most: first ${formatBytes(of.firstRunPeakBytes)}, last ${formatBytes(of.lastRunPeakBytes)}`,
    orphan: of.leftSegments === 0 ? 'no' : `left ${of.leftSegments}, ${formatBytes(of.leftBytes)}`,
  }));
  const rows = [...segments, ...growth];
  const locked = shm.lockedBytes === undefined ? '' : ` (${formatBytes(shm.lockedBytes)} locked)`;
  const busy = load === undefined ? '' : `; ${loadWords(load)}`;
  return {
    title: `shared memory of ${machine}: ${formatBytes(shm.usedBytes)} by zenoh${locked}, ${formatBytes(shm.freeBytes)} of ${formatBytes(shm.totalBytes)} free${busy}`,
    columns: ['segment', 'size', 'owner', 'readers', 'orphan'],
    rows: rows.length === 0 ? [NO_SEGMENT] : rows,
  };
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

/** `CPU 12% of 8, memory 3.1G of 7.6G, disk 40%, 54C`; what a machine does not tell is left out. */
function loadWords(load: MachineLoad): string {
  const { cpuPercent, cpuCount, memoryUsedBytes, memoryTotalBytes, diskPercent, gpuPercent, hottestCelsius } = load;
  const parts = [
    cpuPercent === undefined ? '' : `CPU ${cpuPercent}%${cpuCount === undefined ? '' : ` of ${cpuCount}`}`,
    memoryUsedBytes === undefined || memoryTotalBytes === undefined
      ? ''
      : `memory ${formatBytes(memoryUsedBytes)} of ${formatBytes(memoryTotalBytes)}`,
    diskPercent === undefined ? '' : `disk ${diskPercent}%`,
    gpuPercent === undefined ? '' : `GPU ${gpuPercent}%`,
    hottestCelsius === undefined ? '' : formatCelsius(hottestCelsius),
    load.powerMode ?? '',
    load.model ?? '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}

function fieldTable(title: string, fields: readonly (readonly [field: string, value: string])[]): DetailsTable {
  return { title, columns: ['what', 'value'], rows: fields.map(([what, value]) => ({ what, value })) };
}

/** ink-table neither cuts nor wraps: the widest column gives way until the table fits. Three cells go for each border. */
function fitTable(table: DetailsTable, width: number): DetailsTable {
  const rows = table.rows.map((row) =>
    Object.fromEntries(table.columns.map((column) => [column, sanitize(row[column] ?? '')])),
  );
  const widths = table.columns.map((column) =>
    Math.max(textWidth(column), ...rows.map((row) => textWidth(row[column] ?? ''))),
  );
  const spare = (at: number): number => (widths[at] ?? 0) - (least[at] ?? 0);
  const firstSpare = (): number => widths.findIndex((_, at) => spare(at) > 0);
  const least = table.columns.map((column) => Math.max(4, textWidth(column)));
  let over = widths.reduce((sum, size) => sum + size, 0) - (width - 1 - table.columns.length * 3);
  while (over > 0) {
    const index = widths.reduce(
      (best, size, at) => (spare(at) > 0 && size > (widths[best] ?? 0) ? at : best),
      firstSpare(),
    );
    if (index < 0) break;
    widths[index] = (widths[index] ?? 0) - 1;
    over -= 1;
  }
  return {
    ...table,
    title: sanitize(table.title),
    rows: rows.map((row) =>
      Object.fromEntries(table.columns.map((column, index) => [column, cut(row[column] ?? '', widths[index] ?? 4)])),
    ),
  };
}
