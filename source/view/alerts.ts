/** What is wrong in the fleet now, worst first, each with what to do about it. */
import type { FleetState } from '../fleet/state.ts';
import { formatAge, formatBytes, plural } from './format.ts';
import { HEARTBEAT_LIMIT_MS } from './pane-nodes.ts';
import { SHM_BAD_SHARE, takenShare } from './pane-shm.ts';
import { type FleetRows, type NodeRow, routerName } from './rows.ts';

export interface Alert {
  readonly severity: 'bad' | 'warn';
  /** May hold untrusted text. */
  readonly text: string;
}

export function alertsOf(state: FleetState, rows: FleetRows, nowMs: number): readonly Alert[] {
  const { link } = state;
  if (link.state !== 'connected') {
    // Nothing else can be known now. Before the first connection the whole screen says so, not an alert.
    if (state.staleSinceMs === undefined) return [];
    const reason = link.state === 'lost' ? ` (${link.reason})` : '';
    return [
      {
        severity: 'bad',
        text: `No link to ${state.endpoint} for ${formatAge(nowMs - state.staleSinceMs)}: all shown is from then. ${retryText(state, nowMs)}${reason}`,
      },
    ];
  }
  const bad: Alert[] = [];
  const warn: Alert[] = [];
  for (const machine of state.machines.values()) {
    if (machine.lostSinceMs !== undefined) {
      bad.push({
        severity: 'bad',
        text: `${machine.id} has not answered for ${formatAge(nowMs - machine.lostSinceMs)}: is it on, and \`bubbaloop daemon\` running there?`,
      });
    }
    if (machine.problem !== undefined) warn.push({ severity: 'warn', text: `${machine.id}: ${machine.problem}` });
  }
  for (const row of rows.concerns) {
    if (row.freshness !== 'live') continue;
    if (row.node.status === 'failed') bad.push({ severity: 'bad', text: failedText(row) });
    else if (row.node.status === 'running' && isSilent(row, nowMs)) {
      bad.push({
        severity: 'bad',
        text: `${row.key} runs but has sent no heartbeat${row.heartbeatAtMs === undefined ? '' : ` for ${formatAge(nowMs - row.heartbeatAtMs)}`}: it may hang.  l logs  r restart`,
      });
    } else if (row.node.status === 'running' && isDry(row)) {
      bad.push({
        severity: 'bad',
        text: `${row.key} runs and is on zenoh, but sends no data though somebody listens: is what it reads from there?  l logs  r restart`,
      });
    }
  }
  for (const row of rows.shm) {
    if (row.freshness !== 'live') continue;
    if (takenShare(row) >= SHM_BAD_SHARE) {
      bad.push({
        severity: 'bad',
        text: `${row.machine}: shared memory is nearly full, ${formatBytes(row.shm.freeBytes)} of ${formatBytes(row.shm.totalBytes)} free. Cameras stop when it is.`,
      });
    }
    if (row.orphanCount > 0) {
      warn.push({
        severity: 'warn',
        text: `${row.machine}: ${plural(row.orphanCount, 'orphan segment')} of ${formatBytes(row.orphanBytes)} left in shared memory by processes that crashed`,
      });
    }
  }
  for (const router of state.routers.values()) {
    if (router.lostSinceMs === undefined) continue;
    warn.push({
      severity: 'warn',
      text: `Router ${routerName(router)} has not answered for ${formatAge(nowMs - router.lostSinceMs)}`,
    });
  }
  for (const problem of state.problems) warn.push({ severity: 'warn', text: problem });
  return [...bad, ...warn];
}

function failedText(row: NodeRow): string {
  const { node } = row;
  const how = node.lastExit === '' ? '' : `: ${node.lastExit}`;
  const restarts = node.restartCount ? ` after ${plural(node.restartCount, 'restart')}` : '';
  const last = node.lastLogLines.at(-1);
  return `${row.key} failed${how}${restarts}${last === undefined ? '' : `, last line "${last}"`}`;
}

function isSilent(row: NodeRow, nowMs: number): boolean {
  if (row.node.health === 'unhealthy') return true;
  return row.heartbeatAtMs !== undefined && nowMs - row.heartbeatAtMs > HEARTBEAT_LIMIT_MS;
}

/** It is there, and what others want of it does not come. */
function isDry({ node, hasToken }: NodeRow): boolean {
  return node.outputs === 'quiet' && (hasToken || node.onZenoh === true);
}

/** `Trying again in 3 s.`, `Trying now.`; empty while connected. */
export function retryText(state: FleetState, nowMs: number): string {
  const { link } = state;
  if (link.state !== 'lost') return link.state === 'connecting' ? 'Trying now.' : '';
  const seconds = Math.ceil((link.retryAtMs - nowMs) / 1000);
  return seconds > 0 ? `Trying again in ${seconds} s.` : 'Trying now.';
}
