import { EXIT_OK, UserError, usageError } from '../errors.ts';
import type { ColourDepth, EncoderOptions, ImageProtocol } from '../graphics/picture-encoder.ts';
import type { Pixels } from '../graphics/pixels.ts';
import { plainText } from '../wire/plain-text.ts';
import { type Command, numberFlag, stringFlag } from './command.ts';

const DEFAULT_SIZE = { width: 640, height: 360 };
/** Of a terminal that does not tell: half blocks are then square. */
const USUAL_CELL = { widthPx: 10, heightPx: 20 };
const MAX_SIDE = 16_384;
const choices = ['sixel', 'kitty', 'iterm', 'blocks', 'off'] as const;
type Choice = (typeof choices)[number];

export const imageCommand: Command = {
  name: 'image',
  summary: 'Print a picture file on the terminal',
  operands: 'FILE',
  flags: {
    images: {
      type: 'string',
      placeholder: choices.join('|'),
      summary: 'how to draw it',
      defaultText: 'what the terminal can',
    },
    size: {
      type: 'string',
      placeholder: 'WxH',
      summary: 'pixels that it may take; its proportions stay',
      defaultText: `${DEFAULT_SIZE.width}x${DEFAULT_SIZE.height}, or what the terminal has room for`,
    },
    colors: { type: 'number', placeholder: 'N', summary: 'colours of its palette, 2 to 256', defaultText: '256' },
  },
  examples: ['bubbaloop image photo.jpg', 'bubbaloop image photo.jpg --images sixel --size 320x180 --colors 16'],
  async run(invocation) {
    const [file, ...more] = invocation.operands;
    if (file === undefined || more.length > 0) throw usageError('Which picture? bubbaloop image FILE');
    const choice = parseChoice(stringFlag(invocation, 'images'));
    const size = parseSize(stringFlag(invocation, 'size'));
    const colours = numberFlag(invocation, 'colors');
    if (colours !== undefined && (!Number.isInteger(colours) || colours < 2 || colours > 256))
      throw usageError('--colors takes 2 to 256.');
    const protocol = choice ?? detectProtocol();
    if (protocol === 'off') {
      process.stdout.write(`${await describe(file)}\n`);
      return EXIT_OK;
    }
    process.stdout.write(await draw(file, protocol, size, colours));
    return EXIT_OK;
  },
};

/** The place for a real detection, which asks the terminal; the environment is a hint at best. */
function detectProtocol(): ImageProtocol {
  const { TERM = '', TERM_PROGRAM = '', KITTY_WINDOW_ID, TMUX } = process.env;
  if (!process.stdout.isTTY || TMUX !== undefined) return 'blocks';
  if (KITTY_WINDOW_ID !== undefined || /kitty|ghostty/.test(TERM)) return 'kitty';
  if (TERM_PROGRAM === 'iTerm.app' || TERM_PROGRAM === 'WezTerm') return 'iterm';
  return /sixel|mlterm|foot|contour|yaft/.test(TERM) ? 'sixel' : 'blocks';
}

function detectColours(): ColourDepth {
  if (process.env.NO_COLOR) return 'none';
  if (!process.stdout.isTTY) return 'true-colour';
  const depth = process.stdout.getColorDepth();
  if (depth >= 24) return 'true-colour';
  if (depth >= 8) return '256';
  return depth >= 4 ? '16' : 'none';
}

function parseChoice(text: string | undefined): Choice | undefined {
  if (text === undefined) return undefined;
  const choice = choices.find((each) => each === text);
  if (choice === undefined) throw usageError(`--images takes ${choices.join(', ')}.`);
  return choice;
}

function parseSize(text: string | undefined): { readonly width: number; readonly height: number } | undefined {
  if (text === undefined) return undefined;
  const [, width, height] = /^(\d{1,5})x(\d{1,5})$/.exec(text) ?? [];
  const size = { width: Number(width), height: Number(height) };
  const isSize = [size.width, size.height].every((side) => side >= 1 && side <= MAX_SIDE);
  if (!isSize) throw usageError(`--size takes WIDTHxHEIGHT in pixels, each from 1 to ${MAX_SIDE}.`);
  return size;
}

async function draw(
  file: string,
  protocol: ImageProtocol,
  size: { readonly width: number; readonly height: number } | undefined,
  colours: number | undefined,
): Promise<Uint8Array> {
  const [{ createPictureEncoder }, { nativePictures }] = await Promise.all([
    import('../graphics/create-picture-encoder.ts'),
    import('../zenoh/native-pictures.ts'),
  ]);
  const cell = USUAL_CELL;
  const { columns = 80, rows = 24 } = process.stdout;
  const room = size ?? {
    // Blocks leave the last column free; one row is the prompt's.
    width: Math.min(DEFAULT_SIZE.width, (columns - 1) * cell.widthPx),
    height: Math.min(DEFAULT_SIZE.height, (rows - 1) * cell.heightPx),
  };
  const isBlocks = protocol === 'blocks';
  const box = isBlocks
    ? { width: Math.ceil(room.width / cell.widthPx), height: Math.ceil((room.height * 2) / cell.heightPx) }
    : room;
  const pixels = await decode(file, box);
  const options: EncoderOptions = {
    protocol,
    colours: colours ?? 256,
    isExact: colours === undefined,
    colourDepth: detectColours(),
    cell,
  };
  const picture = createPictureEncoder(options, nativePictures()).encode(pixels);
  if (protocol === 'sixel') return Buffer.concat([picture, Buffer.from('\n')]);
  // The others do not scroll by themselves: make the room first.
  const height = Math.ceil(pixels.height / (isBlocks ? 2 : cell.heightPx));
  const before = `${'\n'.repeat(height)}\x1b[${height}A`;
  const after = isBlocks ? '\r\n' : `\r\x1b[${height}B`;
  return Buffer.concat([Buffer.from(before), picture, Buffer.from(after)]);
}

async function openPicture(file: string) {
  const { default: sharp } = await import('sharp').catch((error: Error) => {
    throw new UserError(`Pictures need sharp, which does not load: ${plainText(error.message)}`, { cause: error });
  });
  return sharp(file).autoOrient();
}

async function decode(file: string, box: { readonly width: number; readonly height: number }): Promise<Pixels> {
  const picture = await openPicture(file);
  const { data, info } = await picture
    .resize({ ...box, fit: 'inside', withoutEnlargement: true })
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch((error: Error) => {
      throw noPicture(file, error);
    });
  return { width: info.width, height: info.height, data };
}

async function describe(file: string): Promise<string> {
  const picture = await openPicture(file);
  const { width, height, format } = await picture.metadata().catch((error: Error) => {
    throw noPicture(file, error);
  });
  return `${plainText(file)}: ${format} ${width}x${height}`;
}

function noPicture(file: string, error: Error): UserError {
  return new UserError(`${plainText(file)} cannot be shown: ${plainText(error.message)}`, { cause: error });
}
