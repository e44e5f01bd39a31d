/** `top` on a terminal: the session's events into the screen, the screen's wishes out to the daemons. */
import { hostname } from 'node:os';
import { readSigner } from '../daemon/fleet-key-file.ts';
import { findHome } from '../daemon/home.ts';
import { UserError } from '../errors.ts';
import { commandGate } from '../fleet/command-gate.ts';
import { type Outcome, sendCommand } from '../fleet/control.ts';
import { followLog } from '../fleet/follow-log.ts';
import { observeFleet } from '../fleet/observe.ts';
import { createPictureEncoder } from '../graphics/create-picture-encoder.ts';
import type { ImagesChoice } from '../graphics/terminal-pictures.ts';
import { runApp } from '../ui/run-app.tsx';
import { resolveTheme } from '../view/theme.ts';
import type { NodeTarget } from '../view/ui-state.ts';
import type { NodeAction } from '../wire/command.ts';
import { nativePictures } from '../zenoh/native-pictures.ts';
import type { Session } from '../zenoh/session.ts';
import { savePhoto, TopCameras } from './top-cameras.ts';

export interface ShowTopOptions {
  readonly endpoint: string;
  readonly readOnly: boolean;
  readonly intervalMs: number;
  readonly banner?: string;
  readonly machineId: string;
  readonly images: ImagesChoice;
  /** Bytes a second for pictures; undefined is no limit. */
  readonly budgetBytesPerSecond?: number;
}

/** Takes the terminal, and gives it back when the user quits, a signal comes or something breaks. */
export async function showTop(session: Session, options: ShowTopOptions): Promise<void> {
  const fast = nativePictures();
  const cameras = new TopCameras({ ...options, session, scale: fast?.scaleFrame });
  const app = runApp({
    ...options,
    theme: resolveTheme(process.env),
    cameras,
    makeEncoder: (encoderOptions) => createPictureEncoder(encoderOptions, fast),
    savePhoto,
    send: commandGate(
      async (target, action) => {
        const outcome = await sendSigned(session, target, action);
        if (action !== 'get_logs') observation.refresh();
        return outcome;
      },
      { readOnly: options.readOnly },
    ),
    followLog: (target, follow) => followLog(session, target, follow),
    who: `${process.env.USER || process.env.LOGNAME || `user ${process.getuid?.()}`}@${hostname()}`,
  });
  const observation = observeFleet(session, { intervalMs: options.intervalMs, onEvent: app.model.dispatch });
  // The stack of an error belongs on the normal screen: on the alternate one it would vanish with it.
  let failure: unknown;
  const fail = (error: unknown): void => {
    failure ??= error ?? new Error('unknown failure');
    app.close();
  };
  const leave = (): void => app.close();
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  for (const signal of LEAVING) process.on(signal, leave);
  try {
    await app.ended;
  } finally {
    app.close();
    process.off('uncaughtException', fail);
    process.off('unhandledRejection', fail);
    for (const signal of LEAVING) process.off(signal, leave);
    await cameras.close();
    await observation.stop();
  }
  if (failure !== undefined) throw failure;
}

/** A daemon gives a build 30 minutes. */
const BUILD_TIMEOUT_MS = 31 * 60_000;

/** Reads the key each time: one that is imported while the screen is open counts. */
async function sendSigned(session: Session, target: NodeTarget, action: NodeAction): Promise<Outcome> {
  try {
    return await sendCommand(session, target, action, {
      signer: readSigner(findHome(undefined, process.env).fleetKeyFile),
      timeoutMs: action === 'build' ? BUILD_TIMEOUT_MS : undefined,
    });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { ok: false, message: [error.message, error.hint].filter(Boolean).join(' '), output: '' };
  }
}

const LEAVING = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const;
