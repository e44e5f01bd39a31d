/** Columns that several panes have: what is in them differs, how it is shown, sorted and filtered does not. */
import type { TrendName } from '../fleet/history.ts';
import { memoryPercent } from '../fleet/measures.ts';
import type { MachineLoad } from '../fleet/state.ts';
import type { CellContext, Column } from './column.ts';
import { formatAge, formatCelsius } from './format.ts';
import type { Glyphs } from './glyphs.ts';
import type { BaseRow } from './rows.ts';
import { sparkline } from './sparkline.ts';
import type { Span, StyleName } from './theme.ts';

/** A column but for what is in it. */
type Place = Pick<Column<never>, 'id' | 'title' | 'width' | 'flex' | 'maxWidth' | 'drop'>;

/** The place of the machine that a row is of; how soon it is left out is the pane's own affair. */
export const MACHINE_PLACE = { id: 'machine', title: 'MACHINE', width: 10, flex: 1, maxWidth: 24 } as const;

/** Names and words, shown as a filter sees them; a sign where there are none. */
export function wordColumn<Row>(place: Place, text: (row: Row) => string, style: StyleName = 'dim'): Column<Row> {
  return {
    ...place,
    align: 'left',
    cell: (row, { glyphs }) => {
      const words = text(row);
      return words === '' ? { text: glyphs.none, style: 'dim' } : { text: words, style };
    },
    text,
  };
}

/** What a row is called, with a sign where it is not heard now: for panes without a column for that. */
export function nameColumn<Row extends BaseRow>(place: Place, name: (row: Row) => string): Column<Row> {
  return {
    ...place,
    align: 'left',
    cell: (row, { glyphs }) => {
      const sign = row.freshness === 'live' ? '' : `${presenceSign(row, glyphs)} `;
      return { text: `${sign}${name(row) || glyphs.none}`, style: 'strong' };
    },
    text: name,
  };
}

/** Whether something is heard now. */
export function presenceSign({ freshness }: BaseRow, { good, bad }: Glyphs): string {
  return { live: good, stale: '?', lost: bad }[freshness];
}

interface FigureLook {
  /** Default: the number as it is. */
  readonly format?: (value: number) => string;
  /** From here on it is marked. */
  readonly warnFrom?: number;
  readonly style?: StyleName;
}

/** Numbers, of which any may be missing. */
export function figureColumn<Row>(
  place: Place,
  value: (row: Row) => number | undefined,
  look: FigureLook = {},
): Column<Row> {
  return {
    ...place,
    align: 'right',
    isNumber: true,
    cell: (row, { glyphs }) => figureSpan(value(row), glyphs, look),
    text: (row) => String(value(row) ?? ''),
  };
}

function figureSpan(
  value: number | undefined,
  glyphs: Glyphs,
  { format = String, warnFrom = Number.POSITIVE_INFINITY, style = 'plain' }: FigureLook,
): Span {
  if (value === undefined) return { text: glyphs.none, style: 'dim' };
  return value >= warnFrom ? { text: `${format(value)}${glyphs.warn}`, style: 'warn' } : { text: format(value), style };
}

/** For how long something has been so, the shortest first. A filter finds nothing in it: it is another text each second. */
export function ageColumn<Row>(
  place: Place,
  sinceMs: (row: Row) => number | undefined,
  style: StyleName = 'plain',
): Column<Row> {
  return {
    ...place,
    align: 'right',
    cell: (row, { nowMs, glyphs }) => {
      const since = sinceMs(row);
      return since === undefined ? { text: glyphs.none, style: 'dim' } : { text: formatAge(nowMs - since), style };
    },
    text: () => '',
    sort: (row) => {
      const since = sinceMs(row);
      return since === undefined ? undefined : -since;
    },
  };
}

/** How long it has run. Of what is not heard now that is not known; its place in the order stays. */
export function upColumn<Row extends BaseRow>(
  place: Pick<Place, 'width' | 'drop'>,
  upSinceMs: (row: Row) => number | undefined,
): Column<Row> {
  const column = ageColumn({ id: 'up', title: 'UP', ...place }, upSinceMs);
  return {
    ...column,
    cell: (row, context) =>
      row.freshness === 'live' ? column.cell(row, context) : { text: context.glyphs.none, style: 'dim' },
  };
}

/** How the row's figure went. `top` is that of a full bar; absent: the highest in sight. */
export function trendColumn<Row extends BaseRow>(
  place: Place,
  name: TrendName,
  { top, style }: { readonly top?: number; readonly style?: (row: Row) => StyleName } = {},
): Column<Row> {
  return {
    ...place,
    align: 'left',
    isBars: true,
    cell: (row, { trends, glyphs }) => ({
      text: sparkline(trends.trend(name, row.key), place.width, glyphs, top),
      style: style?.(row) ?? 'info',
    }),
    text: () => '',
  };
}

const percent = (value: number): string => `${value}%`;

interface LoadFigure extends FigureLook {
  readonly title: string;
  readonly value: (load: MachineLoad) => number | undefined;
}

const BUSY_PERCENT = 90;
/** Jetsons throttle a little above. */
const HOT_CELSIUS = 85;

const LOAD_FIGURES = {
  cpu: { title: 'CPU', value: (load) => load.cpuPercent, format: percent, warnFrom: BUSY_PERCENT },
  memory: { title: 'MEM', value: roundedMemoryPercent, format: percent, warnFrom: BUSY_PERCENT },
  disk: { title: 'DISK', value: (load) => load.diskPercent, format: percent, warnFrom: BUSY_PERCENT },
  temp: { title: 'TEMP', value: (load) => load.hottestCelsius, format: formatCelsius, warnFrom: HOT_CELSIUS },
} as const satisfies Readonly<Record<string, LoadFigure>>;

function roundedMemoryPercent(load: MachineLoad): number | undefined {
  const value = memoryPercent(load);
  return value === undefined ? undefined : Math.round(value);
}

/** How busy a machine is. */
export function loadColumn<Row>(
  id: keyof typeof LOAD_FIGURES,
  place: Pick<Place, 'width' | 'drop'>,
  load: (row: Row) => MachineLoad | undefined,
): Column<Row> {
  const { title, value, ...look } = LOAD_FIGURES[id];
  const figure = (row: Row): number | undefined => {
    const known = load(row);
    return known === undefined ? undefined : value(known);
  };
  return figureColumn({ id, title, ...place }, figure, look);
}

/** Of what is not heard now: since when it is lost, or what it was; undefined where it is live. */
export function absenceSpan(
  { freshness, lostSinceMs }: BaseRow,
  lastWords: string,
  { nowMs, glyphs }: Pick<CellContext, 'nowMs' | 'glyphs'>,
): Span | undefined {
  if (freshness === 'lost') {
    return { text: `${glyphs.bad} lost ${formatAge(nowMs - (lostSinceMs ?? nowMs))}`, style: 'bad' };
  }
  return freshness === 'stale' ? { text: `? ${lastWords}`, style: 'dim' } : undefined;
}
