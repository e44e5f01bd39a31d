import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isRecord } from './home.ts';
import type { Desired } from './node-machine.ts';

/**
 * What is wanted of each node, for a daemon that comes after one that was killed. Written before a command is answered.
 * It holds for one life of the machine: after a reboot the registry's autostart decides, so nothing waits for the disk.
 */
export class DesiredState {
  readonly #file: string;
  readonly #bootId: string;
  #nodes: Map<string, Desired>;

  /** Reads what is there; a file of another boot, or a damaged one, says nothing. */
  constructor(file: string, bootId: string = readBootId()) {
    this.#file = file;
    this.#bootId = bootId;
    this.#nodes = readNodes(file, bootId);
  }

  get(name: string): Desired | undefined {
    return this.#nodes.get(name);
  }

  /** Throws where the file cannot be written; it then holds what it held. */
  set(name: string, desired: Desired | undefined): void {
    if (this.#nodes.get(name) === desired) return;
    if (desired === undefined) this.#nodes.delete(name);
    else this.#nodes.set(name, desired);
    const draft = `${this.#file}.new`;
    const content = { bootId: this.#bootId, nodes: Object.fromEntries(this.#nodes) };
    writeFileSync(draft, `${JSON.stringify(content)}\n`, { mode: 0o600 });
    renameSync(draft, this.#file);
  }

  /** After a daemon that ended well: the next one starts what autostart says. */
  forget(): void {
    this.#nodes = new Map();
    rmSync(this.#file, { force: true });
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
