/**
 * Who listens to thumbnails by their name. A subscriber of `**`, a recorder or a dashboard, matches them as well and is no
 * viewer: for it alone nobody decodes, scales and sends pictures. Routers tell which key expressions are subscribed to.
 */
import { keyExprIntersects } from '../zenoh/key-expr.ts';
import { type Session, SessionError } from '../zenoh/session.ts';

/** Matched subscribers are looked at so often, since a viewer may join a recorder. */
const LOOK_MS = 2_000;
const ANSWER_MS = 1_500;
const LAST_CHUNK = 'thumbnail';

export class ThumbnailViewers {
  readonly #session: Session;
  readonly #onChange: () => void;
  readonly #ending = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #isMatched = false;
  /** Undefined where no router tells: then whoever matches counts. */
  #keyExprs: readonly string[] | undefined = [];

  constructor(session: Session, onChange: () => void) {
    this.#session = session;
    this.#onChange = onChange;
  }

  /** Whether any subscriber matches a thumbnail at all. */
  match(isMatched: boolean): void {
    if (isMatched === this.#isMatched) return;
    this.#isMatched = isMatched;
    if (isMatched) void this.look();
    else {
      clearTimeout(this.#timer);
      this.#keyExprs = [];
      this.#onChange();
    }
  }

  /** Whether someone listens to thumbnails of that key expression, and not just to everything. */
  watch(keyExpr: string): boolean {
    if (!this.#isMatched) return false;
    return this.#keyExprs?.some((viewed) => keyExprIntersects(viewed, keyExpr)) ?? true;
  }

  /** Asks now. */
  async look(): Promise<void> {
    clearTimeout(this.#timer);
    const found = await this.#ask();
    if (this.#ending.signal.aborted || !this.#isMatched) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.look(), LOOK_MS);
    if (found?.join() === this.#keyExprs?.join() && (found === undefined) === (this.#keyExprs === undefined)) return;
    this.#keyExprs = found;
    this.#onChange();
  }

  close(): void {
    this.#ending.abort();
    clearTimeout(this.#timer);
  }

  async #ask(): Promise<readonly string[] | undefined> {
    const { link } = this.#session;
    const router = (link.state === 'connected' ? link.routerZid : undefined) ?? '*';
    const replies = this.#session.get(`@/${router}/router/subscriber/**/${LAST_CHUNK}`, {
      target: 'all',
      consolidation: 'none',
      timeoutMs: ANSWER_MS,
      signal: this.#ending.signal,
    });
    const keyExprs = new Set<string>();
    let isTold = false;
    try {
      for await (const reply of replies) {
        if (!reply.ok) continue;
        isTold = true;
        const [, keyExpr] = /^@\/[^/]+\/router\/subscriber\/(.+)$/.exec(reply.sample.keyExpr) ?? [];
        if (keyExpr?.split('/').at(-1) === LAST_CHUNK) keyExprs.add(keyExpr);
      }
    } catch (error) {
      if (!(error instanceof SessionError)) throw error;
    }
    return isTold ? [...keyExprs].sort() : undefined;
  }
}
