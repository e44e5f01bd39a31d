/** The fleet in sentences: one line for a status bar, and what changed since the last look, for a screen reader. Pure. */
import type { Alert } from '../fleet/alert.ts';
import type { FleetState } from '../fleet/state.ts';
import { alertText } from './alerts.ts';
import { formatAge, plural } from './format.ts';
import type { Glyphs } from './glyphs.ts';
import type { FleetRows, NodeRow } from './rows.ts';
import { cut, sanitize } from './text.ts';

/** More in one go is a storm: the rest is counted. */
const MAX_SENTENCES = 10;

/** Nodes by status, `12 running, 1 failed`; what is not known now last. */
export function nodeWords(rows: FleetRows): string {
  const counts = new Map<string, number>();
  for (const row of rows.nodes) counts.set(statusOf(row), (counts.get(statusOf(row)) ?? 0) + 1);
  const order = ['running', 'failed', 'stopped'];
  const rank = (status: string): number => (order.indexOf(status) + order.length + 1) % (order.length + 1);
  return [...counts]
    .sort(([a], [b]) => rank(a) - rank(b))
    .map(([status, count]) => `${count} ${status}`)
    .join(', ');
}

/** `o 3 machines, 14 nodes: 12 running, 1 failed  ! jetson_2/gripper failed …  +2`, at most `width` columns. */
export function statusLine(
  state: FleetState,
  rows: FleetRows,
  alerts: readonly Alert[],
  { nowMs, glyphs, width }: { readonly nowMs: number; readonly glyphs: Glyphs; readonly width: number },
): string {
  const { link } = state;
  const worst = alerts[0];
  const text =
    link.state !== 'connected'
      ? `${link.state === 'connecting' ? glyphs.busy : glyphs.bad} ${linkWords(state)}`
      : [
          `${worst === undefined ? glyphs.good : worst.severity === 'bad' ? glyphs.bad : glyphs.warn} ${fleetWords(state, rows)}`,
          ...(worst === undefined ? [] : [`${glyphs.warn} ${alertWords(worst, state, nowMs)}`]),
          ...(alerts.length > 1 ? [`+${alerts.length - 1}`] : []),
        ].join('  ');
  // tmux reads `#[…]` and `#(…)` in what it puts into a status line.
  return cut(sanitize(text).replaceAll('#', ''), width, glyphs.ellipsis);
}

function fleetWords(state: FleetState, rows: FleetRows): string {
  if (state.machines.size === 0) return state.hasLooked ? 'no daemon answers' : 'asking who is there';
  const nodes = plural(rows.nodes.length, 'node');
  return `${plural(state.machines.size, 'machine')}, ${rows.nodes.length === 0 ? nodes : `${nodes}: ${nodeWords(rows)}`}`;
}

function linkWords({ link, endpoint }: FleetState): string {
  if (link.state === 'lost') return `no router at ${endpoint} (${link.reason})`;
  return link.state === 'connecting' ? `connecting to ${endpoint}` : `${endpoint} ${link.state}`;
}

/** An alert without the keys that a screen would have for it. */
export function alertWords(alert: Alert, state: FleetState, nowMs: number): string {
  return sanitize(alertText(alert, state, nowMs))
    .replace(/(?: {2,}\S+ (?:logs|restart|start|stop))+\s*$/, '')
    .replaceAll('`', '');
}

/** Everything on one page, for who asks. */
export function summarySentences(
  state: FleetState,
  rows: FleetRows,
  alerts: readonly Alert[],
  nowMs: number,
): readonly string[] {
  return [
    state.link.state === 'connected'
      ? `Connected to ${sanitize(state.endpoint)}: ${fleetWords(state, rows)}, ${plural(state.routers.size, 'router')}.`
      : `Not connected: ${sanitize(linkWords(state))}.`,
    ...(alerts.length === 0 ? ['No alerts.'] : [`${plural(alerts.length, 'alert')}.`]),
    ...alerts.map((alert) => `Alert: ${alertWords(alert, state, nowMs)}`),
  ];
}

