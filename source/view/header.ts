/** The first line: the fleet in numbers on the left, the link to it on the right. */
import type { FleetState } from '../fleet/state.ts';
import { formatAge, formatClock, formatLatency, plural } from './format.ts';
import type { FleetRows } from './rows.ts';
import { cut, sanitize, textWidth } from './text.ts';
import type { Glyphs, Line, Span } from './theme.ts';

export interface HeaderOptions {
  readonly nowMs: number;
  readonly width: number;
  readonly readOnly: boolean;
  readonly glyphs: Glyphs;
  /** A word beside the name, `demo`. */
  readonly banner?: string;
}

const STATUS_ORDER: readonly (readonly [status: string, style: Span['style']])[] = [
  ['running', 'plain'],
  ['failed', 'bad'],
  ['stopped', 'dim'],
  ['building', 'info'],
  ['installing', 'info'],
];

export function headerLine(state: FleetState, rows: FleetRows, options: HeaderOptions): Line {
  const { width, glyphs } = options;
  const clock: Span = { text: `  ${formatClock(options.nowMs)} `, style: 'dim' };
  const name: readonly Span[] = [
    { text: ' bubbaloop ', style: 'brand' },
    ...(options.banner === undefined ? [] : [{ text: ` ${options.banner} `, style: 'info' } as const]),
    ...(options.readOnly ? [{ text: ' read-only ', style: 'warn' } as const] : []),
  ];
  const numbers = fleetNumbers(state, rows);
  // What gives way first where room is short: the figures of the fleet from the right, then the endpoint.
  for (const link of linkForms(state, options)) {
    for (let count = numbers.length; count >= 0; count -= 1) {
      const left = [...name, ...numbers.slice(0, count).flat()];
      const free = width - spansWidth(left) - spansWidth(link) - spansWidth([clock]);
      const isLastTry = count === 0;
      if (free >= 1 && (count >= Math.min(2, numbers.length) || isLastTry)) {
        return [...left, { text: ' '.repeat(free) }, ...link, clock];
      }
    }
  }
  const text = cut(' bubbaloop', width, glyphs.ellipsis);
  return [{ text: text + ' '.repeat(Math.max(0, width - textWidth(text))), style: 'brand' }];
}

function fleetNumbers(state: FleetState, rows: FleetRows): readonly Span[][] {
  const numbers: Span[][] = [];
  if (rows.nodes.length > 0) {
    const counts = new Map<string, number>();
    for (const { node, freshness } of rows.nodes) {
      const status = freshness === 'live' ? node.status : 'not known now';
      counts.set(status, (counts.get(status) ?? 0) + 1);
    }
    const spans: Span[] = [{ text: ` ${plural(rows.nodes.length, 'node')}:`, style: 'dim' }];
    for (const [status, style] of STATUS_ORDER) {
      const count = counts.get(status);
      if (count !== undefined) spans.push({ text: ` ${count} ${status}`, style });
      counts.delete(status);
    }
    for (const [status, count] of counts) spans.push({ text: ` ${count} ${status}`, style: 'dim' });
    numbers.push([...spans, { text: ' ' }]);
  }
  if (state.machines.size > 0) numbers.push([{ text: ` ${plural(state.machines.size, 'machine')} `, style: 'dim' }]);
  if (state.routers.size > 0) numbers.push([{ text: ` ${plural(state.routers.size, 'router')} `, style: 'dim' }]);
  return numbers;
}

/** The state of the link, from the longest form to the shortest. */
function linkForms(state: FleetState, { nowMs, glyphs }: HeaderOptions): readonly Line[] {
  const { link } = state;
  const endpoint = sanitize(state.endpoint);
  switch (link.state) {
    case 'connected': {
      const sign: Span = { text: `${glyphs.good} `, style: 'good' };
      const latency = state.latencyMs === undefined ? '' : ` ${formatLatency(state.latencyMs)}`;
      return [
        [sign, { text: endpoint }, { text: latency, style: 'dim' }],
        [sign, { text: endpoint }],
        [sign, { text: 'connected' }],
      ];
    }
    case 'connecting':
      return [
        [{ text: `${glyphs.busy} connecting to ${endpoint}`, style: 'info' }],
        [{ text: `${glyphs.busy} connecting`, style: 'info' }],
      ];
    case 'lost': {
      const seconds = Math.ceil((link.retryAtMs - nowMs) / 1000);
      const retry = seconds > 0 ? `retry in ${seconds} s` : 'retrying';
      const what = state.staleSinceMs === undefined ? 'no router' : `lost ${formatAge(nowMs - state.staleSinceMs)}`;
      return [
        [{ text: `${glyphs.bad} ${endpoint} ${what}, ${retry}`, style: 'bad' }],
        [{ text: `${glyphs.bad} ${what}, ${retry}`, style: 'bad' }],
        [{ text: `${glyphs.bad} ${what}`, style: 'bad' }],
      ];
    }
    case 'closed':
      return [[{ text: `${glyphs.none} closed`, style: 'dim' }]];
  }
}

function spansWidth(spans: Line): number {
  return spans.reduce((sum, span) => sum + textWidth(span.text), 0);
}
