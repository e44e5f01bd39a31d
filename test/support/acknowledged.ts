/** One command that turns a node on or off, as its client saw it. */
interface Wish {
  readonly isUp: boolean;
  readonly sentAt: number;
  /** When its client had an answer, or knew that none would come; undefined while it waits. */
  endedAt: number | undefined;
  isAcknowledged: boolean;
}

/**
 * In which states a node may be after what its clients were told, where several command it at once. A command counts as
 * carried out at some moment between its sending and its end; one that was not acknowledged may have been, too. So the
 * last one is any that no acknowledged command was sent after.
 */
export class Acknowledged {
  #wishes: Wish[] = [{ isUp: false, sentAt: -1, endedAt: -1, isAcknowledged: true }];
  #clock = 0;

  send(isUp: boolean): Wish {
    const wish: Wish = { isUp, sentAt: this.#clock++, endedAt: undefined, isAcknowledged: false };
    this.#wishes.push(wish);
    return wish;
  }

  /** True where another command for the node was on its way at the same time. */
  end(wish: Wish, isAcknowledged: boolean): boolean {
    wish.endedAt = this.#clock++;
    wish.isAcknowledged = isAcknowledged;
    const isAlone = this.#wishes.every(
      (other) => other === wish || (other.endedAt !== undefined && other.endedAt < wish.sentAt),
    );
    if (isAcknowledged) {
      this.#wishes = this.#wishes.filter((other) => other.endedAt === undefined || other.endedAt >= wish.sentAt);
    }
    return !isAlone;
  }

  allows(isUp: boolean): boolean {
    return this.#wishes.some((wish) => wish.isUp === isUp);
  }
}
