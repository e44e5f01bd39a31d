import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { isCode } from '../home.ts';
import type { LogEnd } from './journal.ts';

const READ_BYTES = 128 * 1024;

/** Up to where the journal is in a node's log: its last line of the node itself. Undefined where there is none. */
export function readLogEnd(file: string): LogEnd | undefined {
  for (const name of [file, `${file}.1`]) {
    const end = lastLineOf(readEnd(name));
    if (end !== undefined) return end;
  }
  return undefined;
}

function lastLineOf(text: string): LogEnd | undefined {
  const heads = text
    .split('\n')
    .map((line) => line.split(' ', 2))
    .filter(([, stream]) => stream === 'out' || stream === 'err')
    .map(([time = '']) => time);
  const last = heads.at(-1);
  const atMs = Date.parse(last ?? '');
  if (Number.isNaN(atMs)) return undefined;
  return { atMs, count: heads.filter((time) => time === last).length };
}

function readEnd(file: string): string {
  let handle: number | undefined;
  try {
    handle = openSync(file, 'r');
    const { size } = fstatSync(handle);
    const buffer = Buffer.alloc(Math.min(size, READ_BYTES));
    readSync(handle, buffer, 0, buffer.length, size - buffer.length);
    const text = buffer.toString('utf8');
    // The first line may be torn.
    return size > buffer.length ? text.slice(text.indexOf('\n') + 1) : text;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return '';
    throw error;
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}
