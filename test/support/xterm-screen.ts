/** A real xterm on a display of its own (Xvfb): keys go in as from a keyboard, and what counts is what can be seen. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { endProcess } from './command-line.ts';
import { removeFolder } from './remove-folder.ts';

const run = promisify(execFile);

/** xterm's font "fixed". */
export const CELL = { widthPx: 6, heightPx: 13 };
const COLUMNS = 120;
const ROWS = 40;

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Shot {
  readonly file: string;
  readonly width: number;
  readonly height: number;
  /** RGB. */
  readonly data: Buffer;
}

export class XtermScreen {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'bubbaloop-test-xterm-'));
  readonly #server: ChildProcess;
  readonly #display: string;
  #xterm: ChildProcess | undefined;
  #shots = 0;

  private constructor(server: ChildProcess, display: string) {
    this.#server = server;
    this.#display = display;
  }

  /** Runs `command` in a shell in an xterm of 120x40 that fills the display. */
  static async open(
    command: string,
    options: { readonly hasSixel?: boolean; readonly env?: Readonly<Record<string, string>> } = {},
  ): Promise<XtermScreen> {
    const size = `${COLUMNS * CELL.widthPx}x${ROWS * CELL.heightPx}x24`;
    // Its third descriptor tells the number of the display that was free.
    const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', size, '-nolisten', 'tcp'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    const number = await new Promise<string>((resolve, reject) => {
      server.once('error', reject);
      server.once('exit', (code) => reject(new Error(`Xvfb ended with ${code}`)));
      server.stdio[3]?.once('data', (bytes: Buffer) => resolve(bytes.toString().trim()));
    });
    const screen = new XtermScreen(server, `:${number}`);
    screen.#start(command, options);
    return screen;
  }

  #start(
    command: string,
    { hasSixel = true, env = {} }: { readonly hasSixel?: boolean; readonly env?: Readonly<Record<string, string>> },
  ): void {
    const resources = {
      'XTerm*font': 'fixed',
      'XTerm*internalBorder': '0',
      'XTerm*borderWidth': '0',
      'XTerm*scrollBar': 'false',
      'XTerm*background': 'black',
      'XTerm*foreground': 'gray70',
      'XTerm*cursorBlink': 'false',
      'XTerm*allowWindowOps': 'true',
      'XTerm*numColorRegisters': '256',
      'XTerm*decTerminalID': hasSixel ? 'vt340' : 'vt100',
    };
    const words = Object.entries(resources).flatMap(([name, value]) => ['-xrm', `${name}: ${value}`]);
    const terminal = ['-ti', hasSixel ? 'vt340' : 'vt100', '-geometry', `${COLUMNS}x${ROWS}+0+0`, '-u8'];
    this.#xterm = spawn('xterm', [...terminal, ...words, '-e', 'bash', '--norc', '-c', command], {
      env: {
        ...process.env,
        LANG: 'C.UTF-8',
        LC_ALL: 'C.UTF-8',
        NO_COLOR: '',
        COLORTERM: '',
        TMUX: '',
        SSH_CONNECTION: '',
        BUBBALOOP_HOME: this.folder,
        ...env,
        DISPLAY: this.#display,
      },
      stdio: 'ignore',
    });
  }

  /** Keys in xdotool's names: `c`, `Escape`, `Return`, `ctrl+z`. */
  async press(...keys: readonly string[]): Promise<void> {
    await run('xdotool', ['key', '--delay', '60', ...keys], { env: { ...process.env, DISPLAY: this.#display } });
  }

  async shoot(): Promise<Shot> {
    this.#shots += 1;
    const file = join(this.folder, `shot-${this.#shots}.png`);
    await run('import', ['-window', 'root', file], { env: { ...process.env, DISPLAY: this.#display } });
    const { data, info } = await sharp(file).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    return { file, width: info.width, height: info.height, data };
  }

  /** Looks until the screen is as wanted, and the shot on which it is; throws after `timeoutMs`. */
  async until(wanted: (shot: Shot) => boolean, timeoutMs = 20_000): Promise<Shot> {
    const deadlineMs = Date.now() + timeoutMs;
    for (;;) {
      const shot = await this.shoot();
      if (wanted(shot)) return shot;
      if (Date.now() > deadlineMs) throw new Error(`not seen within ${timeoutMs} ms; the last shot is ${shot.file}`);
      rmSync(shot.file);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async close(): Promise<void> {
    if (this.#xterm !== undefined) await endProcess(this.#xterm);
    await endProcess(this.#server);
    removeFolder(this.folder);
  }
}

/** The smallest box around all pixels of a colour, each part of it at most `tolerance` off; undefined where there is none. */
export function boundsOf(
  { width, height, data }: Shot,
  [red, green, blue]: readonly [number, number, number],
  tolerance = 12,
): Box | undefined {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0, at = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, at += 3) {
      const isIt =
        Math.abs((data[at] ?? 0) - red) <= tolerance &&
        Math.abs((data[at + 1] ?? 0) - green) <= tolerance &&
        Math.abs((data[at + 2] ?? 0) - blue) <= tolerance;
      if (!isIt) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  return right < 0 ? undefined : { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/** How far a part of a shot is from a picture, by ImageMagick: root of the mean squared error, 0 is equal and 1 opposite. */
export async function distance(
  shot: Shot,
  box: Box,
  picture: { readonly width: number; readonly height: number; readonly data: Uint8Array },
): Promise<number> {
  const seen = `${shot.file}.seen.png`;
  const wanted = `${shot.file}.wanted.png`;
  await sharp(shot.file).extract(box).toFile(seen);
  await sharp(picture.data, { raw: { width: picture.width, height: picture.height, channels: 4 } })
    .removeAlpha()
    .resize(box.width, box.height, { fit: 'fill' })
    .toFile(wanted);
  // It ends with 1 where the pictures differ at all; the figure stands on stderr: `1234.5 (0.0188)`.
  const told = await run('compare', ['-metric', 'RMSE', seen, wanted, 'null:']).catch((error: { stderr?: string }) => ({
    stderr: error.stderr ?? '',
  }));
  const figure = /\(([\d.e+-]+)\)/.exec(told.stderr)?.[1];
  if (figure === undefined) throw new Error(`ImageMagick compares nothing: ${told.stderr}`);
  return Number(figure);
}
