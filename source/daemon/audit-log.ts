import { appendFile, chmod, rename, stat } from 'node:fs/promises';
import { isCode, messageOf } from './home.ts';

/** By which way a command came. */
export type CommandWay = 'query' | 'put' | 'socket';

/** One line of the audit log. Texts from outside are plain and cut before they get here. */
export interface AuditEntry {
  /** `accepted` before it is carried out, `done` or `failed` after; `refused` alone. */
  readonly event: 'accepted' | 'done' | 'failed' | 'refused';
  readonly way: CommandWay;
  readonly requestId: string;
  readonly command: string;
  readonly node: string;
  /** What else was asked, by name. */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
  /** Who signed, and with which key: only where the signature was found good. */
  readonly sender?: string | undefined;
  readonly keyId?: string | undefined;
  /** What the daemon answered. */
  readonly message?: string | undefined;
}

export interface AuditLogOptions {
  readonly file: string;
  readonly say: (message: string) => void;
  /** Size at which a file is set aside; default 4 MiB. */
  readonly maxBytes?: number;
}

const MAX_BYTES = 4 * 1024 * 1024;
/** `audit.log.1` is the newest that was set aside. */
const KEPT_FILES = 4;
const MAX_WAITING_LINES = 5_000;
/** Refusals cost a stranger nothing: so many at once are kept, and so many a second, the rest are counted. */
const REFUSALS_AT_ONCE = 2_000;
const REFUSALS_A_SECOND = 1;

/**
 * Writes behind the daemon's back: `record` never waits and never throws. What does not fit (a flood, a disk that is
 * full) is counted, and the count is the next line that can be written.
 */
export class AuditLog {
  readonly #options: AuditLogOptions;
  #lines: string[] = [];
  #droppedCount = 0;
  #refusalsLeft = REFUSALS_AT_ONCE;
  #refilledAtMs = performance.now();
  #writing: Promise<void> | undefined;
  #isBroken = false;

  constructor(options: AuditLogOptions) {
    this.#options = options;
  }

  record(entry: AuditEntry): void {
    if ((entry.event === 'refused' && !this.#hasRoomForRefusal()) || this.#lines.length >= MAX_WAITING_LINES) {
      this.#droppedCount += 1;
      return;
    }
    this.#sayDropped();
    this.#lines.push(toLine(entry));
    this.#writing ??= this.#write();
  }

  /** Resolves when all is written. */
  async close(): Promise<void> {
    this.#sayDropped();
    while (this.#writing !== undefined || this.#lines.length > 0) {
      this.#writing ??= this.#write();
      await this.#writing;
      if (this.#isBroken) return;
    }
  }

  #hasRoomForRefusal(): boolean {
    const nowMs = performance.now();
    const refill = ((nowMs - this.#refilledAtMs) / 1_000) * REFUSALS_A_SECOND;
    this.#refusalsLeft = Math.min(REFUSALS_AT_ONCE, this.#refusalsLeft + refill);
    this.#refilledAtMs = nowMs;
    if (this.#refusalsLeft < 1) return false;
    this.#refusalsLeft -= 1;
    return true;
  }

  #sayDropped(): void {
    if (this.#droppedCount === 0 || this.#lines.length >= MAX_WAITING_LINES) return;
    this.#lines.push(
      `${JSON.stringify({ time: new Date().toISOString(), event: 'dropped', count: this.#droppedCount })}\n`,
    );
    this.#droppedCount = 0;
  }

  async #write(): Promise<void> {
    // One turn of the loop later: commands that come together are one write.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#lines.length > 0) {
      const lines = this.#lines;
      this.#lines = [];
      try {
        await this.#rotate();
        await appendFile(this.#options.file, lines.join(''), { mode: 0o600 });
        this.#isBroken = false;
      } catch (error) {
        this.#droppedCount += lines.length;
        if (!this.#isBroken) this.#options.say(`The audit log cannot be written: ${messageOf(error)}.`);
        this.#isBroken = true;
      }
    }
    this.#writing = undefined;
  }

  async #rotate(): Promise<void> {
    const { file, maxBytes = MAX_BYTES } = this.#options;
    const found = await stat(file).catch(absent);
    if (found === undefined) return;
    // One that was made by hand, or copied here.
    if ((found.mode & 0o077) !== 0) await chmod(file, 0o600);
    if (found.size < maxBytes) return;
    for (let number = KEPT_FILES - 1; number >= 1; number -= 1) {
      await rename(`${file}.${number}`, `${file}.${number + 1}`).catch(absent);
    }
    await rename(file, `${file}.1`);
  }
}

function toLine(entry: AuditEntry): string {
  return `${JSON.stringify({
    time: new Date().toISOString(),
    event: entry.event,
    way: entry.way,
    request_id: entry.requestId,
    command: entry.command,
    node: entry.node,
    parameters: entry.parameters,
    signed: entry.keyId !== undefined,
    sender: entry.sender,
    key_id: entry.keyId,
    message: entry.message,
  })}\n`;
}

function absent(error: unknown): undefined {
  if (!isCode(error, 'ENOENT')) throw error;
  return undefined;
}
