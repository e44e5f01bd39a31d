/** A terminal without pixels for tests of the image layer: what stands on it, cell by cell, and all that was sent. */
import { EventEmitter } from 'node:events';
import type { write, writeSync } from 'node:fs';
import xterm from '@xterm/headless';
import { ImageLayer } from '../../source/ui/image-layer.ts';
import { TerminalOutput } from '../../source/ui/terminal-output.ts';

export class PictureScreen {
  readonly rows: number;
  readonly layer: ImageLayer;
  readonly output: TerminalOutput;
  /** What was sent, a string for each write. */
  readonly sent: string[] = [];
  readonly #terminal: xterm.Terminal;
  /** Writes that a terminal which reads nothing has not accepted. */
  readonly #held: (() => void)[] = [];
  isReading = true;

  constructor(columns = 40, rows = 10) {
    this.rows = rows;
    this.#terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
    const take = (bytes: Uint8Array): void => {
      const text = Buffer.from(bytes).toString('utf8');
      this.sent.push(text);
      this.#terminal.write(text);
    };
    const fakeWrite = (
      _fd: number,
      bytes: Uint8Array,
      from: number,
      _length: number,
      _position: null,
      done: (error: null, count: number) => void,
    ): void => {
      const accept = (): void => {
        take(bytes.subarray(from));
        done(null, bytes.length - from);
      };
      if (this.isReading) setImmediate(accept);
      else this.#held.push(accept);
    };
    const fakeWriteSync = (_fd: number, bytes: Uint8Array, from = 0): number => {
      take(bytes.subarray(from));
      return bytes.length - from;
    };
    this.output = new TerminalOutput({
      fd: -1,
      write: fakeWrite as unknown as typeof write,
      writeSync: fakeWriteSync as unknown as typeof writeSync,
    });
    const target = Object.assign(new EventEmitter(), {
      columns,
      rows,
      isTTY: true,
      write: (bytes: Uint8Array, done?: () => void) => {
        take(bytes);
        done?.();
        return true;
      },
    });
    this.layer = new ImageLayer({
      target: target as unknown as NodeJS.WriteStream,
      output: this.output,
    });
  }

  /** Draws lines from the row `y` and the column `x` on, as the painter does. */
  frame(lines: readonly string[], y = 0, x = 0): void {
    const text = lines.map((line, index) => `\x1b[${y + index + 1};${x + 1}H${line}`).join('');
    this.layer.frame(text, new Map(lines.map((line, index) => [y + index, [{ from: x, to: x + line.length }]])));
  }

  /** Lets a terminal that did not read catch up. */
  readOn(): void {
    this.isReading = true;
    for (const accept of this.#held.splice(0)) accept();
  }

  /** The lines when all that was sent has arrived. */
  async lines(): Promise<string[]> {
    for (let round = 0; round < 20 && this.isReading; round += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.output.pendingBytes === 0 && round > 2) break;
    }
    await new Promise<void>((resolve) => this.#terminal.write('', resolve));
    const buffer = this.#terminal.buffer.active;
    return Array.from(
      { length: this.#terminal.rows },
      (_, row) =>
        buffer
          .getLine(buffer.baseY + row)
          ?.translateToString(true)
          .trimEnd() ?? '',
    );
  }

  cursor(): { readonly x: number; readonly y: number } {
    const { cursorX, cursorY } = this.#terminal.buffer.active;
    return { x: cursorX, y: cursorY };
  }
}

/** A picture made of text: `width` times `height` of one letter, drawn as an encoder does. */
export function letterPicture(letter: string, width: number, height: number): Uint8Array {
  const line = letter.repeat(width);
  return Buffer.from(Array.from({ length: height }, () => line).join(`\x1b[B\x1b[${width}D`));
}
