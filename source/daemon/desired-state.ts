import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { isCode, isRecord } from './home.ts';
import type { Desired } from './node-machine.ts';

const PAGE_BYTES = 4_096;

/**
 * What is wanted of each node, for a daemon that comes after one that was killed. Written before a command is answered.
 * It holds for one life of the machine: after a reboot the registry's autostart decides, so nothing waits for the disk.
 */
export class DesiredState {
  readonly #file: string;
  readonly #bootId: string;
  #nodes: Map<string, Desired>;
  #isUnsaved = false;

  /** Reads what is there; a file of another boot, or a damaged one, says nothing. */
  constructor(file: string, bootId: string = readBootId()) {
    this.#file = file;
    this.#bootId = bootId;
    this.#nodes = readNodes(file, bootId);
  }

  get(name: string): Desired | undefined {
    return this.#nodes.get(name);
  }

  /** Throws where the file cannot be written; it then holds what it held, until {@link save} or the next change. */
  set(name: string, desired: Desired | undefined): void {
    if (this.#nodes.get(name) !== desired) this.#isUnsaved = true;
    if (desired === undefined) this.#nodes.delete(name);
    else this.#nodes.set(name, desired);
    this.save();
  }

  /** Writes what could not be written before. Throws as {@link set}. */
  save(): void {
    if (!this.#isUnsaved) return;
    const text = padded(JSON.stringify({ bootId: this.#bootId, nodes: Object.fromEntries(this.#nodes) }));
    const draft = `${this.#file}.new`;
    try {
      writeFileSync(draft, text, { mode: 0o600 });
      renameSync(draft, this.#file);
    } catch (error) {
      if (!isCode(error, 'ENOSPC') || !writeInPlace(this.#file, text)) throw error;
    }
    this.#isUnsaved = false;
  }

  /** After a daemon that ended well: the next one starts what autostart says. */
  forget(): void {
    this.#nodes = new Map();
    this.#isUnsaved = false;
    rmSync(this.#file, { force: true });
  }
}

/** Blanks up to a whole page, which the file takes anyway: so there is room in it for what comes on a full disk. */
function padded(json: string): string {
  const length = Math.ceil((Buffer.byteLength(json) + 1) / PAGE_BYTES) * PAGE_BYTES - 1;
  return `${json}${' '.repeat(length - Buffer.byteLength(json))}\n`;
}

/** Over the old content, where the new is no longer: that needs no room. False where it does not fit. */
function writeInPlace(file: string, text: string): boolean {
  const bytes = Buffer.from(text);
  const sizeBytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (bytes.length > sizeBytes) return false;
  const descriptor = openSync(file, 'r+');
  try {
    writeSync(descriptor, Buffer.concat([bytes, Buffer.alloc(sizeBytes - bytes.length, ' ')]), 0, sizeBytes, 0);
    return true;
  } finally {
    closeSync(descriptor);
  }
}

function readNodes(file: string, bootId: string): Map<string, Desired> {
  const nodes = new Map<string, Desired>();
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (!isRecord(value) || value.bootId !== bootId || !isRecord(value.nodes)) return nodes;
    for (const [name, desired] of Object.entries(value.nodes)) {
      if (desired === 'running' || desired === 'stopped') nodes.set(name, desired);
    }
  } catch {
    // No file, or nothing that a daemon wrote: nothing is known.
    return nodes;
  }
  return nodes;
}

/** Names this life of the machine: process ids and start ticks mean nothing in another. random(4). */
export function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    // No Linux: there is no shim then, and nothing outlives its daemon.
    return '';
  }
}