export function nodeSentence({ machine, node, freshness, lostSinceMs }: NodeRow, nowMs: number): string {
  const where = `${sanitize(node.name)} on ${sanitize(machine)}`;
  if (freshness !== 'live') {
    return `${where}: not known now${lostSinceMs === undefined ? '' : `, last heard ${formatAge(nowMs - lostSinceMs)} ago`}.`;
  }
  const up =
    node.status === 'running' && node.upSinceMs !== undefined ? ` for ${formatAge(nowMs - node.upSinceMs)}` : '';
  const exit = node.status === 'failed' && node.lastExit !== '' ? `, ${sanitize(node.lastExit)}` : '';
  return `${where}: ${node.status}${up}${exit}, health ${node.health}, restarts ${node.restartCount}.`;
}

/**
 * Returns a function that tells what changed since it was last called; the first time, how things are. Nothing is said
 * before the fleet has been asked once, and nothing twice: ages that go on are no change.
 */
export function createSpeaker(): (
  state: FleetState,
  rows: FleetRows,
  alerts: readonly Alert[],
  nowMs: number,
) => readonly string[] {
  let before: ReadonlyMap<string, string> | undefined;
  let known: ReadonlyMap<string, string> = new Map();
  let link = '';
  return (state, rows, active, nowMs) => {
    const said: string[] = [];
    if (state.link.state !== link) {
      link = state.link.state;
      if (before !== undefined || link === 'lost') said.push(`Link: ${sanitize(linkOrConnected(state))}.`);
    }
    if (!state.hasLooked) return said;
    const now = factsOf(state, rows);
    // Without a link nothing is known to be over.
    const alerts =
      state.link.state === 'connected'
        ? new Map(active.map((alert) => [alert.key, alertWords(alert, state, nowMs)]))
        : known;
    if (before === undefined) said.push(...summarySentences(state, rows, active, nowMs));
    else {
      said.push(...differences(before, now));
      for (const [key, words] of alerts) if (!known.has(key)) said.push(`Alert: ${words}`);
      for (const [key, words] of known) if (!alerts.has(key)) said.push(`Over: ${words}`);
    }
    before = now;
    known = alerts;
    const rest = said.length - MAX_SENTENCES;
    return rest > 1 ? [...said.slice(0, MAX_SENTENCES), `And ${rest} more changes.`] : said;
  };
}

function linkOrConnected(state: FleetState): string {
  return state.link.state === 'connected' ? `connected to ${state.endpoint}` : linkWords(state);
}

/** Things by name to how they are, in words. */
function factsOf(state: FleetState, rows: FleetRows): ReadonlyMap<string, string> {
  const facts = new Map<string, string>();
  // Without a link nothing is known to have changed.
  if (state.link.state !== 'connected') return facts;
  for (const row of rows.machines) facts.set(`machine ${row.key}`, row.freshness === 'live' ? 'there' : 'no answer');
  for (const row of rows.routers)
    facts.set(`router ${row.router.name || row.key}`, row.freshness === 'live' ? 'there' : 'lost');
  for (const row of rows.nodes) facts.set(`${row.node.name} on ${row.machine}`, statusOf(row));
  return facts;
}

function differences(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): readonly string[] {
  if (before.size === 0 || now.size === 0) return [];
  const said: string[] = [];
  for (const [name, words] of now) {
    const was = before.get(name);
    if (was === undefined) said.push(`New: ${sanitize(name)}: ${words}.`);
    else if (was !== words) said.push(`${sanitize(name)}: ${words}, was ${was}.`);
  }
  for (const name of before.keys()) if (!now.has(name)) said.push(`Gone: ${sanitize(name)}.`);
  return said;
}

function statusOf({ node, freshness }: NodeRow): string {
  return freshness === 'live' ? node.status : 'not known now';
}
