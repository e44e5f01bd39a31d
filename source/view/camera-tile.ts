/** One camera on the screen: its frame, what is said of it, and the box that its picture goes into. */
import { formatAge, formatLatency } from './format.ts';
import { drawFrame, type FramedLine, innerWidth, padLine } from './frame.ts';
import type { Rect } from './layout.ts';
import { cut, sanitize, textWidth, wrap } from './text.ts';
import type { Line, Span, Theme } from './theme.ts';

/** What is known of a camera, as far as it is drawn. Times are `Date.now()`. */
export interface CameraSight {
  readonly source?: 'shm' | 'thumbnail' | 'h264' | 'jpeg';
  readonly version: number;
  readonly width?: number;
  readonly height?: number;
  readonly rateHz?: number;
  readonly latencyMs?: number;
  readonly receivedAtMs?: number;
  readonly flag?: 'frozen' | 'black' | 'stale' | 'broken';
  readonly flaggedSinceMs?: number;
  /** Untrusted text. */
  readonly problem?: string;
}

export interface CameraTile {
  /** `machine/node`. */
  readonly key: string;
  readonly machine: string;
  readonly node: string;
  /** Undefined while nobody watches it. */
  readonly sight?: CameraSight;
}

/** Where a camera's picture is to be drawn, in cells. */
export interface PicturePlace {
  readonly key: string;
  readonly rect: Rect;
  /** Words stand there now; the camera is watched all the same. */
  readonly isCovered: boolean;
}

/** Width by height in pixels of one cell: all that a layout must know of a terminal's pixels. */
export interface CellSize {
  readonly widthPx: number;
  readonly heightPx: number;
}

export interface TileOptions {
  readonly rect: Rect;
  readonly infoRows: number;
  readonly cell: CellSize;
  readonly theme: Theme;
  readonly nowMs: number;
  readonly isSelected: boolean;
  /** Why no picture can be shown at all. */
  readonly offReason?: string;
}

export interface DrawnTile {
  readonly lines: readonly string[];
  readonly place: PicturePlace;
}

/** What a camera has before its first picture. */
const USUAL = { width: 16, height: 9 };
const MAX_RATIO = 8;

export function drawTile(tile: CameraTile, options: TileOptions): DrawnTile {
  const { rect, infoRows, theme, isSelected } = options;
  const inner = innerWidth(rect.width);
  const rows = Math.max(0, rect.height - 2 - infoRows);
  const sentence = sentenceOf(tile, options);
  const body: FramedLine[] = sentence === undefined ? blankRows(rows) : centred(sentence, inner, rows);
  for (const line of infoLines(tile, options, inner)) body.push({ line });
  const name = `${sanitize(tile.node)} ${theme.glyphs.separator} ${sanitize(tile.machine)}`;
  const lines = drawFrame(theme.paint, body, {
    rect,
    title: [{ text: ` ${cut(name, Math.max(1, inner - 3))} `, style: isSelected ? 'title-active' : 'title' }],
    isActive: isSelected,
    glyphs: theme.glyphs,
  });
  const area = { x: rect.x + 1, y: rect.y + 1, width: inner, height: rows };
  return {
    lines,
    place: { key: tile.key, rect: fitPicture(area, tile.sight, options.cell), isCovered: sentence !== undefined },
  };
}

/** The largest box of whole cells inside `area` with the sides of the picture in proportion, in its middle. */
export function fitPicture(
  area: Rect,
  size: { readonly width?: number; readonly height?: number } | undefined,
  cell: CellSize,
): Rect {
  const { width = USUAL.width, height = USUAL.height } = size ?? {};
  const ratio = Math.min(MAX_RATIO, Math.max(1 / MAX_RATIO, width / height));
  // Width over height in cells.
  const shape = (ratio * cell.heightPx) / cell.widthPx;
  const columns = Math.max(1, Math.min(area.width, Math.round(area.height * shape)));
  const rows = Math.max(1, Math.min(area.height, Math.round(columns / shape)));
  return {
    x: area.x + Math.floor((area.width - columns) / 2),
    y: area.y + Math.floor((area.height - rows) / 2),
    width: columns,
    height: rows,
  };
}

