/**
 * A moving test picture, drawn for little: a background made once is copied whole (one memcpy), then a box and the
 * digits of the frame counter are copied over it row by row.
 */

const BYTES = 4;
/** Colour bars of television, RGB, left to right. */
const BARS: readonly (readonly [number, number, number])[] = [
  [191, 191, 191],
  [191, 191, 0],
  [0, 191, 191],
  [0, 191, 0],
  [191, 0, 191],
  [191, 0, 0],
  [0, 0, 191],
];
/** Digits of 3x5 dots, one octal digit a row from the top, its high bit at the left. */
const DIGITS = ['75557', '26227', '71747', '71717', '55711', '74717', '74757', '71122', '75757', '75717'];
const GLYPH_COLUMNS = 4;
const GLYPH_ROWS = 7;
const COUNTER_DIGITS = 6;
/** The box crosses the picture in so many frames. */
const CROSSING_FRAMES = 90;

type Color = readonly [number, number, number];

/** Tile of pixels, row after row. */
interface Tile {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

export interface TestPicture {
  readonly width: number;
  readonly height: number;
  /** Length of the pixels, RGBA. */
  readonly sizeBytes: number;
  /** Draws frame `sequence` into `target`, which has `sizeBytes`. */
  draw(target: Uint8Array, sequence: number): void;
}

/** `width` and `height` from 64 up. */
export function createTestPicture(width: number, height: number): TestPicture {
  const background = drawBackground(width, height);
  const dot = Math.max(
    1,
    Math.floor(Math.min(width / (GLYPH_COLUMNS * COUNTER_DIGITS + 4), height / (GLYPH_ROWS * 3))),
  );
  const glyphs = DIGITS.map((rows) => drawGlyph(rows, dot));
  const boxSize = Math.floor(Math.min(width, height) / 6);
  const box = solidTile(boxSize, boxSize, [255, 255, 255]);
  const counterX = Math.floor((width - dot * GLYPH_COLUMNS * COUNTER_DIGITS) / 2);
  const counterY = Math.floor(height * 0.55);
  const put = (target: Uint8Array, tile: Tile, x: number, y: number): void => {
    const rowBytes = tile.width * BYTES;
    for (let row = 0; row < tile.height; row += 1) {
      const from = row * rowBytes;
      target.set(tile.pixels.subarray(from, from + rowBytes), ((y + row) * width + x) * BYTES);
    }
  };
  return {
    width,
    height,
    sizeBytes: background.length,
    draw(target, sequence) {
      target.set(background);
      const travel = width - boxSize;
      const turn = sequence % (2 * CROSSING_FRAMES);
      const way = turn < CROSSING_FRAMES ? turn : 2 * CROSSING_FRAMES - turn;
      put(target, box, Math.round((travel * way) / CROSSING_FRAMES), Math.floor(height * 0.2));
      const text = String(sequence % 10 ** COUNTER_DIGITS).padStart(COUNTER_DIGITS, '0');
      for (const [index, digit] of [...text].entries()) {
        const glyph = glyphs[Number(digit)];
        if (glyph !== undefined) put(target, glyph, counterX + index * dot * GLYPH_COLUMNS, counterY);
      }
    },
  };
}

function drawBackground(width: number, height: number): Uint8Array {
  const pixels = new Uint8Array(width * height * BYTES);
  const row = new Uint8Array(width * BYTES);
  for (let y = 0; y < height; y += 1) {
    // Darker towards the bottom, so that a picture that is upside down or torn is seen.
    const light = 1 - (0.6 * y) / height;
    for (let x = 0; x < width; x += 1) {
      const [red, green, blue] = BARS[Math.floor((x * BARS.length) / width)] ?? [0, 0, 0];
      row[x * BYTES] = red * light;
      row[x * BYTES + 1] = green * light;
      row[x * BYTES + 2] = blue * light;
      row[x * BYTES + 3] = 255;
    }
    pixels.set(row, y * width * BYTES);
  }
  return pixels;
}

function drawGlyph(rows: string, dot: number): Tile {
  const tile = solidTile(GLYPH_COLUMNS * dot, GLYPH_ROWS * dot, [0, 0, 0]);
  for (const [y, bits] of [...rows].entries()) {
    for (let x = 0; x < 3; x += 1) {
      if ((Number(bits) & (4 >> x)) !== 0) fill(tile, x * dot, (y + 1) * dot, dot, [255, 255, 255]);
    }
  }
  return tile;
}

function solidTile(width: number, height: number, color: Color): Tile {
  const pixels = new Uint8Array(width * height * BYTES);
  for (let index = 0; index < pixels.length; index += BYTES) pixels.set([...color, 255], index);
  return { width, height, pixels };
}

function fill(tile: Tile, left: number, top: number, size: number, color: Color): void {
  for (let y = top; y < top + size; y += 1) {
    for (let x = left; x < left + size; x += 1) tile.pixels.set(color, (y * tile.width + x) * BYTES);
  }
}
