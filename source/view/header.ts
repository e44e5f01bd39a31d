/** The first line: the fleet in numbers on the left, the link to it on the right. */
import type { FleetState } from '../fleet/state.ts';
import { formatAge, formatClock, formatLatency, plural } from './format.ts';
import { lineWidth } from './frame.ts';
import type { Glyphs } from './glyphs.ts';
import type { FleetRows } from './rows.ts';
import { cut, sanitize, textWidth } from './text.ts';
import type { Line, Span } from './theme.ts';

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
  // Where room is short the figures lose their right end first, then the endpoint goes, then all figures but the bad ones.
  const links = linkForms(state, options);
  const attempts = figureForms(state, rows).flatMap((figures) => links.map((link) => ({ figures, link })));
  attempts.sort((a, b) => b.figures.rank + b.link.rank - a.figures.rank - a.link.rank);
  for (const { figures, link } of attempts) {
    const left = [...name, ...figures.line];
    const free = width - lineWidth(left) - lineWidth(link.line) - lineWidth([clock]);
    if (free >= 1) return [...left, { text: ' '.repeat(free) }, ...link.line, clock];
  }
  const text = cut(' bubbaloop', width, glyphs.ellipsis);
  return [{ text: text + ' '.repeat(Math.max(0, width - textWidth(text))), style: 'brand' }];
}

/** One way to say something; of the combinations that fit, that with the highest sum of ranks is shown. */
interface Form {
  readonly line: Line;
  readonly rank: number;
}

function figureForms(state: FleetState, rows: FleetRows): readonly Form[] {
  const nodes = nodeFigures(rows);
  const machines: Line =
    state.machines.size > 0 ? [{ text: ` ${plural(state.machines.size, 'machine')} `, style: 'dim' }] : [];
  const routers: Line =
    state.routers.size > 0 ? [{ text: ` ${plural(state.routers.size, 'router')} `, style: 'dim' }] : [];
  return [
    { line: [...nodes.full, ...machines, ...routers], rank: 10 },
    { line: [...nodes.full, ...machines], rank: 9 },
    { line: nodes.full, rank: 8 },
    { line: nodes.short, rank: 4 },
    { line: [], rank: 0 },
  ];
}

function nodeFigures(rows: FleetRows): { readonly full: Line; readonly short: Line } {
  if (rows.nodes.length === 0) return { full: [], short: [] };
  const counts = new Map(rows.statusCounts);
  const total: Span = { text: ` ${plural(rows.nodes.length, 'node')}`, style: 'dim' };
  const full: Span[] = [total, { text: ':', style: 'dim' }];
  const short: Span[] = [total];
  for (const [status, style] of STATUS_ORDER) {
    const count = counts.get(status);
    counts.delete(status);
    if (count === undefined) continue;
    full.push({ text: ` ${count} ${status}`, style });
    if (style === 'bad') short.push({ text: ` ${count} ${status}`, style });
  }
  for (const [status, count] of counts) full.push({ text: ` ${count} ${status}`, style: 'dim' });
  return { full: [...full, { text: ' ' }], short: [...short, { text: ' ' }] };
}

/** The state of the link, from the longest form to the shortest. */
function linkForms(state: FleetState, options: HeaderOptions): readonly Form[] {
  const lines = linkLines(state, options);
  // What is wrong with a link keeps its words: they matter more than figures that are old.
  const ranks = state.link.state === 'connected' ? [0, -0.5, -3] : [0, -2, -9];
  return lines.map((line, index) => ({ line, rank: ranks[index] ?? -9 }));
}

function linkLines(state: FleetState, { nowMs, glyphs }: HeaderOptions): readonly Line[] {
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
