/** The flags of every command that takes the whole terminal. */
import { usageError } from '../errors.ts';
import { THEME_CHOICES, type ThemeChoice } from '../view/theme-choice.ts';
import { booleanFlag, type Flag, type Invocation, numberFlag, stringFlag } from './command.ts';

/** As often as k9s and btop look. What changes by itself is told at once: this is how often figures and ages move. */
const USUAL_INTERVAL_SECONDS = 2;
/** The shortest interval that is accepted, seconds: under it routers and daemons are asked more than they change. */
const MIN_INTERVAL_SECONDS = 0.2;
const MAX_INTERVAL_SECONDS = 3_600;

export const SCREEN_FLAGS: Readonly<Record<string, Flag>> = {
  readOnly: { type: 'boolean', summary: 'only look: start, stop and restart are off' },
  interval: {
    type: 'number',
    placeholder: 'SECONDS',
    summary: 'time between rounds of questions',
    defaultText: String(USUAL_INTERVAL_SECONDS),
  },
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
  readonly readOnly: boolean;
  readonly intervalSeconds: number;
  readonly themeChoice: ThemeChoice | undefined;
  readonly hasMouse: boolean;
} {
  return {
    readOnly: booleanFlag(invocation, 'readOnly'),
    intervalSeconds: intervalFlag(invocation),
    themeChoice: themeFlag(invocation),
    hasMouse: invocation.flags.mouse !== false,
  };
}

function intervalFlag(invocation: Invocation): number {
  const seconds = numberFlag(invocation, 'interval') ?? USUAL_INTERVAL_SECONDS;
  if (seconds >= MIN_INTERVAL_SECONDS && seconds <= MAX_INTERVAL_SECONDS) return seconds;
  throw usageError(
    `--interval is ${seconds} seconds; it must lie between ${MIN_INTERVAL_SECONDS} and ${MAX_INTERVAL_SECONDS}.`,
  );
}

function themeFlag(invocation: Invocation): ThemeChoice | undefined {
  const text = stringFlag(invocation, 'theme');
  if (text === undefined) return undefined;
  const choice = THEME_CHOICES.find((candidate) => candidate === text);
  if (choice !== undefined) return choice;
  throw usageError(`--theme ${JSON.stringify(text)} is not known.`, `It is one of ${THEME_CHOICES.join(', ')}.`);
}
