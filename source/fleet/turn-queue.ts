/** Machines of which something was heard, asked one by one: the first at once, a crowd of them at a pace that can be afforded. */

const FIRST_MS = 40;
const NEXT_MS = 1_000;
const MOST_AT_ONCE = 10;
/** Beyond this they wait for the question that goes to all. */
const MAX_WAITING = 200;

export class TurnQueue {
  readonly #ask: (machine: string) => void;
  readonly #waiting = new Set<string>();
  /** Asked a moment ago: a daemon may not have known yet what its node's token told us. */
  readonly #asked = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(ask: (machine: string) => void) {
    this.#ask = ask;
  }

  add(machine: string): void {
    if (this.#waiting.size >= MAX_WAITING) return;
    this.#waiting.add(machine);
    this.#timer ??= setTimeout(() => this.#next(), FIRST_MS);
  }

  /** Asks those again that were asked since the last call; of a crowd a few. */
  repeat(): void {
    for (const machine of [...this.#asked].slice(0, MOST_AT_ONCE)) this.#ask(machine);
    this.#asked.clear();
  }

  /** All are asked now: of a crowd nobody has to be asked alone as well. */
  allAsked(): void {
    if (this.#waiting.size <= MOST_AT_ONCE) return;
    for (const machine of this.#waiting) this.#asked.add(machine);
    this.#waiting.clear();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting.clear();
    this.#asked.clear();
  }

  #next(): void {
    this.#timer = undefined;
    for (const machine of [...this.#waiting].slice(0, MOST_AT_ONCE)) {
      this.#waiting.delete(machine);
      this.#asked.add(machine);
      this.#ask(machine);
    }
    if (this.#waiting.size > 0) this.#timer = setTimeout(() => this.#next(), NEXT_MS);
  }
}
