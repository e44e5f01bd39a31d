import { isRecord } from '../home.ts';
import { OUT_PRIORITY } from './unit.ts';

const NEWLINE = 0x0a;

export interface JournalEntry {
  readonly cursor: string;
  readonly name: string;
  readonly stream: 'out' | 'err';
  readonly atMs: number;
  /** One line, its line feed included. */
  readonly text: Buffer;
}

/** A line of `journalctl -o json`; undefined where it is none. */
export function decodeEntry(line: string): JournalEntry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // A line that was cut when journalctl was killed.
    return undefined;
  }
  if (!isRecord(value) || typeof value.SYSLOG_IDENTIFIER !== 'string') return undefined;
  const atMs = Math.floor(Number(value.__REALTIME_TIMESTAMP) / 1_000);
  if (!Number.isFinite(atMs)) return undefined;
  return {
    cursor: String(value.__CURSOR),
    name: value.SYSLOG_IDENTIFIER,
    stream: value.PRIORITY === OUT_PRIORITY ? 'out' : 'err',
    atMs,
    text: Buffer.concat([bytesOf(value.MESSAGE), Buffer.from([NEWLINE])]),
  };
}

/** Text with control characters, or none at all, comes as an array of bytes; a field that occurs twice as an array of both. */
function bytesOf(message: unknown): Buffer {
  if (typeof message === 'string') return Buffer.from(message);
  if (!Array.isArray(message)) return Buffer.alloc(0);
  return message.every((part) => typeof part === 'number') ? Buffer.from(message) : bytesOf(message[0]);
}
