/** All cameras at once: as many tiles as fit, at whole cells, pages where there are more. */
import { type CameraTile, type CellSize, drawTile, fitPicture, type PicturePlace } from './camera-tile.ts';
import { formatByteRate } from './format.ts';
import type { Rect } from './layout.ts';
import { fit, wrap } from './text.ts';
import type { Line, Span, Theme } from './theme.ts';

/** Smallest tile in which a picture says anything: columns and rows of its picture. */
const MIN_PICTURE_COLUMNS = 22;
const MIN_PICTURE_ROWS = 5;
/** From this width on, all that is said of a camera stands on one line. */
const ONE_LINE_COLUMNS = 52;

export interface WallLayout {
  readonly columns: number;
  readonly rows: number;
  readonly tileWidth: number;
  readonly tileHeight: number;
  readonly infoRows: number;
  /** Tiles on one page. */
  readonly perPage: number;
}

/** The grid with the largest pictures that shows all cameras; where none does, the one that shows most. */
export function layoutWall(
  area: { readonly width: number; readonly height: number },
  count: number,
  cell: CellSize,
  maxTiles: number,
): WallLayout {
  const wanted = Math.max(1, Math.min(count, maxTiles));
  let best: WallLayout | undefined;
  let bestSize = 0;
  for (let columns = 1; columns <= wanted; columns += 1) {
    const tileWidth = Math.floor(area.width / columns);
    if (columns > 1 && tileWidth - 2 < MIN_PICTURE_COLUMNS) break;
    const infoRows = tileWidth - 2 >= ONE_LINE_COLUMNS ? 1 : 2;
    const around = 2 + infoRows;
    const mostRows = Math.max(1, Math.floor(area.height / (MIN_PICTURE_ROWS + around)));
    const rows = Math.min(mostRows, Math.ceil(wanted / columns));
    const tileHeight = Math.floor(area.height / rows);
    const inside = { x: 0, y: 0, width: tileWidth - 2, height: Math.max(1, tileHeight - around) };
    const picture = fitPicture(inside, undefined, cell);
    const perPage = Math.min(wanted, columns * rows);
    const layout = {
      columns,
      rows,
      tileWidth,
      tileHeight: Math.min(tileHeight, picture.height + around),
      infoRows,
      perPage,
    };
    const size = picture.width * picture.height;
    const isMore = perPage > (best?.perPage ?? 0);
    if (isMore || (perPage === best?.perPage && size > bestSize)) {
      best = layout;
      bestSize = size;
    }
  }
  return best ?? { columns: 1, rows: 1, tileWidth: area.width, tileHeight: area.height, infoRows: 1, perPage: 1 };
}

/** What the pictures cost and what holds them back, for the last line. */
export interface PictureStatus {
  /** `sixel`, `half blocks`. */
  readonly protocol: string;
  /** Where it counts. */
  readonly colours?: number;
  readonly rateHz: number;
  readonly askedHz: number;
  /** Of the sides of a picture. */
  readonly scale: number;
  readonly bytesPerSecond: number;
  readonly budgetBytesPerSecond?: number;
  /** Own CPU, 1 is a whole core. */
  readonly cpuShare: number;
  readonly limitedBy?: 'budget' | 'terminal' | 'cpu';
}

/** All that the screen must know of cameras and pictures. */
export interface PicturesView {
  readonly cameras: readonly CameraTile[];
  /** False until the fleet has been asked for its cameras. */
  readonly isLooked: boolean;
  readonly cell: CellSize;
  readonly maxTiles: number;
  readonly offReason?: string;
  readonly status?: PictureStatus;
}

export const NO_PICTURES: PicturesView = {
  cameras: [],
  isLooked: false,
  cell: { widthPx: 1, heightPx: 2 },
  maxTiles: 9,
};

export interface WallChoice {
  /** Key of the selected camera. */
  readonly key?: string;
  readonly isLarge: boolean;
}

export interface DrawnWall {
  readonly lines: readonly string[];
  readonly places: readonly PicturePlace[];
  readonly layout: WallLayout;
  /** Index of the selected camera. */
  readonly index: number;
}

