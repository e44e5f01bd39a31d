/** The Topics pane: which keys data travels on, who sends and who listens, and what flows, where that may be looked at. */

import type { RecordedLook, Topic, TopicsView } from '../fleet/topics.ts';
import { parseKey } from '../wire/keys.ts';
import type { Column } from './column.ts';
import { type DetailsTable, fieldTable } from './details-table.ts';
import { formatAge, formatByteRate, formatBytes, formatRate, plural } from './format.ts';
import type { Glyphs } from './glyphs.ts';
import { type Links, machineLinks, rowLink, sessionLinks } from './links.ts';
import { type DetailsContext, definePane } from './pane.ts';
import type { FleetRows } from './rows.ts';
import { ageColumn, figureColumn, MACHINE_PLACE, wordColumn } from './shared-columns.ts';
import { cut, sanitize } from './text.ts';
import type { Span } from './theme.ts';
import type { TopicRow } from './topic-rows.ts';

const MAX_NAME = 24;

/** After so long without a message a rate is nought, not unknown. */
const SILENT_MS = 10_000;

const UNMEASURED = { local: 'local', 'on-demand': 'on demand', pattern: 'pattern' } as const;

function rateSpan({ topic }: TopicRow, nowMs: number, glyphs: Glyphs): Span {
  const { figures, unmeasured } = topic;
  if (unmeasured !== undefined) return { text: UNMEASURED[unmeasured], style: 'dim' };
  if (figures === undefined) return { text: glyphs.none, style: 'dim' };
  if (figures.rateHz === undefined) {
    return { text: figures.isLive && nowMs - figures.sinceMs < SILENT_MS ? glyphs.busy : glyphs.none, style: 'dim' };
  }
  if (figures.rateHz === 0) return { text: '0 Hz', style: 'dim' };
  return figures.isLive
    ? { text: formatRate(figures.rateHz) }
    : { text: `~${formatRate(figures.rateHz)}`, style: 'dim' };
}

function bytesSpan({ topic }: TopicRow, glyphs: Glyphs): Span {
  const { figures } = topic;
  if (figures?.bytesPerSecond === undefined) return { text: glyphs.none, style: 'dim' };
  const text = formatByteRate(figures.bytesPerSecond);
  if (figures.isCostly) return { text: `${glyphs.warn}${text}`, style: 'warn' };
  return { text, style: figures.isLive && figures.bytesPerSecond > 0 ? 'plain' : 'dim' };
}

/** The part of a key that the machine's column does not say. */
function shortKey({ keyExpr, machine }: Topic): string {
  if (machine === '') return keyExpr;
  const [, scope, , ...rest] = keyExpr.split('/');
  return scope === 'local' ? `local ${rest.join('/')}` : rest.join('/');
}

export const TOPIC_COLUMNS: readonly Column<TopicRow>[] = [
  wordColumn({ ...MACHINE_PLACE, drop: 3 }, ({ topic }) => topic.machine),
  {
    id: 'key',
    title: 'KEY',
    align: 'left',
    width: 22,
    flex: 3,
    maxWidth: 80,
    drop: 0,
    cell: ({ topic }) => ({ text: shortKey(topic), style: 'strong' }),
    text: ({ topic }) => topic.keyExpr,
  },
  {
    id: 'rate',
    title: 'RATE',
    align: 'right',
    width: 9,
    isNumber: true,
    drop: 0,
    cell: (row, { nowMs, glyphs }) => rateSpan(row, nowMs, glyphs),
    text: ({ topic }) => topic.unmeasured ?? String(topic.figures?.rateHz ?? ''),
    sort: ({ topic }) => topic.figures?.rateHz,
  },
  {
    id: 'bytes',
    title: 'BYTES',
    align: 'right',
    width: 10,
    isNumber: true,
    drop: 2,
    cell: (row, { glyphs }) => bytesSpan(row, glyphs),
    text: ({ topic }) => String(topic.figures?.bytesPerSecond ?? ''),
  },
  figureColumn({ id: 'size', title: 'SIZE', width: 6, drop: 6 }, ({ topic }) => topic.figures?.messageBytes, {
    format: formatBytes,
    style: 'dim',
  }),
  ageColumn({ id: 'age', title: 'AGE', width: 6, drop: 4 }, ({ topic }) => topic.figures?.lastAtMs, 'dim'),
  {
    id: 'pub',
    title: 'PUB',
    align: 'right',
    width: 3,
    isNumber: true,
    drop: 1,
    cell: ({ topic }) => ({
      text: String(topic.publishers.length),
      style: topic.publishers.length === 0 ? 'warn' : 'plain',
    }),
    text: ({ topic }) => String(topic.publishers.length),
  },
  {
    id: 'sub',
    title: 'SUB',
    align: 'right',
    width: 3,
    isNumber: true,
    drop: 1,
    cell: ({ topic }) => ({
      text: String(topic.subscribers.length),
      style: topic.subscribers.length === 0 ? 'dim' : 'plain',
    }),
    text: ({ topic }) => String(topic.subscribers.length),
  },
];

const WHY_UNMEASURED = {
  local: 'no: it stays on its machine, in shared memory',
  'on-demand': 'no: it is made only while somebody subscribes',
  pattern: 'no: it is a pattern, not a key',
} as const;

