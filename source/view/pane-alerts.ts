/** The Alerts pane: what the rules say is wrong, worst first, and what they are told to be silent about. */

import { subjectOfAlert } from '../fleet/alert-changes.ts';
import type { RuleName } from '../fleet/rules.ts';
import { alertText } from './alerts.ts';
import type { Column } from './column.ts';
import { type DetailsTable, fieldTable } from './details-table.ts';
import { formatAge, formatClock } from './format.ts';
import type { Glyphs } from './glyphs.ts';
import { type Links, rowLink } from './links.ts';
import { type DetailsContext, definePane } from './pane.ts';
import type { AlertRow } from './rows.ts';
import { ageColumn, MACHINE_PLACE, wordColumn } from './shared-columns.ts';
import { momentLink, subjectLinks } from './subject-links.ts';
import type { Span } from './theme.ts';

function severitySpan({ alert, isSilenced }: AlertRow, glyphs: Glyphs): Span {
  if (isSilenced) return { text: `${glyphs.none} silenced`, style: 'dim' };
  return alert.severity === 'bad'
    ? { text: `${glyphs.bad} bad`, style: 'bad' }
    : { text: `${glyphs.warn} warn`, style: 'warn' };
}

export const ALERT_COLUMNS: readonly Column<AlertRow>[] = [
  {
    id: 'severity',
    title: 'SEVERITY',
    align: 'left',
    width: 10,
    drop: 0,
    cell: (row, { glyphs }) => severitySpan(row, glyphs),
    text: (row) => (row.isSilenced ? 'silenced' : row.alert.severity),
  },
  ageColumn({ id: 'for', title: 'FOR', width: 6, drop: 0 }, ({ alert }) => alert.sinceMs),
  wordColumn({ id: 'rule', title: 'RULE', width: 15, drop: 2 }, ({ alert }) => alert.when),
  wordColumn({ ...MACHINE_PLACE, drop: 3 }, ({ alert }) => alert.machine?.id ?? ''),
  wordColumn(
    { id: 'node', title: 'NODE', width: 10, flex: 1, maxWidth: 30, drop: 4 },
    ({ alert }) => alert.node?.name ?? '',
    'strong',
  ),
  {
    id: 'text',
    title: 'WHAT',
    align: 'left',
    width: 24,
    // It names what the other columns do: where it would be cut they are left out.
    wanted: 60,
    flex: 6,
    drop: 0,
    cell: ({ alert, state, isSilenced }, { nowMs }) => ({
      text: alertText(alert, state, nowMs),
      style: isSilenced ? 'dim' : 'plain',
    }),
    text: ({ alert, state }) => alertText(alert, state, alert.sinceMs),
  },
];

function alertDetails({ alert, state, isSilenced }: AlertRow, { nowMs }: DetailsContext): DetailsTable {
  return fieldTable(`alert ${alert.when} ${alert.subject}`, [
    ['What', alertText(alert, state, nowMs)],
    ['Rule', alert.when],
    ['Severity', isSilenced ? `${alert.severity}, silenced by the rule file` : alert.severity],
    ['Since', `${formatClock(alert.sinceMs)}, ${formatAge(nowMs - alert.sinceMs)} ago`],
    ['Machine', alert.machine?.id ?? '-'],
    ['Node', alert.node?.name ?? '-'],
    ['Last lines', alert.node?.lastLogLines.slice(-3).join(' / ') || '-'],
  ]);
}

/** Whose machine's shared memory is what is wrong. */
const ABOUT_SHM: ReadonlySet<string> = new Set<RuleName>(['shm', 'orphan-segments']);

function alertLinks({ alert }: AlertRow, context: DetailsContext): Links {
  const { state, rows } = context;
  const links = [momentLink(context, alert.sinceMs), ...subjectLinks(subjectOfAlert(alert), { state, rows })];
  if (!ABOUT_SHM.has(alert.when)) return links;
  const shm = rows.shm.find((row) => row.key === alert.machine?.id);
  return [rowLink('shared memory', 'shm', shm), ...links.filter((link) => link?.label !== 'shared memory')];
}

export const ALERTS_PANE = definePane<AlertRow>({
  id: 'alerts',
  title: 'Alerts',
  tab: 'Alerts',
  help: 'alerts',
  empty: () => 'Nothing is wrong. What counts as wrong: `~/.bubbaloop/rules.json5`.',
  columns: ALERT_COLUMNS,
  rows: (fleet) => fleet.alerts,
  details: alertDetails,
  links: alertLinks,
});