export function drawWall(
  view: PicturesView,
  choice: WallChoice,
  area: Rect,
  { theme, nowMs }: { readonly theme: Theme; readonly nowMs: number },
): DrawnWall {
  const { cameras, cell } = view;
  const index = Math.max(
    0,
    cameras.findIndex(({ key }) => key === choice.key),
  );
  const layout = layoutWall(area, choice.isLarge ? 1 : cameras.length, cell, view.maxTiles);
  if (cameras.length === 0) {
    return { lines: emptyWall(view, area, theme), places: [], layout, index: 0 };
  }
  const first = choice.isLarge ? index : index - (index % layout.perPage);
  const shown = cameras.slice(first, first + layout.perPage);
  const lines: string[] = [];
  const places: PicturePlace[] = [];
  for (let row = 0; row * layout.columns < shown.length; row += 1) {
    const tiles = shown.slice(row * layout.columns, (row + 1) * layout.columns);
    const drawn = tiles.map((tile, column) =>
      drawTile(tile, {
        rect: {
          x: area.x + column * layout.tileWidth,
          y: area.y + row * layout.tileHeight,
          width: layout.tileWidth,
          height: layout.tileHeight,
        },
        infoRows: layout.infoRows,
        cell,
        theme,
        nowMs,
        isSelected: tile.key === cameras[index]?.key,
        offReason: view.offReason,
      }),
    );
    for (const { place } of drawn) places.push(place);
    const rest = ' '.repeat(area.width - tiles.length * layout.tileWidth);
    for (let line = 0; line < layout.tileHeight; line += 1) {
      lines.push(drawn.map((tile) => tile.lines[line] ?? '').join('') + rest);
    }
  }
  const hidden = cameras.length - shown.length;
  while (lines.length < area.height) lines.push(' '.repeat(area.width));
  if (hidden > 0 && !choice.isLarge) {
    const words = ` ${first + 1}-${first + shown.length} of ${cameras.length} cameras; PgUp and PgDn turn the page`;
    // Where the tiles leave no line free, the footer has to do.
    if (shown.length > 0 && Math.ceil(shown.length / layout.columns) * layout.tileHeight < area.height) {
      lines[area.height - 1] = theme.paint([{ text: fit(words, area.width), style: 'dim' }]);
    }
  }
  return { lines: lines.slice(0, area.height), places, layout, index };
}

function emptyWall({ isLooked }: PicturesView, area: Rect, theme: Theme): string[] {
  const sentence = isLooked
    ? 'No camera of the fleet is known. A camera is a node whose manifest lists pictures among its outputs: `bubbaloop node run test-camera` is one to try.'
    : 'Asking the fleet for its cameras …';
  const words = wrap(sentence, Math.max(1, area.width - 8));
  const above = Math.max(0, Math.floor((area.height - words.length) / 2));
  return Array.from({ length: area.height }, (_, row) =>
    theme.paint([{ text: fit(`    ${words[row - above] ?? ''}`, area.width), style: 'info' }]),
  );
}

/** The last line of the wall: keys, and what the pictures cost. */
export function wallFooter(view: PicturesView, isLarge: boolean, width: number, enter: string): Line {
  const hints = isLarge
    ? ([['Esc', 'all cameras']] as const)
    : ([
        ['Esc', 'back'],
        [enter, 'one camera'],
      ] as const);
  const keys = [...hints, ['p', 'photo'] as const].flatMap(([key, what]): Span[] => [
    { text: ` ${key}`, style: 'key' },
    { text: ` ${what} `, style: 'dim' },
  ]);
  const used = keys.reduce((sum, { text }) => sum + text.length, 0);
  const status = statusTexts(view.status);
  const text = status.find((candidate) => candidate.length + used + 1 <= width);
  if (text !== undefined) {
    return [
      { text: fit(` ${text}`, width - used), style: view.status?.limitedBy === undefined ? 'dim' : 'warn' },
      ...keys,
    ];
  }
  return [{ text: fit(` ${status.at(-1) ?? ''}`, width), style: 'dim' }];
}

/** The same said at length and shorter. */
function statusTexts(status: PictureStatus | undefined): readonly string[] {
  if (status === undefined) return [''];
  const { protocol, colours, rateHz, askedHz, scale, bytesPerSecond, budgetBytesPerSecond, cpuShare, limitedBy } =
    status;
  const cpu = `CPU ${Math.round(cpuShare * 100)}%`;
  const rate = rateHz < askedHz ? `${rateHz} Hz of ${askedHz} asked` : `${rateHz} Hz`;
  const size = scale < 1 ? [`${Math.round(scale * 100)}% size`] : [];
  const used = formatByteRate(bytesPerSecond);
  const spent = budgetBytesPerSecond === undefined ? used : `${used} of ${formatByteRate(budgetBytesPerSecond)} budget`;
  const shade = colours === undefined ? protocol : `${protocol} ${colours} colours`;
  const why = limitedBy === undefined ? [] : [`limited by ${limitedBy}`];
  return [
    `pictures: ${[shade, rate, ...size, spent, cpu, ...why].join(', ')}`,
    [shade, rate, ...size, spent, cpu].join(', '),
    [protocol, `${rateHz}/${askedHz} Hz`, ...size, spent.replace(' budget', ''), cpu].join(', '),
    [`${rateHz}/${askedHz} Hz`, ...size, used, cpu].join(' '),
  ];
}
