/** Runs `top` on an endpoint: the full screen where there is a terminal, else one snapshot. */
import { hostname } from 'node:os';
import { findHome } from '../daemon/home.ts';
import { EXIT_FAILED, EXIT_OK, usageError } from '../errors.ts';
import type { ImagesChoice } from '../graphics/terminal-pictures.ts';
import type { ThemeChoice } from '../view/theme-choice.ts';
import { machineId } from '../wire/names.ts';
import { openSession, resolveEndpoint } from '../zenoh/open-session.ts';
import type { Session } from '../zenoh/session.ts';
import { readRules } from './rules-file.ts';
import { endpointError } from './top-errors.ts';

export interface RunTopOptions {
  /** As given by the user; absent: the environment's, then the default. */
  readonly endpoint?: string;
  readonly readOnly?: boolean;
  readonly intervalSeconds: number;
  /**
   * `text` or `json`: print one snapshot and end. `line`, `line-once`: one line. `sentences`: what changes, in words. Absent:
   * the screen, or text where there is no terminal for it.
   */
  readonly output?: 'text' | 'json' | 'line' | 'line-once' | 'sentences';
  /** Default: that of the user's home, where there is one. */
  readonly rulesFile?: string;
  /** Keep what is learnt in a new file. */
  readonly record?: { readonly file: string; readonly maxBytes: number };
  /** A recording to show in place of a fleet. */
  readonly replayFile?: string;
  /** A word beside the name on the screen, `demo`. */
  readonly banner?: string;
  /** This machine's id, whose cameras lie in shared memory; default: as the daemon makes it. */
  readonly machineId?: string;
  /** Which pictures the screen shows; default: what the terminal says. */
  readonly images?: ImagesChoice;
  /** Bytes a second for pictures; default: 1 MB over SSH, else no limit. */
  readonly budgetBytesPerSecond?: number;
  /** Colours of the screen; default: as the terminal is. */
  readonly themeChoice?: ThemeChoice;
  /** Default true. */
  readonly hasMouse?: boolean;
  /** Whether pane and filters are kept for the next run. */
  readonly isLayoutKept?: boolean;
  /** One snapshot waits for so many running nodes, up to 15 s: a fleet that was started just now is still coming up. */
  readonly expectNodes?: number;
}

/** Resolves with the exit code when the user quits or the snapshot is printed. UserError where that cannot be. */
export async function runTop(options: RunTopOptions): Promise<number> {
  const rules = await readRules(options.rulesFile, process.env);
  if (options.replayFile !== undefined) {
    if (!hasScreen()) throw usageError('--replay needs a terminal to show the recording on.');
    const [{ readKeymap }, { showReplay }] = await Promise.all([import('./top-keys.ts'), import('./top-replay.ts')]);
    await showReplay(options.replayFile, {
      rules,
      themeChoice: options.themeChoice ?? 'auto',
      hasMouse: options.hasMouse ?? true,
      keymap: await readKeymap(findHome(undefined, process.env).folder),
    });
    return EXIT_OK;
  }
  if (options.record !== undefined && !hasScreen())
    throw usageError('--record needs a terminal: without one `top` looks once.');
  const endpoint = resolveEndpoint(options.endpoint, process.env);
  const session = open(endpoint);
  try {
    const output = options.output ?? usualOutput();
    const intervalMs = Math.round(options.intervalSeconds * 1000);
    if (output === 'line' || output === 'line-once') {
      const { printLine } = await import('./top-line.ts');
      return await printLine(session, output === 'line-once', intervalMs, rules);
    }
    if (output === 'sentences') {
      const { readAloud } = await import('./top-reader.ts');
      return await readAloud(session, intervalMs, rules);
    }
    if (output !== undefined) {
      const { printSnapshot } = await import('./top-once.ts');
      const isWell = await printSnapshot(session, { output, expectNodes: options.expectNodes ?? 0, rules });
      return isWell ? EXIT_OK : EXIT_FAILED;
    }
    const { folder } = findHome(undefined, process.env);
    // Loaded here: React and Ink are half of the start-up, and a snapshot needs neither.
    const [{ readKeymap }, { showTop }] = await Promise.all([import('./top-keys.ts'), import('./top-screen.ts')]);
    const keymap = await readKeymap(folder);
    await showTop(session, {
      endpoint,
      rules,
      record: options.record,
      readOnly: options.readOnly ?? false,
      intervalMs,
      banner: options.banner,
      machineId: options.machineId ?? machineId(process.env, hostname()),
      images: options.images ?? 'auto',
      themeChoice: options.themeChoice ?? 'auto',
      hasMouse: options.hasMouse ?? true,
      keymap,
      memoryFolder: options.isLayoutKept === true ? folder : undefined,
      budgetBytesPerSecond: options.budgetBytesPerSecond ?? usualBudget(process.env),
    });
    return EXIT_OK;
  } finally {
    await session.close();
  }
}

/** Others share a line that SSH runs over; a terminal on this machine has none. */
const SSH_BUDGET = 1_000_000;

function usualBudget(env: NodeJS.ProcessEnv): number | undefined {
  return env.SSH_CONNECTION === undefined || env.SSH_CONNECTION === '' ? undefined : SSH_BUDGET;
}

function open(endpoint: string): Session {
  try {
    // No shared memory: nothing here is large enough for it, and its pools would take 50 MB.
    return openSession(endpoint, { shm: false });
  } catch (error) {
    throw endpointError(error);
  }
}

/** The same variable that makes Ink speak makes us. */
function usualOutput(): RunTopOptions['output'] {
  if (!hasScreen()) return 'text';
  return process.env.INK_SCREEN_READER === 'true' ? 'sentences' : undefined;
}

/** A screen needs both directions of a terminal, and one that can move its cursor. */
function hasScreen(): boolean {
  return process.stdout.isTTY === true && process.stdin.isTTY === true && process.env.TERM !== 'dumb';
}
