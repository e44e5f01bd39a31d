/**
 * Palettes for pictures: a histogram of colour cells, split greedily where the split takes away most squared error (Wu,
 * "Efficient statistical computations for optimal color quantization", 1991, on the cells that occur instead of the whole
 * cube). source/native/src/pictures/palette.rs is the same algorithm, operation by operation: both give the same bytes.
 */

/** Bits a channel of a colour cell; the eye, and SSIM, see green best. */
export const CELL_COUNT = 1 << 16;

/** The colour cell of a pixel. */
export function cellOf(red: number, green: number, blue: number): number {
  return ((red >> 3) << 11) | ((green >> 2) << 5) | (blue >> 3);
}

/** How much an error of each channel counts. */
export const RED_WEIGHT = 2;
export const GREEN_WEIGHT = 4;
export const BLUE_WEIGHT = 1;

/** More pixels than this are sampled. */
const MAX_SAMPLES = 1 << 16;

const AXIS_SHIFT = [11, 5, 0] as const;
const AXIS_MASK = [31, 63, 31] as const;

export interface Palette {
  /** Colours that are in use, at most the number asked for, at least 1. */
  readonly size: number;
  /** Sixel's own unit, 0 to 100: red, green, blue of each colour. */
  readonly percents: Uint8Array;
  /** What a terminal makes of the percents: red, green, blue of each colour, 0 to 255. */
  readonly shown: Uint8Array;
}

export function percentOf(sum: number, count: number): number {
  return Math.floor((sum * 200 + count * 255) / (count * 510));
}

export function shownOf(percent: number): number {
  return Math.floor((percent * 255 + 50) / 100);
}

/** Builds palettes; keeps its buffers from one to the next. */
export class PaletteBuilder implements Palette {
  readonly percents = new Uint8Array(256 * 3);
  readonly shown = new Uint8Array(256 * 3);
  size = 0;
  /** Cells of colour `i` are `cells[boxStart[i]]` up to, not including, `cells[boxEnd[i]]`. */
  readonly boxStart = new Int32Array(256);
  readonly boxEnd = new Int32Array(256);
  cells = new Uint16Array(4096);
  cellCount = 0;

  /** Pixels and their sums of red, green and blue, by cell. */
  readonly #histogram = new Uint32Array(CELL_COUNT * 4);
  readonly #bins = new Float64Array(64 * 4);
  readonly #gain = new Float64Array(256);
  readonly #cutAxis = new Uint8Array(256);
  readonly #cutAfter = new Uint8Array(256);

  /** Takes opaque pixels (alpha from 128) only. The palette is empty where there is none. */
  build(data: Uint8Array, width: number, height: number, colours: number): void {
    this.#count(data, width, height);
    this.size = 0;
    if (this.cellCount > 0) {
      this.#addBox(0, this.cellCount);
      while (this.size < colours && this.#splitBest()) {}
    }
    for (let index = 0; index < this.size; index += 1) this.#setColour(index);
    for (let at = 0; at < this.cellCount; at += 1) {
      const cell = this.cells[at] as number;
      this.#histogram.fill(0, cell * 4, cell * 4 + 4);
    }
  }

  #count(data: Uint8Array, width: number, height: number): void {
    const histogram = this.#histogram;
    const step = Math.max(1, Math.ceil(Math.sqrt((width * height) / MAX_SAMPLES)));
    this.cellCount = 0;
    for (let y = 0; y < height; y += step) {
      const rowEnd = (y + 1) * width * 4;
      for (let at = y * width * 4; at < rowEnd; at += step * 4) {
        if ((data[at + 3] as number) < 128) continue;
        const red = data[at] as number;
        const green = data[at + 1] as number;
        const blue = data[at + 2] as number;
        const cell = cellOf(red, green, blue);
        const slot = cell * 4;
        const before = histogram[slot] as number;
        if (before === 0) this.#addCell(cell);
        histogram[slot] = before + 1;
        histogram[slot + 1] = (histogram[slot + 1] as number) + red;
        histogram[slot + 2] = (histogram[slot + 2] as number) + green;
        histogram[slot + 3] = (histogram[slot + 3] as number) + blue;
      }
    }
  }

