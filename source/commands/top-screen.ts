/** `top` on a terminal: the session's events into the screen, the screen's wishes out to the daemons. */
import { hostname } from 'node:os';
import { readSigner } from '../daemon/fleet-key-file.ts';
import { findHome } from '../daemon/home.ts';
import { UserError } from '../errors.ts';
import { commandGate } from '../fleet/command-gate.ts';
import { type Outcome, sendCommand } from '../fleet/control.ts';
import { followLog } from '../fleet/follow-log.ts';
import { observeFleet } from '../fleet/observe.ts';
import { TopicWatch } from '../fleet/observe-topics.ts';
import type { RuleSet } from '../fleet/rules.ts';
import { createPictureEncoder } from '../graphics/create-picture-encoder.ts';
import type { ImagesChoice } from '../graphics/terminal-pictures.ts';
import { runApp } from '../ui/run-app.tsx';
import type { Keymap } from '../view/keymap.ts';
import { isGroundWanted, resolveTheme } from '../view/resolve-theme.ts';
import type { Ground } from '../view/theme.ts';
import type { ThemeChoice } from '../view/theme-choice.ts';
import { INITIAL_UI, type NodeTarget } from '../view/ui-state.ts';
import type { NodeAction } from '../wire/command.ts';
import { nativePictures } from '../zenoh/native-pictures.ts';
import type { Session } from '../zenoh/session.ts';
import { savePhoto, TopCameras } from './top-cameras.ts';
import { recallLayout, rememberLayout } from './top-layout.ts';
import { keepProgramSmall } from './top-memory.ts';
import type { FleetRecorder } from './top-record.ts';

export interface ShowTopOptions {
  readonly endpoint: string;
  readonly rules: RuleSet;
  readonly record?: { readonly file: string; readonly maxBytes: number };
  readonly readOnly: boolean;
  readonly intervalMs: number;
  readonly banner?: string;
  readonly machineId: string;
  readonly images: ImagesChoice;
  /** Bytes a second for pictures; undefined is no limit. */
  readonly budgetBytesPerSecond?: number;
  readonly themeChoice: ThemeChoice;
  readonly hasMouse: boolean;
  readonly keymap: Keymap;
  /** Where the layout is kept; absent: it is not. */
  readonly memoryFolder?: string;
}

/** Takes the terminal, and gives it back when the user quits, a signal comes or something breaks. */
export async function showTop(session: Session, options: ShowTopOptions): Promise<void> {
  const { record } = options;
  const recorder = record === undefined ? undefined : await openRecorder(record.file, record.maxBytes);
  const fast = nativePictures();
  const cameras = new TopCameras({ ...options, session, scale: fast?.scaleFrame });
  const topics = new TopicWatch(session);
  const { themeChoice, memoryFolder } = options;
  const recalled = memoryFolder === undefined ? undefined : recallLayout(memoryFolder);
  const app = runApp({
    ...options,
    topics: recorder?.follow(topics) ?? topics,
    theme: resolveTheme(process.env, themeChoice),
    themeOn: isGroundWanted(process.env, themeChoice)
      ? (ground: Ground) => resolveTheme(process.env, themeChoice, ground)
      : undefined,
    initialUi:
      recalled?.problem === undefined
        ? recalled?.ui
        : { ...INITIAL_UI, notice: { kind: 'bad', text: recalled.problem, atMs: Date.now() } },
    onState: recorder?.take,
    status: recorder?.status,
    trouble: recorder?.trouble,
    cameras,
    makeEncoder: (encoderOptions) => createPictureEncoder(encoderOptions, fast),
    savePhoto,
    send: commandGate(
      async (target, action) => {
        const outcome = await sendSigned(session, target, action);
        if (action !== 'get_logs') observation.refresh(target.machine);
        return outcome;
      },
      { readOnly: options.readOnly },
    ),
    followLog: (target, follow) => followLog(session, target, follow),
    onStir: () => observation.stir(),
    who: `${process.env.USER || process.env.LOGNAME || `user ${process.getuid?.()}`}@${hostname()}`,
  });
  const observation = observeFleet(session, {
    intervalMs: options.intervalMs,
    onEvent: app.model.dispatch,
    visible: app.model.visible,
    isCalm: app.model.isCalm,
  });
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
  const endTidying = keepProgramSmall();
  try {
    await app.ended;
  } finally {
    app.close();
    endTidying();
    process.off('uncaughtException', fail);
    process.off('unhandledRejection', fail);
    for (const signal of LEAVING) process.off(signal, leave);
    topics.close();
    if (memoryFolder !== undefined && failure === undefined) rememberLayout(memoryFolder, app.model.ui);
    await cameras.close();
    await observation.stop();
    await recorder?.close();
  }
  if (recorder?.failure !== undefined)
    process.stderr.write(`bubbaloop: the recording ended early: ${recorder.failure}\n`);
  if (failure !== undefined) throw failure;
}

/** Loaded only where one records: most do not. */
async function openRecorder(file: string, maxBytes: number): Promise<FleetRecorder> {
  const { FleetRecorder: Recorder } = await import('./top-record.ts');
  return Recorder.open(file, maxBytes);
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
