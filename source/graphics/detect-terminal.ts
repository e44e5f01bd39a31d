/** For commands that print a picture and end: asks the terminal, and keeps its answers away from the shell after it. */
import type { ReadStream, WriteStream } from 'node:tty';
import { AnswerSieve } from './terminal-answers.ts';
import { TerminalInquiry } from './terminal-inquiry.ts';
import type { ImagesChoice, TerminalPictures } from './terminal-pictures.ts';
import { askTmux } from './tmux.ts';
import { askWindowPixels } from './window-pixels.ts';

export interface DetectTerminalOptions {
  readonly images: ImagesChoice;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: ReadStream;
  readonly stdout: WriteStream;
  /** Default 200. */
  readonly limitMs?: number;
}

export interface DetectedTerminal {
  readonly pictures: TerminalPictures;
  /**
   * Call before the process ends: answers that are still on their way are read and dropped, for up to a second and a half,
   * and the terminal echoes again.
   */
  release(): Promise<void>;
}

const STDOUT_FD = 1;
const LATE_LIMIT_MS = 1_500;

/**
 * What pictures stdout's terminal shows. Answers within the time limit whatever the terminal does. Where stdin or stdout is
 * no terminal nothing is asked, and the environment's hints have to do.
 */
export async function detectTerminal(options: DetectTerminalOptions): Promise<DetectedTerminal> {
  const { stdin, stdout, env, images } = options;
  const inquiry = new TerminalInquiry({
    images,
    env,
    size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
    askTmux: () => askTmux(env),
    askWindowPixels: () => askWindowPixels(STDOUT_FD),
    limitMs: options.limitMs,
  });
  if (stdin.isTTY !== true || stdout.isTTY !== true) {
    const { pictures } = inquiry;
    inquiry.close();
    return { pictures, release: () => Promise.resolve() };
  }
  const questions = inquiry.begin();
  if (questions === '') return { pictures: inquiry.pictures, release: () => Promise.resolve() };
  const sieve = new AnswerSieve();
  const read = (chunk: Buffer | string): void => inquiry.take(sieve.push(chunk.toString()).answers);
  stdin.setRawMode(true);
  stdin.on('data', read);
  stdout.write(questions);
  await inquiry.settled;
  return {
    pictures: inquiry.pictures,
    async release() {
      const deadlineMs = Date.now() + LATE_LIMIT_MS;
      while (!inquiry.isAnswered && Date.now() < deadlineMs) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      inquiry.close();
      stdin.off('data', read);
      stdin.setRawMode(false);
      stdin.pause();
    },
  };
}
