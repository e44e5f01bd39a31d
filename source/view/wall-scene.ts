/** The camera wall and the picture beside a node's details, as parts of the screen. */
import { drawTile, fitPicture, type PicturePlace } from './camera-tile.ts';
import { type DrawnWall, drawWall, type PicturesView } from './camera-wall.ts';
import type { Rect } from './layout.ts';
import type { Theme } from './theme.ts';
import type { Overlay } from './ui-state.ts';

/** What the keys of the wall must know of it. */
export interface WallGrid {
  /** Keys of all cameras, in order. */
  readonly keys: readonly string[];
  readonly columns: number;
  readonly perPage: number;
}

export interface WallInput {
  readonly pictures: PicturesView;
  readonly theme: Theme;
  readonly nowMs: number;
}

type CamerasOverlay = Extract<Overlay, { readonly kind: 'cameras' }>;

/** The wall in `body`, its grid for the keys, and the choice as it was drawn: on a camera that exists. */
export function drawWallScene(
  input: WallInput,
  overlay: CamerasOverlay,
  body: Rect,
): { readonly wall: DrawnWall; readonly grid: WallGrid; readonly overlay: CamerasOverlay } {
  const { cameras } = input.pictures;
  const wall = drawWall(input.pictures, overlay, body, input);
  const grid = { keys: cameras.map(({ key }) => key), columns: wall.layout.columns, perPage: wall.layout.perPage };
  const key = cameras[wall.index]?.key ?? overlay.key;
  return { wall, grid, overlay: key === overlay.key ? overlay : { ...overlay, key } };
}

/** From this width on there is room for a picture beside the details. */
const DETAILS_MIN_COLUMNS = 80;
const INFO_ROWS = 2;

export interface DetailsPicture {
  readonly area: Rect;
  readonly lines: readonly string[];
  readonly places: readonly PicturePlace[];
}

/** The picture on the right of a camera's details; undefined for what is no camera, and where there is no room. */
export function detailsPicture(
  { pictures, theme, nowMs }: WallInput,
  overlay: Extract<Overlay, { readonly kind: 'details' }>,
  body: Rect,
): DetailsPicture | undefined {
  if (overlay.pane !== 'nodes' || body.width < DETAILS_MIN_COLUMNS) return undefined;
  const tile = pictures.cameras.find(({ key }) => key === overlay.key);
  if (tile === undefined) return undefined;
  const width = Math.min(66, Math.floor(body.width * 0.42));
  const most = { x: 0, y: 0, width: width - 2, height: body.height - 1 - 2 - INFO_ROWS };
  const height = fitPicture(most, tile.sight, pictures.cell).height + 2 + INFO_ROWS;
  const area = { x: body.x + body.width - width, y: body.y + 1, width, height };
  const drawn = drawTile(tile, {
    rect: area,
    infoRows: INFO_ROWS,
    cell: pictures.cell,
    theme,
    nowMs,
    isSelected: true,
    offReason: pictures.offReason,
  });
  return { area, lines: drawn.lines, places: [drawn.place] };
}
