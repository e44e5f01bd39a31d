/** The flags of every command that takes the whole terminal. */
import { usageError } from '../errors.ts';
import { THEME_CHOICES, type ThemeChoice } from '../view/theme-choice.ts';
import { type Flag, type Invocation, stringFlag } from './command.ts';

export const SCREEN_FLAGS: Readonly<Record<string, Flag>> = {
  theme: {
    type: 'string',
    placeholder: 'THEME',
    summary: `colours: ${THEME_CHOICES.join(', ')}`,
    defaultText: 'auto: what the terminal says',
  },
  mouse: {
    type: 'boolean',
    summary: 'clicks and the wheel work; --no-mouse leaves them to the terminal',
    defaultText: 'on',
  },
};

/** What {@link SCREEN_FLAGS} say. */
export function screenFlags(invocation: Invocation): {
  readonly themeChoice: ThemeChoice | undefined;
  readonly hasMouse: boolean;
} {
  return { themeChoice: themeFlag(invocation), hasMouse: invocation.flags.mouse !== false };
}

function themeFlag(invocation: Invocation): ThemeChoice | undefined {
  const text = stringFlag(invocation, 'theme');
  if (text === undefined) return undefined;
  const choice = THEME_CHOICES.find((candidate) => candidate === text);
  if (choice !== undefined) return choice;
  throw usageError(`--theme ${JSON.stringify(text)} is not known.`, `It is one of ${THEME_CHOICES.join(', ')}.`);
}
