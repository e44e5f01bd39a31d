import { inflateSync } from 'node:zlib';
import xterm from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import { nearestOf16, nearestOf256 } from '../../source/graphics/ansi-colours.ts';
import { createPictureEncoder } from '../../source/graphics/create-picture-encoder.ts';
import type { EncoderOptions, ImageProtocol, PictureEncoder } from '../../source/graphics/picture-encoder.ts';
import type { Pixels } from '../../source/graphics/pixels.ts';
import { nativePictures } from '../../source/zenoh/native-pictures.ts';
import { makePicture, pictureKinds } from '../support/pictures.ts';
import { decodePicture } from '../support/sixel2png.ts';

function encoderOf(protocol: ImageProtocol, more: Partial<EncoderOptions> = {}): PictureEncoder {
  const cell = { widthPx: 10, heightPx: 20 };
  return createPictureEncoder({ protocol, colours: 256, colourDepth: 'true-colour', cell, ...more }, nativePictures());
}

/** What a kitty would hold: the control keys of the first piece, and the pixels. */
function decodeKitty(bytes: Uint8Array): { readonly keys: ReadonlyMap<string, string>; readonly pixels: Uint8Array } {
  const text = Buffer.from(bytes).toString('latin1');
  const pieces = [...text.matchAll(/\x1b_G([^;]*);([^\x1b]*)\x1b\\/g)];
  expect(pieces.map(([piece]) => piece).join('')).toBe(text);
  pieces.forEach(([, control = '', payload = ''], at) => {
    expect(payload.length).toBeLessThanOrEqual(4096);
    const isLast = at === pieces.length - 1;
    if (!isLast) expect(payload.length % 4).toBe(0);
    expect(control.endsWith(`m=${isLast ? 0 : 1}`)).toBe(true);
  });
  const keys = new Map((pieces[0]?.[1] ?? '').split(',').map((pair) => pair.split('=') as [string, string]));
  const raw = Buffer.from(pieces.map(([, , payload]) => payload).join(''), 'base64');
  return { keys, pixels: keys.get('o') === 'z' ? inflateSync(raw) : raw };
}

function withoutAlpha({ data }: Pixels): Uint8Array {
  return data.filter((_, at) => at % 4 !== 3);
}

describe('kitty', () => {
  it('sends exact pictures as RGB, and as RGBA where they have alpha, deflated where that pays', () => {
    for (const kind of pictureKinds) {
      const picture = makePicture(61, 43, kind);
      const { keys, pixels } = decodeKitty(encoderOf('kitty', { isExact: true }).encode(picture));
      const isOpaque = kind !== 'holes' && kind !== 'clear';
      expect([keys.get('s'), keys.get('v'), keys.get('f')]).toEqual(['61', '43', isOpaque ? '24' : '32']);
      expect(Buffer.compare(pixels, isOpaque ? withoutAlpha(picture) : picture.data)).toBe(0);
      if (kind === 'flat' || kind === 'clear') expect(keys.get('o')).toBe('z');
      if (kind === 'noise') expect(keys.get('o')).toBeUndefined();
    }
  });

  it('sends others as PNG with a palette, in fewer bytes', async () => {
    for (const kind of ['flat', 'holes', 'scene'] as const) {
      const picture = makePicture(120, 90, kind);
      const bytes = encoderOf('kitty', { colours: 64 }).encode(picture);
      const { keys, pixels: file } = decodeKitty(bytes);
      expect(keys.get('f')).toBe('100');
      const decoded = await decodePicture(file);
      expect([decoded.width, decoded.height]).toEqual([120, 90]);
      if (kind === 'scene') {
        expect(bytes.length * 3).toBeLessThan(encoderOf('kitty', { isExact: true }).encode(picture).length);
      }
    }
  });

  it('has one id for each encoder, and erases by it, once', () => {
    const [one, other] = [encoderOf('kitty'), encoderOf('kitty')];
    const picture = makePicture(4, 4, 'scene');
    const idOf = (encoder: PictureEncoder) => decodeKitty(encoder.encode(picture)).keys.get('i');
    const id = idOf(one);
    expect(idOf(one)).toBe(id);
    expect(idOf(other)).not.toBe(id);
    expect(Buffer.from(one.erase()).toString()).toBe(`\x1b_Ga=d,d=I,i=${id},q=2\x1b\\`);
    expect(one.erase().length).toBe(0);
  });
});

describe('iTerm2', () => {
  it.each(['flat', 'holes', 'scene'] as const)('sends a PNG that sharp reads: %s', async (kind) => {
    const picture = makePicture(70, 31, kind);
    const text = Buffer.from(encoderOf('iterm').encode(picture)).toString('latin1');
    const [, keys = '', payload = ''] = /^\x1b\]1337;File=([^:]*):([^\x07]*)\x07$/.exec(text) ?? [];
    const file = Buffer.from(payload, 'base64');
    expect(keys).toContain(`size=${file.length};width=70px;height=31px`);
    const decoded = await decodePicture(file);
    expect([decoded.width, decoded.height]).toEqual([70, 31]);
    let sum = 0;
    for (let at = 0; at < picture.data.length; at += 4) {
      const isDrawn = (picture.data[at + 3] ?? 0) >= 128;
      expect(decoded.data[at + 3]).toBe(isDrawn ? 255 : 0);
      if (isDrawn) sum += Math.abs((picture.data[at] ?? 0) - (decoded.data[at] ?? 0));
    }
    expect(sum / (70 * 31)).toBeLessThan(8);
  });
});