function topicDetails({ topic }: TopicRow, { state, nowMs }: DetailsContext): DetailsTable {
  const { figures, unmeasured } = topic;
  const who = (zids: readonly string[]): readonly string[] =>
    zids.map((zid) => state.names.get(zid) ?? `session ${zid}`);
  return fieldTable(`key ${topic.keyExpr}`, [
    ['Key', topic.keyExpr],
    ['Machine', topic.machine || '-'],
    ['Looked at', unmeasured === undefined ? lookedAt(topic, nowMs) : WHY_UNMEASURED[unmeasured]],
    ['Rate', figures?.rateHz === undefined ? '-' : formatRate(figures.rateHz)],
    ['Flow', figures?.bytesPerSecond === undefined ? '-' : formatByteRate(figures.bytesPerSecond)],
    ['Message', figures?.messageBytes === undefined ? '-' : formatBytes(figures.messageBytes)],
    ['Last message', figures?.lastAtMs === undefined ? 'none seen' : `${formatAge(nowMs - figures.lastAtMs)} ago`],
    ['Publishers', plural(topic.publishers.length, 'session')],
    ...who(topic.publishers).map((name, index) => [`Publisher ${index + 1}`, name] as const),
    ['Subscribers', plural(topic.subscribers.length, 'session')],
    ...who(topic.subscribers).map((name, index) => [`Subscriber ${index + 1}`, name] as const),
  ]);
}

function lookedAt({ figures }: Topic, nowMs: number): string {
  if (figures === undefined) return 'not yet';
  if (figures.isLive) return `now, for ${formatAge(nowMs - figures.sinceMs)}`;
  const when = `${formatAge(nowMs - figures.sinceMs)} ago`;
  return figures.isCostly ? `for a moment ${when}: it takes more than the budget` : when;
}

/** The node that a key speaks of, by the key alone. */
function nodeOfKey(keyExpr: string): string | undefined {
  const key = parseKey(keyExpr);
  switch (key.kind) {
    case 'daemon-log':
    case 'health':
    case 'node-manifest':
      return key.node;
    case 'data':
      return key.suffix.split('/')[0];
    default:
      return undefined;
  }
}

function topicLinks({ topic }: TopicRow, { state, rows }: DetailsContext): Links {
  const { machine } = topic;
  const name = nodeOfKey(topic.keyExpr);
  const node = rows.nodes.find((row) => row.machine === machine && row.node.name === name);
  const sessions = new Map(rows.peers.map((row) => [row.session.zid, row] as const));
  return [
    node && rowLink(`node ${node.node.name}`, 'nodes', node),
    node && { label: 'log', to: { kind: 'logs', machine, node: node.node.name } },
    ...(node === undefined ? [] : sessionLinks(node.key, state, rows).slice(1)),
    ...machineLinks(machine, rows).slice(0, 1),
    ...topic.publishers.slice(0, 2).map((zid) => rowLink(`sender ${zid.slice(0, 8)}`, 'peers', sessions.get(zid))),
    ...topic.subscribers.slice(0, 3).map((zid) => rowLink(`reader ${zid.slice(0, 8)}`, 'peers', sessions.get(zid))),
  ];
}

/** What the figures cost, and what was left out. */
function topicsNote({ topicsView: view }: FleetRows, nowMs: number): string {
  if (view.phase === 'idle') return '';
  if (view.recorded !== undefined) return recordedNote(view, view.recorded, nowMs);
  if (view.phase === 'asking') return 'asking';
  const parts = [`${formatByteRate(view.spentBytesPerSecond)} of ${formatByteRate(view.budgetBytesPerSecond)}`];
  if (view.heldBackCount > 0) parts.push(`${view.heldBackCount} held back`);
  if (view.leftOutPages > 0) parts.push(`${plural(view.leftOutPages, 'page')} of keys left out`);
  if (view.isCut) parts.push('there are more keys');
  const unasked = someRouters(view);
  parts.push(
    unasked === ''
      ? 'asks routers for their declarations'
      : `not asked: ${unasked}, since a stock zenoh can stop on it`,
  );
  return parts.join(', ');
}

/** What is not asked for is not "nobody". */
function noTopics({ topicsView: view }: FleetRows): string {
  if (view.unaskedRouters.length === 0) return 'The routers tell of no key that is published or subscribed to.';
  const who = `${plural(view.unaskedRouters.length, 'router')} (${someRouters(view)})`;
  return `No key is known. Not asked who publishes and subscribes: ${who}, since a stock zenoh can stop for good while it answers that (eclipse-zenoh/zenoh#2619). \`bubbaloop router\` can be asked.`;
}

/** The first of those that are not asked; empty where there is none. */
function someRouters({ unaskedRouters: [first, ...more] }: TopicsView): string {
  if (first === undefined) return '';
  const name = cut(sanitize(first), MAX_NAME);
  return more.length === 0 ? name : `${name} and ${more.length} more`;
}

/** A recording knows what its screen showed: how old that is matters more than what it cost. */
function recordedNote({ phase }: TopicsView, { isShown, shownAtMs, leftOutKeys }: RecordedLook, nowMs: number): string {
  const parts = [isShown ? 'looked at then' : `last looked at ${formatAge(nowMs - shownAtMs)} before`];
  if (isShown && phase === 'asking') parts.push('asking');
  if (leftOutKeys > 0) parts.push(`no room in the recording for ${leftOutKeys} more`);
  return parts.join(', ');
}

export const TOPICS_PANE = definePane<TopicRow>({
  id: 'topics',
  title: 'Topics',
  tab: 'Topics',
  help: 'topics: keys with their rates, senders and readers',
  empty: noTopics,
  columns: TOPIC_COLUMNS,
  rows: (fleet) => fleet.topics,
  details: topicDetails,
  links: topicLinks,
  note: topicsNote,
  isCounted: false,
});
