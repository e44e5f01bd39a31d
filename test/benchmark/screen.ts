import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type IPty, spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';
import { bubbaloop } from '../support/command-line.ts';
import { removeFolder } from '../support/remove-folder.ts';

/** `bubbaloop` on a real pseudo-terminal, with a terminal emulator that knows what an operator would see. */
export class Screen {
  readonly startedAt: number = performance.now();
  byteCount = 0;
  /** Sixel pictures so far. */
  pictureCount = 0;
  /** What `top` keeps between runs is nobody else's. */
  readonly #home = mkdtempSync(join(tmpdir(), 'bubbaloop-bench-'));
  readonly #pty: IPty;
  readonly #terminal: xterm.Terminal;
  readonly #exited: Promise<number>;

  constructor(words: readonly string[], options: { columns?: number; rows?: number; env?: NodeJS.ProcessEnv } = {}) {
    const cols = options.columns ?? 120;
    const rows = options.rows ?? 32;
    this.#terminal = new xterm.Terminal({ cols, rows, allowProposedApi: true });
    this.#pty = spawn(bubbaloop, [...words], {
      cols,
      rows,
      name: 'xterm-256color',
      env: { ...process.env, BUBBALOOP_HOME: this.#home, ...options.env, CI: undefined },
    });
    this.#pty.onData((data) => {
      this.byteCount += Buffer.byteLength(data);
      this.pictureCount += data.match(/\x1bP[\d;]*q/g)?.length ?? 0;
      this.#terminal.write(data);
    });
    // As every terminal does: who and how large it is, and that it is alive.
    this.#terminal.onData((data) => this.#pty.write(data));
    this.#exited = new Promise((resolve) => this.#pty.onExit(({ exitCode }) => resolve(exitCode)));
  }

  get pid(): number {
    return this.#pty.pid;
  }

  /** Lines as they stand on the screen now. */
  lines(): string[] {
    const buffer = this.#terminal.buffer.active;
    return Array.from(
      { length: this.#terminal.rows },
      (_, row) => buffer.getLine(buffer.baseY + row)?.translateToString(true) ?? '',
    );
  }

  text(): string {
    return this.lines().join('\n');
  }

  press(keys: string): void {
    this.#pty.write(keys);
  }

  /** Milliseconds until `test` holds for the screen; throws with the screen after `timeoutMs`. */
  async until(test: (text: string) => boolean, timeoutMs: number): Promise<number> {
    const from = performance.now();
    while (!test(this.text())) {
      if (performance.now() - from > timeoutMs) throw new Error(`not seen within ${timeoutMs} ms on:\n${this.text()}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return performance.now() - from;
  }

  /** Presses `q` and waits; SIGKILL after 10 s. The exit code. */
  async quit(): Promise<number> {
    this.press('q');
    const timer = setTimeout(() => this.#pty.kill('SIGKILL'), 10_000);
    const code = await this.#exited;
    clearTimeout(timer);
    removeFolder(this.#home);
    return code;
  }
}
