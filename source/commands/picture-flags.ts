/** The flags of every command that draws pictures. */
import { usageError } from '../errors.ts';
import { parseBytesPerSecond } from '../graphics/budget.ts';
import { IMAGES_CHOICES, type ImagesChoice } from '../graphics/terminal-pictures.ts';
import { type Flag, type Invocation, stringFlag } from './command.ts';

export const PICTURE_FLAGS: Readonly<Record<string, Flag>> = {
  images: {
    type: 'string',
    placeholder: 'HOW',
    summary: 'pictures of cameras: sixel, kitty, iterm, blocks, off',
    defaultText: 'what the terminal says that it shows',
  },
  budget: {
    type: 'string',
    placeholder: 'BYTES/S',
    summary: 'what pictures may send to the terminal, `500k`',
    defaultText: '1M over SSH, else no limit',
  },
};

/** `--images`; undefined where it is absent. */
export function imagesFlag(invocation: Invocation): ImagesChoice | undefined {
  const text = stringFlag(invocation, 'images');
  if (text === undefined) return undefined;
  const choice = IMAGES_CHOICES.find((candidate) => candidate === text);
  if (choice !== undefined) return choice;
  throw usageError(
    `--images ${JSON.stringify(text)} is not known.`,
    'It is sixel, kitty, iterm, blocks, off, or auto for what the terminal says.',
  );
}

/** `--budget` in bytes a second; undefined where it is absent. */
export function budgetFlag(invocation: Invocation): number | undefined {
  const text = stringFlag(invocation, 'budget');
  if (text === undefined) return undefined;
  const bytesPerSecond = parseBytesPerSecond(text);
  if (bytesPerSecond !== undefined) return bytesPerSecond;
  throw usageError(
    `--budget ${JSON.stringify(text)} is no number of bytes a second.`,
    'Write it as 500k, 1M or 20000.',
  );
}
