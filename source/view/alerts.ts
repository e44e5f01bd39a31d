/** Alerts in words: what is wrong, and what to do about it. */
import type { Alert } from '../fleet/alert.ts';
import { routerLabel } from '../fleet/conditions.ts';
import type { FleetNode, FleetState } from '../fleet/state.ts';
import { formatAge, formatBytes, formatCelsius, formatRate, plural } from './format.ts';

/** A sentence; may hold untrusted text. */
export function alertText(alert: Alert, state: FleetState, nowMs: number): string {
  const age = formatAge(nowMs - alert.sinceMs);
  const { machine, subject } = alert;
  const id = machine?.id ?? subject;
  const limit = alert.limit ?? 0;
  switch (alert.when) {
    case 'link': {
      const { link } = state;
      const reason = link.state === 'lost' ? ` (${link.reason})` : '';
      // When it tries again the header says, too: that may be cut.
      return `No link to ${state.endpoint} for ${age}${reason}: all shown is from then. ${retryText(state, nowMs)}`;
    }
    case 'answer':
      return alert.message ?? '';
    case 'id-conflict':
      return `${id} is claimed by ${plural(machine?.rivals?.length ?? 2, 'computer')}: ${(machine?.rivals ?? []).join(' and ')}. Only one is shown; give each its own --machine-id.`;
    case 'machine-lost':
      return `${id} has not answered for ${age}: is it on, and \`bubbaloop daemon\` running there?`;
    case 'node-down':
      return failedText(subject, alert.node);
    case 'node-unhealthy':
      return `${subject} runs but has sent no heartbeat${silence(alert, nowMs)}: it may hang.`;
    case 'age':
      return `${subject} has sent no heartbeat${silence(alert, nowMs)}; the limit is ${formatAge(limit)}.`;
    case 'no-data':
      return `${subject} runs and is on zenoh, but sends no data though somebody listens: is what it reads from there?`;
    case 'rate':
      return `${subject} sends at ${formatRate(alert.value ?? 0)}, under ${formatRate(limit)}, for ${age}`;
    case 'shm': {
      const { freeBytes = 0, totalBytes = 0 } = machine?.shm ?? {};
      return `${id}: shared memory is nearly full, ${formatBytes(freeBytes)} of ${formatBytes(totalBytes)} free. Cameras stop when it is.`;
    }
    case 'orphan-segments': {
      const orphans = machine?.shm?.segments.filter((segment) => segment.isOrphan) ?? [];
      const bytes = orphans.reduce((sum, segment) => sum + segment.sizeBytes, 0);
      return `${id}: ${plural(orphans.length, 'orphan segment')} of ${formatBytes(bytes)} left in shared memory by processes that crashed`;
    }
    case 'temperature':
      return `${id} is at ${formatCelsius(alert.value ?? 0)}, over ${formatCelsius(limit)}, for ${age}: it slows itself down when hot`;
    case 'disk':
    case 'memory':
    case 'cpu': {
      const what = { disk: 'the disk is', memory: 'memory is', cpu: 'processors are' }[alert.when];
      const verb = alert.when === 'cpu' ? 'busy' : 'full';
      return `${id}: ${what} ${Math.round(alert.value ?? 0)}% ${verb}, over ${Math.round(limit)}%, for ${age}`;
    }
    case 'clock-skew': {
      const skewMs = machine?.clockSkewMs ?? 0;
      return `${id}: its clock is ${formatAge(Math.abs(skewMs))} ${skewMs > 0 ? 'ahead of' : 'behind'} the one here: signed commands fail from 30 s on. \`timedatectl\` there.`;
    }
    case 'unreadable':
      return `${id}: ${machine?.problem ?? ''}`;
    case 'router-lost':
      return `Router ${alert.router === undefined ? subject : routerLabel(alert.router)} has not answered for ${age}`;
  }
}

function silence({ silentSinceMs }: Alert, nowMs: number): string {
  return silentSinceMs === undefined ? '' : ` for ${formatAge(nowMs - silentSinceMs)}`;
}

function failedText(subject: string, node: FleetNode | undefined): string {
  if (node === undefined) return `${subject} failed`;
  const how = node.lastExit === '' ? '' : `: ${node.lastExit}`;
  const restarts = node.restartCount ? ` after ${plural(node.restartCount, 'restart')}` : '';
  const last = node.lastLogLines.at(-1);
  return `${subject} failed${how}${restarts}${last === undefined ? '' : `, last line "${last}"`}`;
}

/** An alert as a script reads it, in `top --once --json` and `bubbaloop check --json`. Fields are only added. */
export interface AlertRecord {
  readonly when: string;
  readonly severity: string;
  readonly machine: string | null;
  readonly node: string | null;
  readonly router: string | null;
  readonly sinceMs: number;
  readonly text: string;
}

export function toAlertRecord(alert: Alert, state: FleetState, nowMs: number): AlertRecord {
  return {
    when: alert.when,
    severity: alert.severity,
    machine: alert.machine?.id ?? null,
    node: alert.node?.name ?? null,
    router: alert.router === undefined ? null : routerLabel(alert.router),
    sinceMs: alert.sinceMs,
    text: alertText(alert, state, nowMs),
  };
}

/** `Trying again in 3 s.`, `Trying now.`; empty while connected. */
export function retryText(state: FleetState, nowMs: number): string {
  const { link } = state;
  if (link.state !== 'lost') return link.state === 'connecting' ? 'Trying now.' : '';
  const seconds = Math.ceil((link.retryAtMs - nowMs) / 1000);
  return seconds > 0 ? `Trying again in ${seconds} s.` : 'Trying now.';
}