/** What stands in the place of a picture; undefined where there is one to show. */
function sentenceOf({ sight }: CameraTile, { nowMs, offReason }: TileOptions): string | undefined {
  if (sight?.flag === 'broken') return `BROKEN${sight.problem === undefined ? '' : `: ${sight.problem}`}`;
  if (sight?.flag === 'black') return `BLACK${since(sight, nowMs)}`;
  if (offReason !== undefined) return `No pictures here: ${offReason}.`;
  if ((sight?.version ?? 0) > 0) return undefined;
  if (sight === undefined) return 'Waiting for its first picture …';
  if (sight.problem !== undefined) return sight.problem;
  return sight.flag === 'stale' ? `STALE: no picture${since(sight, nowMs)}` : 'Waiting for its first picture …';
}

function since({ flaggedSinceMs }: CameraSight, nowMs: number): string {
  return flaggedSinceMs === undefined ? '' : ` for ${formatAge(nowMs - flaggedSinceMs)}`;
}

const FLAG_WORDS = { frozen: 'FROZEN', black: 'BLACK', stale: 'STALE', broken: 'BROKEN' } as const;

/** The lines under the picture: what is wrong first, then figures, as many as fit. */
function infoLines(tile: CameraTile, options: TileOptions, inner: number): Line[] {
  const spans = infoSpans(tile, options);
  const lines: Span[][] = [];
  let used = Number.POSITIVE_INFINITY;
  for (const span of spans) {
    const width = textWidth(span.text);
    if (used + 2 + width > inner - 1) {
      if (lines.length === options.infoRows) break;
      lines.push([{ text: ' ' }]);
      used = -1;
    }
    const line = lines[lines.length - 1];
    if (line === undefined) break;
    if (used >= 0) line.push({ text: '  ' });
    line.push(width > inner - 2 ? { ...span, text: cut(span.text, inner - 2) } : span);
    used = (used < 0 ? 1 : used + 2) + width;
  }
  while (lines.length < options.infoRows) lines.push([]);
  return lines.map((line) => padLine(line, inner));
}

function infoSpans({ sight }: CameraTile, { nowMs, theme }: TileOptions): Span[] {
  if (sight === undefined) return [];
  const spans: Span[] = [];
  if (sight.flag !== undefined) {
    const text = `${theme.glyphs.warn} ${FLAG_WORDS[sight.flag]}${since(sight, nowMs)}`;
    spans.push({ text, style: 'bad' });
  }
  if (sight.rateHz !== undefined) spans.push({ text: `${sight.rateHz.toFixed(1)} Hz` });
  if (sight.width !== undefined && sight.height !== undefined) {
    spans.push({ text: `${sight.width}x${sight.height}`, style: 'dim' });
  }
  if (sight.source !== undefined) spans.push({ text: SOURCE_WORDS[sight.source], style: 'dim' });
  if (sight.receivedAtMs !== undefined) spans.push({ text: `age ${shortTime(nowMs - sight.receivedAtMs)}` });
  if (sight.latencyMs !== undefined) spans.push({ text: `late ${shortTime(sight.latencyMs)}`, style: 'dim' });
  if (sight.problem !== undefined && sight.flag !== 'broken')
    spans.push({ text: sanitize(sight.problem), style: 'warn' });
  return spans;
}

const SOURCE_WORDS = { shm: 'shm', thumbnail: 'thumb', h264: 'h264', jpeg: 'jpeg' } as const;

function shortTime(ms: number): string {
  if (ms >= 1_000) return formatAge(ms);
  // Steps of 10 ms: a figure that jumps with every look says no more.
  return formatLatency(Math.max(0, Math.round(ms / 10) * 10)).replace(/\.0 ms$/, ' ms');
}

function blankRows(count: number): FramedLine[] {
  return Array.from({ length: count }, () => ({ line: [] }));
}

function centred(sentence: string, inner: number, rows: number): FramedLine[] {
  const words = wrap(sentence, Math.max(1, inner - 2)).slice(0, rows);
  const above = Math.floor((rows - words.length) / 2);
  const lines = words.map((text): FramedLine => {
    const left = Math.floor((inner - textWidth(text)) / 2);
    return { line: [{ text: ' '.repeat(left) }, { text, style: 'warn' }] };
  });
  return [...blankRows(above), ...lines, ...blankRows(rows - above - lines.length)];
}
