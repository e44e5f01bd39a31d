/**
 * Sixels from a picture of palette indices: bands of six rows, each written as a few passes over the line, in which the
 * colours' stretches stand one after the other where they do not overlap. DEC STD 070, chapter 9; libsixel packs alike.
 */

/** A stretch of one colour goes on over a gap of so many columns: cheaper than to choose the colour again. */
const MAX_GAP = 10;
/** Most that a band can take: each column's six pixels in a stretch of its own, with colour, gap and sign. */
const BAND_BYTES_PER_COLUMN = 6 * 16;

const QUESTION_MARK = 0x3f;
const NUMBER_SIGN = 0x23;
const EXCLAMATION = 0x21;
const DOLLAR = 0x24;
const MINUS = 0x2d;
const SEMICOLON = 0x3b;

/** Writes sixels; keeps its buffers from one picture to the next. */
export class BandWriter {
  out = new Uint8Array(1 << 16);
  length = 0;
  /** One byte for each colour and column of the band: which of its six rows have that colour. */
  #columns = new Uint8Array(0);
  #width = 0;
  #starts = new Uint16Array(0);
  #ends = new Uint16Array(0);
  #colours = new Uint8Array(0);
  #waiting = new Uint32Array(0);
  /** The colour's newest stretch in this band, or -1. */
  readonly #newest = new Int32Array(256);
  #colour = -1;

  begin(): void {
    this.length = 0;
    this.#colour = -1;
  }

  text(text: string): void {
    this.#reserve(text.length);
    for (let at = 0; at < text.length; at += 1) this.out[this.length + at] = text.charCodeAt(at);
    this.length += text.length;
  }

  /** `#0;2;100;0;50`, VT340's colour introducer in percents of red, green and blue. */
  define(colour: number, red: number, green: number, blue: number): void {
    this.#reserve(32);
    this.#byte(NUMBER_SIGN);
    this.#number(colour);
    this.#byte(SEMICOLON);
    this.#number(2);
    for (const value of [red, green, blue]) {
      this.#byte(SEMICOLON);
      this.#number(value);
    }
    this.#colour = -1;
  }

  /** `indices` is one a pixel; `clear` is the index that is not drawn, or -1. */
  bands(indices: Uint8Array, width: number, height: number, clear: number): void {
    this.#resize(width);
    for (let y = 0; y < height; y += 6) {
      if (y > 0) this.out[this.length++] = MINUS;
      this.#reserve(width * BAND_BYTES_PER_COLUMN + 64);
      const count = this.#gather(indices, y * width, Math.min(6, height - y), clear);
      this.#write(count);
    }
  }

  #resize(width: number): void {
    if (this.#width === width) return;
    this.#width = width;
    this.#columns = new Uint8Array(256 * width);
    this.#starts = new Uint16Array(6 * width);
    this.#ends = new Uint16Array(6 * width);
    this.#colours = new Uint8Array(6 * width);
    this.#waiting = new Uint32Array(6 * width);
  }

  /** Finds the stretches of a band, in the order of their first columns. */
  #gather(indices: Uint8Array, from: number, rows: number, clear: number): number {
    const width = this.#width;
    const columns = this.#columns;
    const newest = this.#newest.fill(-1);
    const starts = this.#starts;
    const ends = this.#ends;
    const colours = this.#colours;
    let count = 0;
    for (let x = 0; x < width; x += 1) {
      for (let row = 0, at = from + x; row < rows; row += 1, at += width) {
        const colour = indices[at] as number;
        if (colour === clear) continue;
        const place = colour * width + x;
        const before = columns[place] as number;
        columns[place] = before | (1 << row);
        if (before !== 0) continue;
        const stretch = newest[colour] as number;
        if (stretch >= 0 && x - (ends[stretch] as number) <= MAX_GAP) {
          ends[stretch] = x;
          continue;
        }
        starts[count] = x;
        ends[count] = x;
        colours[count] = colour;
        newest[colour] = count;
        count += 1;
      }
    }
    return count;
  }

  #write(count: number): void {
    const waiting = this.#waiting;
    for (let stretch = 0; stretch < count; stretch += 1) waiting[stretch] = stretch;
    let left = count;
    let isFirst = true;
    while (left > 0) {
      if (!isFirst) this.out[this.length++] = DOLLAR;
      isFirst = false;
      let column = 0;
      let kept = 0;
      for (let at = 0; at < left; at += 1) {
        const stretch = waiting[at] as number;
        const start = this.#starts[stretch] as number;
        if (start < column) {
          waiting[kept++] = stretch;
          continue;
        }
        this.#stretch(stretch, start - column);
        column = (this.#ends[stretch] as number) + 1;
      }
      left = kept;
    }
  }

  #stretch(stretch: number, gap: number): void {
    const out = this.out;
    const columns = this.#columns;
    const colour = this.#colours[stretch] as number;
    if (colour !== this.#colour) {
      this.#colour = colour;
      this.#byte(NUMBER_SIGN);
      this.#number(colour);
    }
    if (gap > 0) this.#run(QUESTION_MARK, gap);
    const first = colour * this.#width + (this.#starts[stretch] as number);
    const end = colour * this.#width + (this.#ends[stretch] as number) + 1;
    let length = this.length;
    for (let at = first; at < end; ) {
      const bits = columns[at] as number;
      let next = at + 1;
      while (next < end && columns[next] === bits) next += 1;
      const sign = bits + QUESTION_MARK;
      const run = next - at;
      if (run > 3) {
        this.length = length;
        this.#run(sign, run);
        length = this.length;
      } else {
        out[length] = sign;
        if (run > 1) out[length + 1] = sign;
        if (run > 2) out[length + 2] = sign;
        length += run;
      }
      at = next;
    }
    this.length = length;
    columns.fill(0, first, end);
  }

  #run(sign: number, count: number): void {
    if (count > 3) {
      this.#byte(EXCLAMATION);
      this.#number(count);
      this.#byte(sign);
      return;
    }
    for (let left = count; left > 0; left -= 1) this.#byte(sign);
  }

  #byte(byte: number): void {
    this.out[this.length++] = byte;
  }

  #number(value: number): void {
    if (value >= 10) this.#number(Math.floor(value / 10));
    this.out[this.length++] = 0x30 + (value % 10);
  }

  #reserve(bytes: number): void {
    if (this.out.length - this.length >= bytes) return;
    const larger = new Uint8Array(Math.max(this.out.length * 2, this.length + bytes));
    larger.set(this.out.subarray(0, this.length));
    this.out = larger;
  }
}
