import { setTimeout as sleep } from 'node:timers/promises';
import { render } from 'ink';
import type { CameraId } from '../camera/camera-feed.ts';
import type { Pixels } from '../graphics/pixels.ts';
import { GROUND_QUESTION, MOUSE_OFF, MOUSE_ON, type TerminalAnswer } from '../graphics/terminal-answers.ts';
import { TerminalInquiry } from '../graphics/terminal-inquiry.ts';
import type { ImagesChoice } from '../graphics/terminal-pictures.ts';
import { askTmux } from '../graphics/tmux.ts';
import { askWindowPixels } from '../graphics/window-pixels.ts';
import type { Ground, Theme } from '../view/theme.ts';
import { type CameraDoor, CameraPictures } from './camera-pictures.ts';
import { DetailsLines } from './details-lines.tsx';
import { ImageLayer } from './image-layer.ts';
import { toMouseEvent } from './mouse-event.ts';
import { OwnCostMeter } from './own-cost.ts';
import type { EncoderMaker } from './picture-tile.ts';
import { ScreenPainter } from './screen-painter.ts';
import { Shell } from './shell.tsx';
import { siftInput } from './terminal-input.ts';
import { TerminalOutput } from './terminal-output.ts';
import { terminalSize } from './terminal-size.ts';
import { TopModel } from './top-model.ts';
import type { TopModelOptions } from './top-ports.ts';

/** A running screen. */
export interface RunningApp {
  readonly model: TopModel;
  /** Ends when the user quits, or {@link close} is called. */
  readonly ended: Promise<void>;
  /** Gives the terminal back as it was. Safe to call twice. */
  close(): void;
}

export interface RunAppOptions
  extends Omit<TopModelOptions, 'size' | 'quit' | 'suspend' | 'pictures' | 'isClogged' | 'cost'> {
  readonly images: ImagesChoice;
  /** Bytes a second for pictures; undefined is no limit. */
  readonly budgetBytesPerSecond?: number;
  readonly cameras: CameraDoor;
  /** Whether clicks and the wheel are ours; else the terminal selects text with them. */
  readonly hasMouse: boolean;
  /** The theme for a ground, where the terminal is to be asked for it. */
  themeOn?(ground: Ground): Theme;
  readonly makeEncoder: EncoderMaker;
  savePhoto(camera: CameraId, pixels: Pixels): Promise<string>;
}

const STDOUT_FD = 1;
/** A terminal that owes us so much is not given more text either. */
const CLOGGED_BYTES = 64 * 1024;
const FLUSH_LIMIT_MS = 1_000;
/** Leaving waits no longer for what the terminal still has to answer. */
const ANSWER_LIMIT_MS = 500;

