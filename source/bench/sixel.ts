/** How fast this machine makes pictures for a terminal: moving pictures, one thread, no terminal. */
import { createPictureEncoder } from '../graphics/create-picture-encoder.ts';
import type { FastPictures } from '../graphics/fast-pictures.ts';
import type { ImageProtocol, PictureEncoder } from '../graphics/picture-encoder.ts';
import type { Pixels } from '../graphics/pixels.ts';
import { scaleFrame } from '../graphics/scale.ts';
import { SixelCoder } from '../graphics/sixel.ts';

export interface EncoderResult {
  /** `sixel` is the addon's, `sixel-js` what hosts without it have; `frame-sixel` scales a raw 1080p frame first. */
  readonly encoder: 'sixel' | 'sixel-js' | 'frame-sixel' | Exclude<ImageProtocol, 'sixel'>;
  /** Whether every picture gets a palette of its own, as all do that have none. */
  readonly palette: 'fresh' | 'reused';
  readonly width: number;
  readonly height: number;
  /** Time of one picture. The middle one of many: those that another program held up fall out of it. */
  readonly msMedian: number;
  /** Of one picture, the mean. */
  readonly bytes: number;
}

export interface SixelReport {
  readonly results: readonly EncoderResult[];
}

const SIZES = [
  { width: 320, height: 180 },
  { width: 640, height: 360 },
] as const;
const PICTURES = 12;
const ROUNDS = 8;

/** `fast` is undefined where the addon is missing. */
export function benchSixel(fast: FastPictures | undefined): SixelReport {
  const results: EncoderResult[] = [];
  for (const { width, height } of SIZES) {
    const pictures = Array.from({ length: PICTURES }, (_, index) => makeScene(width, height, index));
    const add = (encoder: EncoderResult['encoder'], palette: EncoderResult['palette'], encode: Encode) =>
      results.push({ encoder, palette, width, height, ...measure(pictures, encode) });
    const streams = [
      ...(fast ? [['sixel', fast.createSixelStream(256)] as const] : []),
      ['sixel-js', new SixelCoder(256)] as const,
    ];
    for (const [name, stream] of streams) {
      add(name, 'fresh', (picture) => {
        stream.reset();
        return stream.encode(picture);
      });
      stream.reset();
      add(name, 'reused', (picture) => stream.encode(picture));
    }
    for (const protocol of ['kitty', 'iterm'] as const) {
      const encoder = encoderOf(protocol);
      add(protocol, 'reused', (picture) => encoder.encode(picture));
    }
  }
  results.push(blocks(), fromFrame(fast));
  return { results };
}

type Encode = (picture: Pixels) => Uint8Array;

function encoderOf(protocol: ImageProtocol): PictureEncoder {
  const cell = { widthPx: 10, heightPx: 20 };
  return createPictureEncoder({ protocol, colours: 256, colourDepth: 'true-colour', cell });
}

/** 80 columns and 24 rows. */
function blocks(): EncoderResult {
  const [width, height] = [80, 48];
  const encoder = encoderOf('blocks');
  const pictures = Array.from({ length: PICTURES }, (_, index) => makeScene(width, height, index));
  return { encoder: 'blocks', palette: 'fresh', width, height, ...measure(pictures, (each) => encoder.encode(each)) };
}

/** From a raw frame to a finished picture, as a wall of cameras on the same machine does it. */
function fromFrame(fast: FastPictures | undefined): EncoderResult {
  const { width, height } = SIZES[0];
  const frames = Array.from({ length: 3 }, (_, index) => makeScene(1920, 1080, index));
  const stream = fast?.createSixelStream(256) ?? new SixelCoder(256);
  const scale = fast?.scaleFrame ?? scaleFrame;
  const encode: Encode = ({ data }) =>
    stream.encode(scale({ width: 1920, height: 1080, step: 1920 * 4, encoding: 'rgba8', data }, width, height));
  return { encoder: 'frame-sixel', palette: 'reused', width, height, ...measure(frames, encode) };
}

function measure(pictures: readonly Pixels[], encode: Encode): { readonly msMedian: number; readonly bytes: number } {
  const times: number[] = [];
  let bytes = 0;
  // The first round warms up.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const picture of pictures) {
      const startedAtMs = performance.now();
      const { length } = encode(picture);
      if (round === 0) continue;
      times.push(performance.now() - startedAtMs);
      bytes += length;
    }
  }
  times.sort((one, other) => one - other);
  return {
    msMedian: Number((times[times.length >> 1] ?? 0).toPrecision(4)),
    bytes: Math.round(bytes / times.length),
  };
}

/** Soft shapes, texture and a little of a camera's noise, a few pixels further in each picture. */
function makeScene(width: number, height: number, index: number): Pixels {
  const data = new Uint8Array(width * height * 4);
  let noise = 1 + index;
  for (let y = 0, at = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, at += 4) {
      noise = (Math.imul(noise, 1_103_515_245) + 12_345) >>> 0;
      const grain = (noise >>> 16) % 7;
      const across = ((x + index * 2) / width) * 9;
      const down = ((y + index) / height) * 7;
      const leaf = Math.sin(across * 5 + Math.sin(down * 9)) * Math.sin(down * 6) * 40;
      data[at] = 110 + 70 * Math.sin(across) + leaf + grain;
      data[at + 1] = 120 + 60 * Math.sin(across * 0.7 + down) + leaf + grain;
      data[at + 2] = 130 + 80 * Math.cos(down) + grain;
      data[at + 3] = 255;
    }
  }
  return { width, height, data };
}

export function formatSixelReport({ results }: SixelReport): string {
  const head = ['encoder', 'palette', 'size', 'ms', 'bytes'];
  const rows = results.map((row) => [
    row.encoder,
    row.palette,
    `${row.width}x${row.height}`,
    row.msMedian.toFixed(2),
    String(row.bytes),
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const lines = [head, ...rows].map((row) =>
    row
      .map((text, column) => (column < 3 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0)))
      .join('  '),
  );
  return `${lines.join('\n')}\n`;
}
