/** `top --replay`: the same screens on a recording. */

import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { EXIT_FAILED, UserError } from '../errors.ts';
import { commandGate } from '../fleet/command-gate.ts';
import type { Trends } from '../fleet/history.ts';
import { readRecording } from '../fleet/recording.ts';
import type { RuleSet } from '../fleet/rules.ts';
import type { FleetState } from '../fleet/state.ts';
import { Tape } from '../fleet/tape.ts';
import type { TopicsView } from '../fleet/topics.ts';
import { runApp } from '../ui/run-app.tsx';
import type { ReplayPort } from '../ui/top-ports.ts';
import { alertText } from '../view/alerts.ts';
import type { Keymap } from '../view/keymap.ts';
import { moveReplay, playReplay, type ReplayPosition } from '../view/replay-keys.ts';
import type { ReplayView } from '../view/replay-line.ts';
import { isGroundWanted, resolveTheme } from '../view/resolve-theme.ts';
import type { FleetNews } from '../view/rows.ts';
import type { Ground } from '../view/theme.ts';
import type { ThemeChoice } from '../view/theme-choice.ts';

/** Throws UserError for a file that is no recording, is of another version, or holds nothing. */
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
  if (tape.stateAt(tape.endMs).endpoint === '') {
    throw new UserError(`${file} cannot be shown: none of its records can be read.`, { exitCode: EXIT_FAILED });
  }
  return tape;
}

const TICK_MS = 200;

/** Plays a tape in the viewer's time. */
class ReplayPlayer implements ReplayPort {
  readonly #tape: Tape;
  readonly #file: string;
  #position: ReplayPosition;
  #news: FleetNews | undefined;
  #tickedAtMs = performance.now();

  constructor(tape: Tape, file: string) {
    this.#tape = tape;
    this.#file = basename(file);
    this.#position = { atMs: tape.startMs, isPaused: false, speed: 1 };
  }

  readonly now = (): number => this.#position.atMs;

  view(): ReplayView {
    const { startMs, endMs, problem } = this.#tape;
    return { ...this.#position, startMs, endMs, problem, file: this.#file };
  }

  state(): FleetState {
    return this.#tape.stateAt(this.#position.atMs);
  }

  news(): FleetNews {
    const alerts = this.#tape.alertsAt(this.#position.atMs);
    const events = this.#tape.eventsAt(this.#position.atMs);
    if (this.#news?.alerts !== alerts || this.#news.events !== events) this.#news = { alerts, events };
    return this.#news;
  }

  topics(): TopicsView {
    return this.#tape.topicsAt(this.#position.atMs);
  }

  trends(): Trends {
    return this.#tape.trendsAt(this.#position.atMs);
  }

  press(key: string): boolean {
    const moved = moveReplay(this.#position, key, this.#tape);
    if (moved === undefined) return false;
    this.#position = moved;
    return true;
  }

  seek(atMs: number): void {
    const { startMs, endMs } = this.#tape;
    this.#position = { ...this.#position, isPaused: true, atMs: Math.min(endMs, Math.max(startMs, atMs)) };
  }

  /** Time has gone by; whether that moved it. */
  tick(): boolean {
    const nowMs = performance.now();
    const before = this.#position;
    this.#position = playReplay(before, nowMs - this.#tickedAtMs, this.#tape.endMs);
    this.#tickedAtMs = nowMs;
    return this.#position !== before;
  }
}

export interface ShowReplayOptions {
  readonly rules: RuleSet;
  readonly themeChoice: ThemeChoice;
  readonly hasMouse: boolean;
  readonly keymap: Keymap;
}

export async function showReplay(file: string, options: ShowReplayOptions): Promise<void> {
  const { rules, themeChoice } = options;
  const tape = await openTape(file, rules);
  const player = new ReplayPlayer(tape, file);
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
  const leave = (): void => app.close();
  for (const signal of LEAVING) process.on(signal, leave);
  try {
    await app.ended;
  } finally {
    clearInterval(timer);
    for (const signal of LEAVING) process.off(signal, leave);
    app.close();
  }
}

const LEAVING = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const;
