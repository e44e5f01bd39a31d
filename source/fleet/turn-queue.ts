/** Machines of which something was heard, asked one by one: a few at once, a crowd of them at a pace that can be afforded. */

const FIRST_MS = 40;
const SECOND_MS = 1_000;
const MOST_IN_A_SECOND = 10;
/** Beyond this they wait for the question that goes to all. */
const MAX_WAITING = 200;

export class TurnQueue {
  readonly #ask: (machine: string) => void;
  readonly #first = new Set<string>();
  readonly #waiting = new Set<string>();
  /** Asked a moment ago: a daemon may not have known yet what its node's token told us. */
  readonly #asked = new Set<string>();
  /** When those of the last second were asked, in order. */
  #askedAtMs: number[] = [];
  #timer: NodeJS.Timeout | undefined;
  #nextAtMs = Number.POSITIVE_INFINITY;

  constructor(ask: (machine: string) => void) {
    this.#ask = ask;
  }

  add(machine: string): void {
    if (this.#waiting.size >= MAX_WAITING || this.#first.has(machine)) return;
    this.#waiting.add(machine);
    this.#plan(Math.max(FIRST_MS, this.#pauseMs()));
  }

  /** Asked in a moment, however many wait. */
  addFirst(machine: string): void {
    this.#waiting.delete(machine);
    this.#first.add(machine);
    this.#plan(FIRST_MS);
  }

  /** Asks those again that were asked since the last call; of a crowd a few, and none while others wait for their turn. */
  repeat(): void {
    const again = [...this.#asked];
    this.#asked.clear();
    for (const machine of again.slice(0, this.#left())) this.#askOne(machine);
  }

  /** All are asked now: of a crowd nobody has to be asked alone as well. */
  allAsked(): void {
    if (this.#waiting.size <= MOST_IN_A_SECOND) return;
    for (const machine of this.#waiting) this.#asked.add(machine);
    this.#waiting.clear();
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#nextAtMs = Number.POSITIVE_INFINITY;
    this.#first.clear();
    this.#waiting.clear();
    this.#asked.clear();
  }

  /** Those that are due are asked after so long, or before where that is planned already. */
  #plan(inMs: number): void {
    const atMs = performance.now() + inMs;
    if (atMs >= this.#nextAtMs) return;
    clearTimeout(this.#timer);
    this.#nextAtMs = atMs;
    this.#timer = setTimeout(() => this.#next(), inMs);
  }

  #next(): void {
    this.#nextAtMs = Number.POSITIVE_INFINITY;
    const due = [...this.#first, ...[...this.#waiting].slice(0, this.#left())];
    this.#first.clear();
    for (const machine of due) {
      this.#waiting.delete(machine);
      this.#asked.add(machine);
      this.#askOne(machine);
    }
    if (this.#waiting.size > 0) this.#plan(this.#pauseMs());
  }

  #askOne(machine: string): void {
    this.#askedAtMs.push(performance.now());
    this.#ask(machine);
  }

  /** How many more may be asked in this second. */
  #left(): number {
    const sinceMs = performance.now() - SECOND_MS;
    this.#askedAtMs = this.#askedAtMs.filter((atMs) => atMs > sinceMs);
    return Math.max(0, MOST_IN_A_SECOND - this.#askedAtMs.length);
  }

  /** Until a second has gone by since the last of those who are too many was asked, so that the next come together. */
  #pauseMs(): number {
    if (this.#left() > 0) return 0;
    return (this.#askedAtMs.at(-1) ?? 0) + SECOND_MS - performance.now();
  }
}
