import { closeSync, constants, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { isCode, messageOf } from './home.ts';

const DIGITS = 16;

/**
 * The time at which the newest accepted command was signed, on disk. The file is written over in place: that needs no
 * room on a full disk, where stopping a node matters most. A write that fails is said once and the command is carried
 * out all the same: what it lets through is a replay after a restart, within seconds of the command itself.
 */
export class CommandMark {
  readonly #file: string;
  readonly #say: (message: string) => void;
  #timeMs: number;
  #isBroken = false;

  constructor(file: string, nowMs: number, say: (message: string) => void) {
    this.#file = file;
    this.#say = say;
    this.#timeMs = readMark(file, nowMs);
  }

  /** Unix milliseconds; 0 where no command was ever accepted. */
  get timeMs(): number {
    return this.#timeMs;
  }

  /** On disk when it returns. */
  raise(timeMs: number): void {
    if (timeMs <= this.#timeMs) return;
    this.#timeMs = timeMs;
    try {
      writeInPlace(this.#file, `${String(timeMs).padStart(DIGITS, '0')}\n`);
      this.#isBroken = false;
    } catch (error) {
      if (!this.#isBroken) {
        this.#say(`Signed commands cannot be remembered over a restart: ${messageOf(error)}.`);
      }
      this.#isBroken = true;
    }
  }
}

function writeInPlace(file: string, text: string): void {
  const descriptor = openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    writeSync(descriptor, text, 0);
    fdatasyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** 0 without a file; now, where what was accepted cannot be known. */
function readMark(file: string, nowMs: number): number {
  try {
    const text = readFileSync(file, 'utf8').trim();
    return /^\d{16}$/.test(text) ? Number(text) : nowMs;
  } catch (error) {
    return isCode(error, 'ENOENT') ? 0 : nowMs;
  }
}
