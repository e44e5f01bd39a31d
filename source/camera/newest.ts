/** Works on one thing at a time and keeps no queue: of those that come meanwhile only the newest is taken up. */
export class NewestOnly<T> {
  readonly #work: (item: T) => Promise<void>;
  #next: { readonly item: T } | undefined;
  #isBusy = false;
  #isClosed = false;

  /** `work` must not reject. */
  constructor(work: (item: T) => Promise<void>) {
    this.#work = work;
  }

  offer(item: T): void {
    this.#next = { item };
    if (!this.#isBusy) void this.#run();
  }

  close(): void {
    this.#isClosed = true;
    this.#next = undefined;
  }

  async #run(): Promise<void> {
    this.#isBusy = true;
    while (this.#next !== undefined && !this.#isClosed) {
      const { item } = this.#next;
      this.#next = undefined;
      await this.#work(item);
    }
    this.#isBusy = false;
  }
}
