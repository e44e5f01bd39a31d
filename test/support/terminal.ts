/**
 * A terminal that an operator could sit at: a private tmux server with one window, in it a shell. Keys go in as they
 * would from a keyboard, and what can be asserted is what stands on the screen, not the bytes that were sent.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { removeFolder } from './remove-folder.ts';

const run = promisify(execFile);

const PROMPT = 'prompt-of-the-test$';
let count = 0;

export interface TerminalOptions {
  /** Default 120. */
  readonly columns?: number;
  /** Default 32. */
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export async function isTmuxThere(): Promise<boolean> {
  return run('tmux', ['-V']).then(
    () => true,
    () => false,
  );
}

export class Terminal {
  /** BUBBALOOP_HOME of its shell, where no other is given: what `top` keeps between runs is nobody else's. */
  readonly home: string = mkdtempSync(join(tmpdir(), 'bubbaloop-test-home-'));
  readonly #socket: string;

  private constructor(socket: string) {
    this.#socket = socket;
  }

  /** A shell at its prompt. */
  static async open(options: TerminalOptions = {}): Promise<Terminal> {
    count += 1;
    const terminal = new Terminal(`bubbaloop-test-${process.pid}-${count}`);
    const env = { LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', NO_COLOR: '', BUBBALOOP_HOME: terminal.home, ...options.env };
    const words = Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
    const size = ['-x', String(options.columns ?? 120), '-y', String(options.rows ?? 32)];
    // A shell that is not interactive, as the one tmux starts this with may be, drops a PS1 of its environment.
    await terminal.#tmux('new-session', '-d', ...size, ...words, `env PS1='${PROMPT}' bash --norc --noprofile`);
    await terminal.#tmux('set-option', 'status', 'off');
    // Escape alone must not wait for what could follow it.
    await terminal.#tmux('set-option', '-s', 'escape-time', '0');
    await terminal.until((lines) => lines.join('').includes(PROMPT));
    return terminal;
  }

  /** Types a command and Enter. */
  async run(command: string): Promise<void> {
    await this.type(command);
    await this.press('Enter');
  }

  /** Process id of what runs in the foreground now. */
  async programPid(): Promise<number> {
    const { stdout } = await this.#tmux('display-message', '-p', '#{pane_pid}');
    const { stdout: children } = await run('ps', ['--ppid', stdout.trim(), '-o', 'pid=']);
    return Number(children.trim().split(/\s+/)[0]);
  }

  async type(text: string): Promise<void> {
    await this.#tmux('send-keys', '-l', '--', text);
  }

  /** Keys in tmux's names: `j`, `Enter`, `Escape`, `Tab`, `BTab`, `C-c`, `PPage`, `Down`. */
  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.#tmux('send-keys', key);
  }

  /** Presses and releases the left button on a cell, from 0 at the top left; 64 and 65 are the wheel's buttons. */
  async click(x: number, y: number, button = 0): Promise<void> {
    const report = (edge: string): string => `\x1b[<${button};${x + 1};${y + 1}${edge}`;
    await this.type(button >= 64 ? report('M') : `${report('M')}${report('m')}`);
  }

  /** Whether the program asks for reports of the mouse. */
  async isMouseOn(): Promise<boolean> {
    return (await this.#tmux('display-message', '-p', '#{mouse_any_flag}')).stdout.trim() === '1';
  }

  /** What stands on the screen, a string for each row, without what is blank on its right. */
  async lines(): Promise<string[]> {
    const { stdout } = await this.#tmux('capture-pane', '-p');
    return stdout.replace(/\n$/, '').split('\n');
  }

  async text(): Promise<string> {
    return (await this.lines()).join('\n');
  }

  /** The screen with its SGR sequences. */
  async styled(): Promise<string> {
    return (await this.#tmux('capture-pane', '-p', '-e')).stdout;
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** Waits until the screen is as wanted; throws with the screen where it is not within `timeoutMs`. */
  async until(wanted: ((lines: readonly string[]) => boolean) | RegExp | string, timeoutMs = 20_000): Promise<string> {
    const holds =
      typeof wanted === 'function' ? wanted : (lines: readonly string[]) => matches(lines.join('\n'), wanted);
    const deadlineMs = Date.now() + timeoutMs;
    for (;;) {
      const lines = await this.lines();
      if (holds(lines)) return lines.join('\n');
      if (Date.now() > deadlineMs) {
        throw new Error(`not seen within ${timeoutMs} ms: ${String(wanted)}, but\n${lines.join('\n')}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }

  /** The shell is back, and the terminal as it was: main screen, cursor shown, lines and echo on. */
  async isRestored(): Promise<{ readonly problems: readonly string[]; readonly screen: string }> {
    const { stdout } = await this.#tmux('display-message', '-p', '#{alternate_on} #{cursor_flag} #{pane_dead}');
    const [alternate, cursor, dead] = stdout.trim().split(' ');
    const screen = await this.text();
    await this.run('clear; stty -a');
    const stty = await this.until(/isig/);
    const problems = [
      alternate === '1' ? 'the alternate screen is still on' : '',
      cursor === '1' ? '' : 'the cursor is hidden',
      dead === '1' ? 'the shell is gone' : '',
      / icanon/.test(stty) ? '' : 'raw mode is on',
      / echo /.test(stty) ? '' : 'echo is off',
    ];
    return { problems: problems.filter((problem) => problem !== ''), screen };
  }

  /** Ends the window and all that runs in it. */
  async close(): Promise<void> {
    await this.#tmux('kill-server').catch(() => undefined);
    removeFolder(this.home);
  }

  #tmux(...words: readonly string[]) {
    return run('tmux', ['-L', this.#socket, '-f', '/dev/null', ...words], {
      env: { ...process.env, TMUX: '', TERM: 'xterm-256color', LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' },
    });
  }
}

function matches(text: string, wanted: RegExp | string): boolean {
  return typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text);
}