/** Takes over the terminal and shows `bubbaloop top` on it. */
export function runApp(options: RunAppOptions): RunningApp {
  const { stdin, stdout } = process;
  const output = new TerminalOutput({ fd: STDOUT_FD });
  const layer = new ImageLayer({ target: stdout, output });
  const painter = new ScreenPainter(layer, new DetailsLines());
  const inquiry = new TerminalInquiry({
    images: options.images,
    env: process.env,
    size: () => terminalSize(stdout),
    askTmux: () => askTmux(process.env),
    askWindowPixels: () => askWindowPixels(STDOUT_FD),
  });
  const pictures = new CameraPictures({ ...options, layer, output, inquiry });
  let suspendTerminal: ((task: () => Promise<void>) => Promise<void>) | undefined;
  const model = new TopModel({
    ...options,
    size: terminalSize(stdout),
    pictures,
    isClogged: () => output.pendingBytes > CLOGGED_BYTES,
    cost: new OwnCostMeter({ sentBytes: () => output.sentBytes }).view,
    quit: () => void allAnswered().then(close),
    suspend: () => void suspend(),
  });
  model.subscribe(() => painter.draw(model.screen()));
  const resized = (): void => {
    const question = inquiry.resized();
    if (question !== '') output.send(Buffer.from(question));
    painter.forget();
    model.resize(terminalSize(stdout));
    painter.draw(model.screen());
  };
  stdout.on('resize', resized);
  // Ink does this after its first frame; the answers may be faster, and must not be echoed onto it.
  stdin.setRawMode(true);
  const mouseOff = options.hasMouse ? MOUSE_OFF : '';
  const mouseOn = options.hasMouse ? MOUSE_ON : '';
  const groundQuestion = options.themeOn === undefined ? '' : GROUND_QUESTION;
  let isGroundTold = groundQuestion === '';
  const answered = (answer: TerminalAnswer): void => {
    if (answer.kind === 'ground') isGroundTold = true;
    if (answer.kind === 'mouse') {
      const event = toMouseEvent(answer);
      if (event !== undefined) model.mouse(event);
    } else if (answer.kind === 'ground' && answer.luminance !== undefined && options.themeOn !== undefined) {
      model.setTheme(options.themeOn(answer.luminance > 0.5 ? 'light' : 'dark'));
    }
  };
  // On the alternate screen, before the first frame, which clears it: whoever prints a question in place of an answer leaves
  // no mark, nor do keys that were echoed before they were ours.
  const pictureQuestions = inquiry.begin();
  layer.askWithNextFrame(`${groundQuestion}${pictureQuestions}${mouseOn}`);
  const askedAtMs = performance.now();
  /** Ends when the terminal owes no answer, or can be taken to give none: an answer after us would be typed into the shell. */
  async function allAnswered(): Promise<void> {
    await pictures.quiet(ANSWER_LIMIT_MS);
    const isTold = (): boolean => (pictureQuestions === '' ? isGroundTold : inquiry.isAnswered);
    while (!isTold() && performance.now() < askedAtMs + ANSWER_LIMIT_MS) await sleep(5);
  }
  const instance = render(
    <Shell
      model={model}
      onMount={({ suspend: suspendInk }) => {
        suspendTerminal = suspendInk;
      }}
    />,
    {
      stdin: siftInput(stdin, (answers) => {
        inquiry.take(answers);
        pictures.take(answers);
        for (const answer of answers) answered(answer);
      }),
      stdout: layer.stdout,
      alternateScreen: true,
      // Ctrl-C is a key like any other here, so that leaving is always the same path.
      exitOnCtrlC: false,
      interactive: true,
      patchConsole: true,
    },
  );
  painter.draw(model.screen());
  async function suspend(): Promise<void> {
    layer.suspend();
    painter.suspend();
    await allAnswered();
    await suspendTerminal?.(async () => {
      // A stopped process writes nothing more: what takes the pictures away must be out before.
      if (mouseOff !== '') output.send(Buffer.from(mouseOff));
      await output.flushed(FLUSH_LIMIT_MS);
      await stopped();
      if (mouseOn !== '') output.send(Buffer.from(mouseOn));
    });
    layer.resume();
    painter.resume();
    pictures.redraw();
  }
  let isClosed = false;
  function close(): void {
    if (isClosed) return;
    isClosed = true;
    process.off('exit', close);
    stdout.off('resize', resized);
    model.close();
    pictures.close();
    inquiry.close();
    layer.close();
    // After the layer everything goes out at once.
    if (mouseOff !== '') output.send(Buffer.from(mouseOff));
    instance.unmount();
  }
  // Pictures go before the terminal is given back, whatever ends the program.
  process.on('exit', close);
  return {
    model,
    ended: instance.waitUntilExit().then(() => undefined),
    close,
  };
}

/** Stops this process until the shell continues it. */
function stopped(): Promise<void> {
  return new Promise((resolve) => {
    // Where nothing can stop the process (it has no job control above it), time goes on and so does the screen.
    const timer = setTimeout(resolve, 300);
    process.once('SIGCONT', () => {
      clearTimeout(timer);
      resolve();
    });
    process.kill(process.pid, 'SIGTSTP');
  });
}