describe('blocks', () => {
  /** Drawn from column 3 of row 2 on, on a screen of dots. */
  async function draw(picture: Pixels, options: Partial<EncoderOptions>) {
    const terminal = new xterm.Terminal({ cols: 40, rows: 12, allowProposedApi: true });
    const bytes = encoderOf('blocks', options).encode(picture);
    await new Promise<void>((resolve) =>
      terminal.write(`${`${'.'.repeat(40)}`.repeat(12)}\x1b[3;4H${Buffer.from(bytes).toString()}`, resolve),
    );
    return (x: number, y: number) => {
      const cell = terminal.buffer.active.getLine(y)?.getCell(x);
      return {
        sign: cell?.getChars(),
        front: cell?.getFgColor(),
        back: cell?.getBgColor(),
        mode: cell?.getFgColorMode(),
      };
    };
  }

  it('draws two pixels a cell, where the cursor is, and nothing beside it', async () => {
    const picture = makePicture(20, 9, 'scene');
    const cellAt = await draw(picture, {});
    const colourOf = (x: number, y: number) =>
      [0, 1, 2].reduce((sum, channel) => sum * 256 + (picture.data[(y * 20 + x) * 4 + channel] ?? 0), 0);
    for (let y = 0; y < 5; y += 1) {
      for (let x = 0; x < 20; x += 1) {
        const cell = cellAt(3 + x, 2 + y);
        if (cell.sign !== '▀') continue;
        expect(cell.front).toBe(colourOf(x, y * 2));
        if (y < 4) expect(cell.back).toBe(colourOf(x, y * 2 + 1));
      }
      expect(cellAt(3, 2 + y).sign).toMatch(/[▀ ]/);
      expect([cellAt(2, 2 + y).sign, cellAt(23, 2 + y).sign]).toEqual(['.', '.']);
    }
    expect([cellAt(3, 1).sign, cellAt(3, 7).sign]).toEqual(['.', '.']);
  });

  it('quadrants: four pixels of two colours are shown as they are', async () => {
    const data = new Uint8Array(16 * 16);
    for (let pattern = 0; pattern < 16; pattern += 1) {
      for (let place = 0; place < 4; place += 1) {
        const at = ((place >> 1) * 32 + pattern * 2 + (place & 1)) * 4;
        data.set((pattern >> place) & 1 ? [255, 0, 0, 255] : [0, 0, 255, 255], at);
      }
    }
    const cellAt = await draw({ width: 32, height: 2, data }, { symbols: 'quadrant' });
    const signs = [' ', '▘', '▝', '▀', '▖', '▌', '▞', '▛', '▗', '▚', '▐', '▜', '▄', '▙', '▟', '█'];
    for (let pattern = 0; pattern < 16; pattern += 1) {
      const cell = cellAt(3 + pattern, 2);
      const filled = signs.indexOf(cell.sign ?? '');
      const red = cell.back === 0xff0000 ? 15 & ~filled : filled;
      expect(red, `pattern ${pattern}`).toBe(pattern);
    }
  });

  it('uses the palette of 256 and of 16 colours, and shades without colours', async () => {
    const picture = makePicture(20, 8, 'noise');
    expect(Buffer.from(encoderOf('blocks', { colourDepth: '256' }).encode(picture)).toString()).toMatch(
      /\x1b\[38;5;\d+m/,
    );
    const sixteen = Buffer.from(encoderOf('blocks', { colourDepth: '16' }).encode(picture)).toString();
    expect(sixteen).not.toMatch(/[34]8;/);
    const plain = Buffer.from(encoderOf('blocks', { colourDepth: 'none' }).encode(picture)).toString();
    expect(plain).not.toMatch(/\x1b\[[\d;]*m/);
    expect(plain.replace(/\x1b\[\d*[BD]/g, '')).toMatch(/^[ .:=+*#%@-]{80}$/);
  });

  it('finds the nearest colours', () => {
    expect([0x000000, 0xffffff, 0xff0000, 0x808080, 0x0000d7].map(nearestOf256)).toEqual([16, 231, 196, 244, 20]);
    expect([0x000000, 0xffffff, 0xff0000, 0x00ff00, 0x7f7f7f, 0xe5e5e5].map(nearestOf16)).toEqual([0, 15, 9, 10, 8, 7]);
  });
});

it.each(['sixel', 'kitty', 'iterm', 'blocks'] as const)(
  '%s: a picture that does not fit its bytes is an error',
  (protocol) => {
    const encoder = encoderOf(protocol);
    const data = new Uint8Array(400);
    for (const [width, height] of [
      [11, 10],
      [0, 5],
      [-1, 5],
      [2.5, 4],
      [Number.NaN, 1],
      [2 ** 40, 1],
    ] as const) {
      expect(() => encoder.encode({ width, height, data })).toThrow(RangeError);
    }
    expect(encoder.encode({ width: 10, height: 10, data }).length).toBeGreaterThan(0);
    expect(encoder.protocol).toBe(protocol);
  },
);
