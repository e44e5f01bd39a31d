/** The newest changes of the fleet, a bounded number of them. */
import type { Change } from './changes.ts';

export interface TimelineEntry extends Change {
  /** Tells it from all others; later ones are higher. */
  readonly number: number;
  readonly atMs: number;
}

export const TIMELINE_LENGTH = 2_000;

/** A ring: adding costs the same however long it has run. */
export class Timeline {
  readonly #length: number;
  readonly #ring: TimelineEntry[] = [];
  #count = 0;
  #entries: readonly TimelineEntry[] | undefined;

  constructor(length = TIMELINE_LENGTH) {
    this.#length = length;
  }

  add(atMs: number, changes: readonly Change[]): void {
    // Of more than fits the last are kept, and only they are made.
    const skipped = Math.max(0, changes.length - this.#length);
    this.#count += skipped;
    for (const change of skipped === 0 ? changes : changes.slice(skipped)) {
      this.#ring[this.#count % this.#length] = { ...change, number: this.#count, atMs };
      this.#count += 1;
    }
    if (changes.length > 0) this.#entries = undefined;
  }

  /** Newest first; the same list as long as nothing is added. */
  get entries(): readonly TimelineEntry[] {
    if (this.#entries === undefined) {
      const held = Math.min(this.#count, this.#length);
      this.#entries = Array.from(
        { length: held },
        (_, back) => this.#ring[(this.#count - 1 - back) % this.#length],
      ).filter((entry) => entry !== undefined);
    }
    return this.#entries;
  }

  /** All that were ever added. */
  get count(): number {
    return this.#count;
  }
}