  #addCell(cell: number): void {
    if (this.cellCount === this.cells.length) {
      const larger = new Uint16Array(this.cells.length * 2);
      larger.set(this.cells);
      this.cells = larger;
    }
    this.cells[this.cellCount] = cell;
    this.cellCount += 1;
  }

  #addBox(start: number, end: number): void {
    this.#setBox(this.size, start, end);
    this.size += 1;
  }

  /** Also finds where to cut it best. */
  #setBox(index: number, start: number, end: number): void {
    this.boxStart[index] = start;
    this.boxEnd[index] = end;
    this.#gain[index] = 0;
    if (end - start < 2) return;
    for (let axis = 0; axis < 3; axis += 1) this.#findCut(index, axis as 0 | 1 | 2);
  }

  #findCut(index: number, axis: 0 | 1 | 2): void {
    const { cells, boxStart, boxEnd } = this;
    const histogram = this.#histogram;
    const bins = this.#bins;
    const shift = AXIS_SHIFT[axis];
    const mask = AXIS_MASK[axis];
    bins.fill(0, 0, (mask + 1) * 4);
    let lowest: number = mask;
    let highest = 0;
    const end = boxEnd[index] as number;
    for (let at = boxStart[index] as number; at < end; at += 1) {
      const cell = cells[at] as number;
      const place = (cell >> shift) & mask;
      if (place < lowest) lowest = place;
      if (place > highest) highest = place;
      const bin = place * 4;
      const slot = cell * 4;
      bins[bin] = (bins[bin] as number) + (histogram[slot] as number);
      bins[bin + 1] = (bins[bin + 1] as number) + (histogram[slot + 1] as number);
      bins[bin + 2] = (bins[bin + 2] as number) + (histogram[slot + 2] as number);
      bins[bin + 3] = (bins[bin + 3] as number) + (histogram[slot + 3] as number);
    }
    let count = 0;
    let red = 0;
    let green = 0;
    let blue = 0;
    for (let bin = lowest * 4; bin <= highest * 4; bin += 4) {
      count += bins[bin] as number;
      red += bins[bin + 1] as number;
      green += bins[bin + 2] as number;
      blue += bins[bin + 3] as number;
    }
    const whole = moment(count, red, green, blue);
    let leftCount = 0;
    let leftRed = 0;
    let leftGreen = 0;
    let leftBlue = 0;
    for (let place = lowest; place < highest; place += 1) {
      const bin = place * 4;
      if (bins[bin] === 0) continue;
      leftCount += bins[bin] as number;
      leftRed += bins[bin + 1] as number;
      leftGreen += bins[bin + 2] as number;
      leftBlue += bins[bin + 3] as number;
      const gain =
        moment(leftCount, leftRed, leftGreen, leftBlue) +
        moment(count - leftCount, red - leftRed, green - leftGreen, blue - leftBlue) -
        whole;
      if (gain > (this.#gain[index] as number)) {
        this.#gain[index] = gain;
        this.#cutAxis[index] = axis;
        this.#cutAfter[index] = place;
      }
    }
  }

  /** False where no box is worth a cut. */
  #splitBest(): boolean {
    let best = -1;
    let bestGain = 0;
    for (let index = 0; index < this.size; index += 1) {
      if ((this.#gain[index] as number) > bestGain) {
        best = index;
        bestGain = this.#gain[index] as number;
      }
    }
    if (best < 0) return false;
    const axis = this.#cutAxis[best] as 0 | 1 | 2;
    const shift = AXIS_SHIFT[axis];
    const mask = AXIS_MASK[axis];
    const after = this.#cutAfter[best] as number;
    const cells = this.cells;
    const start = this.boxStart[best] as number;
    const end = this.boxEnd[best] as number;
    let middle = start;
    for (let at = start; at < end; at += 1) {
      const cell = cells[at] as number;
      if (((cell >> shift) & mask) > after) continue;
      cells[at] = cells[middle] as number;
      cells[middle] = cell;
      middle += 1;
    }
    this.#setBox(best, start, middle);
    this.#addBox(middle, end);
    return true;
  }

  #setColour(index: number): void {
    let count = 0;
    let red = 0;
    let green = 0;
    let blue = 0;
    const end = this.boxEnd[index] as number;
    for (let at = this.boxStart[index] as number; at < end; at += 1) {
      const slot = (this.cells[at] as number) * 4;
      count += this.#histogram[slot] as number;
      red += this.#histogram[slot + 1] as number;
      green += this.#histogram[slot + 2] as number;
      blue += this.#histogram[slot + 3] as number;
    }
    [red, green, blue].forEach((sum, channel) => {
      const percent = percentOf(sum, count);
      this.percents[index * 3 + channel] = percent;
      this.shown[index * 3 + channel] = shownOf(percent);
    });
  }
}

/** Squared length of the sum over the count: what a box's centre takes off the squared error. */
function moment(count: number, red: number, green: number, blue: number): number {
  return (RED_WEIGHT * red * red + GREEN_WEIGHT * green * green + BLUE_WEIGHT * blue * blue) / count;
}
