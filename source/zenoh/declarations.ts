/** What a session has declared, so that it can be declared again on the next driver. */
import type { Driver, DriverDeclaration } from './driver.ts';
import { asSessionError, limited, settledWithin } from './limits.ts';
import type { Establishing, LinkLoop } from './link-loop.ts';
import { DEFAULT_TIMEOUT_MS, SessionError } from './session.ts';

/** How one declaration is made on a driver. */
export interface Recipe<H extends DriverDeclaration> {
  readonly what: string;
  /** `isCurrent` says whether callbacks of this making still count: false after the loss, undeclare and close. */
  declare(driver: Driver, isCurrent: () => boolean): Promise<H>;
  /** The link is gone, and `handle` (undefined while it was still being made) with it. */
  down?(handle: H | undefined): void;
}

/** Undeclaring on a router that hangs is given up after so long. */
const UNDECLARE_LIMIT_MS = 2_000;

/** One declaration over the time of all drivers. */
export class Declared<H extends DriverDeclaration = DriverDeclaration> {
  readonly #recipe: Recipe<H>;
  readonly #onUndeclare: () => void;
  /** Where it stands or is being made. */
  #driver: Driver | undefined;
  #making: Promise<void> | undefined;
  #handle: H | undefined;
  #isUndeclared = false;

  constructor(recipe: Recipe<H>, onUndeclare: () => void) {
    this.#recipe = recipe;
    this.#onUndeclare = onUndeclare;
  }

  get what(): string {
    return this.#recipe.what;
  }

  /** Undefined where it does not stand now. */
  get handle(): H | undefined {
    return this.#handle;
  }

  get isUndeclared(): boolean {
    return this.#isUndeclared;
  }

  standsOn(driver: Driver): boolean {
    return this.#driver === driver && this.#handle !== undefined;
  }

  /** Makes it on `driver`; a second call for the same driver joins the first. */
  make(driver: Driver): Promise<void> {
    if (this.#driver === driver && this.#making !== undefined) return this.#making;
    this.#driver = driver;
    this.#handle = undefined;
    const isCurrent = () => this.#driver === driver && !this.#isUndeclared;
    this.#making = this.#recipe.declare(driver, isCurrent).then(
      (handle) => {
        if (isCurrent()) this.#handle = handle;
        // Given up while it was being made: it must not stay at the router.
        else return settledWithin(handle.undeclare(), UNDECLARE_LIMIT_MS);
      },
      (error: unknown) => {
        if (this.#driver === driver) this.#making = undefined;
        throw asSessionError(error);
      },
    );
    // Whoever waits sees the error through the returned promise; nobody may be waiting any more.
    this.#making.catch(() => undefined);
    return this.#making;
  }

  down(): void {
    if (this.#driver === undefined) return;
    const handle = this.#handle;
    this.#driver = undefined;
    this.#making = undefined;
    this.#handle = undefined;
    if (!this.#isUndeclared) this.#recipe.down?.(handle);
  }

  /** Ends it without a word to the router. */
  abandon(): void {
    this.#isUndeclared = true;
    this.#handle = undefined;
  }

  async undeclare(): Promise<void> {
    if (this.#isUndeclared) return;
    this.#isUndeclared = true;
    this.#onUndeclare();
    const handle = this.#handle;
    this.#handle = undefined;
    if (handle !== undefined) await settledWithin(handle.undeclare(), UNDECLARE_LIMIT_MS);
    else if (this.#making !== undefined) await settledWithin(this.#making, UNDECLARE_LIMIT_MS);
  }
}

export class Declarations implements Establishing {
  readonly #all = new Set<Declared<DriverDeclaration>>();

  isComplete(driver: Driver): boolean {
    for (const declared of this.#all) if (!declared.standsOn(driver)) return false;
    return true;
  }

  async establish(driver: Driver): Promise<void> {
    await Promise.all([...this.#all].map((declared) => this.#make(declared, driver)));
  }

  async #make(declared: Declared<DriverDeclaration>, driver: Driver): Promise<void> {
    if (declared.standsOn(driver)) return;
    try {
      await declared.make(driver);
    } catch (error) {
      // Undeclared meanwhile: its failure is no reason to give the link up.
      if (declared.isUndeclared) return;
      throw error;
    }
  }

  down(): void {
    for (const declared of [...this.#all]) declared.down();
  }

  /** Nothing is reported any more; the driver undeclares by its own closing. */
  abandon(): void {
    for (const declared of this.#all) declared.abandon();
    this.#all.clear();
  }

  /**
   * Resolves when it stands, or at once while there is no link: then it will be made when there is one. Rejects where
   * zenoh refuses it or the time is over; then it will not be made again.
   */
  async add<H extends DriverDeclaration>(recipe: Recipe<H>, link: LinkLoop): Promise<Declared<H>> {
    if (link.state.state === 'closed') throw link.noLinkError();
    const declared: Declared<H> = new Declared(recipe, () => this.#all.delete(declared));
    this.#all.add(declared);
    const { driver } = link;
    if (driver === undefined) return declared;
    try {
      await limited(declared.make(driver), {
        timeoutMs: DEFAULT_TIMEOUT_MS,
        interrupts: link.interrupts,
        what: recipe.what,
      });
    } catch (error) {
      const isLinkLoss = error instanceof SessionError && error.code === 'link-lost';
      if (isLinkLoss) return declared;
      declared.undeclare();
      throw error;
    }
    return declared;
  }
}
