/**
 * Who listens to thumbnails by their name. A subscriber of `**`, a recorder or a dashboard, matches them as well and is no
 * viewer: for it alone nobody decodes, scales and sends pictures. A publisher on a key that nobody means tells whether one
 * of that kind is there; while it is, only cameras that a viewer asked for (thumbnail-wish.ts) are watched. The admin space
 * would tell more, but asking it for subscribers can stop a router (see fleet/session-names.ts).
 */
import { thumbnailDecoyKey, thumbnailKey } from '../wire/keys.ts';
import type { Publisher, Session } from '../zenoh/session.ts';

/** A wish ends without a word. */
const LOOK_MS = 2_000;
/** That a recorder matches comes as two pieces of news, and the second may be a little late. */
const SETTLE_MS = 400;

export class ThumbnailViewers {
  readonly #any: Publisher;
  readonly #decoy: Publisher;
  readonly #stops: readonly (() => void)[];
  readonly #timer: NodeJS.Timeout;
  #settling: NodeJS.Timeout | undefined;

  /** `onChange`: what {@link watch} says may be another now. */
  static async open(session: Session, machineId: string, onChange: () => void): Promise<ThumbnailViewers> {
    const any = await session.declarePublisher(thumbnailKey(machineId, '**'));
    return new ThumbnailViewers(any, await session.declarePublisher(thumbnailDecoyKey(machineId)), onChange);
  }

  private constructor(any: Publisher, decoy: Publisher, onChange: () => void) {
    this.#any = any;
    this.#decoy = decoy;
    const settle = (): void => {
      this.#settling ??= setTimeout(() => {
        this.#settling = undefined;
        onChange();
      }, SETTLE_MS);
    };
    this.#stops = [any, decoy].map((publisher) => publisher.onMatching(settle));
    settle();
    this.#timer = setInterval(() => {
      if (decoy.matching) onChange();
    }, LOOK_MS).unref();
  }

  /** Whether any thumbnail, of whichever camera, has a subscriber. */
  get isAnyMatched(): boolean {
    return this.#any.matching;
  }

  /** Whether someone listens to everything. */
  get hasRecorder(): boolean {
    return this.#decoy.matching;
  }

  /** Whether a thumbnail with a subscriber is looked at; `wishedUntilMs` on the clock of `performance.now()`. */
  watch(isMatched: boolean, wishedUntilMs: number): boolean {
    return isMatched && (!this.hasRecorder || performance.now() < wishedUntilMs);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    clearTimeout(this.#settling);
    for (const stop of this.#stops) stop();
    await Promise.all([this.#any.undeclare(), this.#decoy.undeclare()]);
  }
}
