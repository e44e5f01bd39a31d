/** The Events pane: what changed, newest first. */
import type { Column } from './column.ts';
import { type DetailsTable, fieldTable } from './details-table.ts';
import { formatAge, formatTime } from './format.ts';
import type { Glyphs } from './glyphs.ts';
import { type Links, rowLink } from './links.ts';
import { type DetailsContext, definePane } from './pane.ts';
import type { EventRow } from './rows.ts';
import { wordColumn } from './shared-columns.ts';
import { momentLink, subjectLinks } from './subject-links.ts';
import type { Span, StyleName } from './theme.ts';

function toneSpan({ entry }: EventRow, glyphs: Glyphs): Span {
  const looks: Readonly<Record<typeof entry.tone, readonly [sign: string, style: StyleName]>> = {
    bad: [glyphs.bad, 'bad'],
    warn: [glyphs.warn, 'warn'],
    good: [glyphs.good, 'good'],
    info: [glyphs.separator, 'dim'],
  };
  const [sign, style] = looks[entry.tone];
  return { text: `${sign} ${entry.kind}`, style };
}

export const EVENT_COLUMNS: readonly Column<EventRow>[] = [
  {
    id: 'time',
    title: 'TIME',
    align: 'left',
    width: 8,
    drop: 0,
    cell: ({ entry }) => ({ text: formatTime(entry.atMs), style: 'dim' }),
    text: ({ entry }) => formatTime(entry.atMs),
  },
  {
    id: 'kind',
    title: 'KIND',
    align: 'left',
    width: 9,
    drop: 0,
    cell: (row, { glyphs }) => toneSpan(row, glyphs),
    text: ({ entry }) => `${entry.kind} ${entry.tone}`,
  },
  wordColumn(
    { id: 'subject', title: 'SUBJECT', width: 12, flex: 2, maxWidth: 44, drop: 0 },
    ({ entry }) => entry.subject,
    'strong',
  ),
  wordColumn({ id: 'text', title: 'WHAT HAPPENED', width: 20, flex: 5, drop: 0 }, ({ entry }) => entry.text, 'plain'),
];

function eventDetails({ entry }: EventRow, { state, nowMs }: DetailsContext): DetailsTable {
  const { session } = entry.about ?? {};
  return fieldTable(`event ${entry.number + 1}`, [
    ['When', `${formatTime(entry.atMs)}, ${formatAge(nowMs - entry.atMs)} ago`],
    ['Kind', entry.kind],
    ['Subject', entry.subject],
    ['What happened', entry.text],
    // Who opens a session is named a little later.
    ...(session === undefined ? [] : [['Session', `${session} ${state.names.get(session) ?? ''}`.trim()] as const]),
  ]);
}

/** What it was about, and what is wrong with that now. */
function eventLinks({ entry: { about, subject, atMs } }: EventRow, context: DetailsContext): Links {
  const moment = momentLink(context, atMs);
  if (about === undefined) return [moment];
  const { state, rows } = context;
  const alert = rows.alerts.find((row) => row.alert.subject === subject);
  const [first, ...others] = subjectLinks(about, { state, rows });
  return [moment, first, rowLink('alert', 'alerts', alert), ...others];
}

export const EVENTS_PANE = definePane<EventRow>({
  id: 'events',
  title: 'Events',
  tab: 'Events',
  help: 'events',
  empty: () => 'Nothing has changed since this began to look.',
  columns: EVENT_COLUMNS,
  rows: (fleet) => fleet.events,
  details: eventDetails,
  links: eventLinks,
  isNewestFirst: true,
});
