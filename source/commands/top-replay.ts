/** `top --replay`: the same screens on a recording. */

import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { EXIT_FAILED, UserError } from '../errors.ts';
import { commandGate } from '../fleet/command-gate.ts';
import { readRecording } from '../fleet/recording.ts';
import type { RuleSet } from '../fleet/rules.ts';
import { Tape } from '../fleet/tape.ts';
import { ReplayPlayer } from '../ui/replay-player.ts';
import { runApp } from '../ui/run-app.tsx';
import { alertText } from '../view/alerts.ts';
import type { Keymap } from '../view/keymap.ts';
import { isGroundWanted, resolveTheme } from '../view/resolve-theme.ts';
import type { Ground } from '../view/theme.ts';
import type { ThemeChoice } from '../view/theme-choice.ts';

/** A recording that is read by then is shown as a whole; of a longer one what has been read. */
const FIRST_READ_MS = 300;
/** What is left is read in pieces of so much time: in between keys are answered. */
const READ_MS = 8;

/**
 * Read far enough to be shown. Throws UserError for a file that is no recording, is of another version, or holds nothing.
 */
export async function openTape(file: string, rules: RuleSet): Promise<Tape> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw new UserError(`The recording cannot be read: ${(error as Error).message}.`, { cause: error });
  }
  const recording = readRecording(bytes);
  if (!recording.ok) throw new UserError(`${file} cannot be shown: ${recording.reason}.`, { exitCode: EXIT_FAILED });
  const tape = new Tape(recording.value, { rules, words: alertText });
  tape.read(FIRST_READ_MS);
  while (!tape.hasState && tape.read(FIRST_READ_MS)) await nextTurn();
  if (!tape.hasState) {
    throw new UserError(`${file} cannot be shown: none of its records can be read.`, { exitCode: EXIT_FAILED });
  }
  return tape;
}

const TICK_MS = 200;

export interface ShowReplayOptions {
  readonly rules: RuleSet;
  readonly themeChoice: ThemeChoice;
  readonly hasMouse: boolean;
  readonly keymap: Keymap;
}

export async function showReplay(file: string, options: ShowReplayOptions): Promise<void> {
  const { rules, themeChoice } = options;
  const tape = await openTape(file, rules);
  const player = new ReplayPlayer(tape, basename(file));
  const nothing = {
    ok: false,
    message: 'This is a recording: it has neither logs nor cameras, and takes no commands.',
  };
  const app = runApp({
    endpoint: '',
    readOnly: true,
    intervalMs: 1_000,
    ...options,
    theme: resolveTheme(process.env, themeChoice),
    themeOn: isGroundWanted(process.env, themeChoice)
      ? (ground: Ground) => resolveTheme(process.env, themeChoice, ground)
      : undefined,
    replay: player,
    now: player.now,
    images: 'off',
    cameras: {
      list: async () => [],
      watch: () => {
        throw new Error('a recording has no cameras');
      },
      rest: () => undefined,
    },
    makeEncoder: () => {
      throw new Error('a recording has no pictures');
    },
    savePhoto: async () => nothing.message,
    send: commandGate(async () => ({ ...nothing, output: '' }), { readOnly: true }),
  });
  const timer = setInterval(() => {
    if (player.tick()) app.model.replayed();
  }, TICK_MS);
  let isLeft = false;
  const readOn = async (): Promise<void> => {
    while (!isLeft && tape.read(READ_MS)) await nextTurn();
    if (!isLeft) app.model.replayed();
  };
  if (!tape.isRead) void readOn();
  const leave = (): void => app.close();
  for (const signal of LEAVING) process.on(signal, leave);
  try {
    await app.ended;
  } finally {
    isLeft = true;
    clearInterval(timer);
    for (const signal of LEAVING) process.off(signal, leave);
    app.close();
  }
}

const LEAVING = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const;
