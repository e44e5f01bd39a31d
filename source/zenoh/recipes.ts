/** How each kind of declaration is made on a driver, with the callbacks of bubbaloop's own code guarded. */

import type { Recipe } from './declarations.ts';
import type { DriverDeclaration, DriverPublisher, DriverQuery, DriverSubscriber, PutSettings } from './driver.ts';
import { canonicalKeyExpr, keyExprIntersects } from './key-expr.ts';
import { type Channel, DEFAULT_TIMEOUT_MS, type Frame, type Query, type Sample, SessionError } from './session.ts';

/** Takes what a handler throws. */
export type HandlerErrors = (error: unknown) => void;

/** Samples dropped under drivers that are gone. */
export interface DropCount {
  earlier: number;
}

export function subscriberRecipe(
  keyExpr: string,
  channel: Channel,
  handler: (sample: Sample) => void,
  drops: DropCount,
  onError: HandlerErrors,
): Recipe<DriverSubscriber> {
  return {
    what: `declaring a subscriber of ${keyExpr}`,
    declare: (driver, isCurrent) =>
      driver.declareSubscriber(keyExpr, channel, (sample) => {
        if (isCurrent()) guarded(() => handler(sample), onError);
      }),
    down: (handle) => {
      drops.earlier += handle?.droppedCount ?? 0;
    },
  };
}

export function frameSubscriberRecipe(
  keyExpr: string,
  channel: Channel,
  handler: (frame: Frame) => void,
  drops: DropCount,
  onError: HandlerErrors,
): Recipe<DriverSubscriber> {
  return {
    what: `declaring a subscriber of ${keyExpr}`,
    declare: (driver, isCurrent) =>
      driver.declareFrameSubscriber(keyExpr, channel, (frame) => {
        if (!isCurrent()) return frame.release();
        try {
          handler(frame);
        } catch (error) {
          // Else the sender's segment would be held for ever.
          frame.release();
          onError(error);
        }
      }),
    down: (handle) => {
      drops.earlier += handle?.droppedCount ?? 0;
    },
  };
}

export function publisherRecipe(
  keyExpr: string,
  settings: PutSettings,
  onMatching: (matching: boolean) => void,
): Recipe<DriverPublisher> {
  return {
    what: `declaring a publisher of ${keyExpr}`,
    declare: (driver, isCurrent) =>
      driver.declarePublisher(keyExpr, settings, (matching) => {
        if (isCurrent()) onMatching(matching);
      }),
    down: () => onMatching(false),
  };
}

export function queryableRecipe(
  keyExpr: string,
  handler: (query: Query) => void | Promise<void>,
  onError: HandlerErrors,
): Recipe<DriverDeclaration> {
  return {
    what: `declaring a queryable of ${keyExpr}`,
    declare: (driver, isCurrent) =>
      driver.declareQueryable(keyExpr, (query) => {
        if (isCurrent()) answer(query, handler, onError);
        else query.finalize();
      }),
  };
}

async function answer(
  query: DriverQuery,
  handler: (query: Query) => void | Promise<void>,
  onError: HandlerErrors,
): Promise<void> {
  try {
    await handler({
      keyExpr: query.keyExpr,
      parameters: query.parameters,
      ...(query.payload === undefined ? {} : { payload: query.payload }),
      ...(query.encoding === undefined ? {} : { encoding: query.encoding }),
      ...(query.attachment === undefined ? {} : { attachment: query.attachment }),
      reply: async (keyExpr, payload, options) =>
        query.reply(replyKeyExpr(keyExpr, query), payload, {
          encoding: options?.encoding,
          attachment: options?.attachment,
        }),
      replyError: async (message) => query.replyError(message),
    });
  } catch (error) {
    // A reply that found no link is no fault of the handler; anything else is answered, and told if it is a bug.
    const isSessionError = error instanceof SessionError;
    try {
      await query.replyError(error instanceof Error ? error.message : String(error));
    } catch {
      // The asker is out of reach.
    }
    if (!isSessionError) onError(error);
  } finally {
    query.finalize();
  }
}

/** Checked here: over a WebSocket the router would drop such a reply without a word. */
function replyKeyExpr(keyExpr: string, query: DriverQuery): string {
  const canonical = canonicalKeyExpr(keyExpr);
  // Zenoh's own parameter for "any key will do".
  if (/(^|;)_anyke(=|;|$)/.test(query.parameters) || keyExprIntersects(canonical, query.keyExpr)) return canonical;
  throw new SessionError('invalid-argument', `a reply on ${canonical} does not answer a query of ${query.keyExpr}`);
}

export function tokenRecipe(keyExpr: string): Recipe<DriverDeclaration> {
  return {
    what: `declaring the liveliness token ${keyExpr}`,
    declare: (driver) => driver.declareToken(keyExpr),
  };
}

/**
 * Reports changes only, whatever zenoh repeats, and every token as gone at the loss. Zenoh is always asked for the
 * tokens alive: after a loss those reported as gone must come again, and without `history` the first ones are looked up
 * beforehand and passed over. A watch without them would miss what appears before the router has heard of it.
 */
export function tokenSubscriberRecipe(
  keyExpr: string,
  handler: (event: { readonly keyExpr: string; readonly alive: boolean }) => void,
  history: boolean,
  onError: HandlerErrors,
): Recipe<DriverDeclaration> {
  const alive = new Set<string>();
  let isFirst = true;
  const report = (key: string, isAlive: boolean) => {
    guarded(() => handler({ keyExpr: key, alive: isAlive }), onError);
  };
  return {
    what: `declaring a liveliness subscriber of ${keyExpr}`,
    async declare(driver, isCurrent) {
      if (isFirst && !history) {
        const tokens: string[] = [];
        await driver.getTokens(keyExpr, DEFAULT_TIMEOUT_MS, (token) => tokens.push(token)).finished;
        if (isCurrent()) for (const token of tokens) alive.add(token);
      }
      isFirst = false;
      return driver.declareTokenSubscriber(keyExpr, true, (key, isAlive) => {
        if (!isCurrent() || alive.has(key) === isAlive) return;
        if (isAlive) alive.add(key);
        else alive.delete(key);
        report(key, isAlive);
      });
    },
    down() {
      const gone = [...alive];
      alive.clear();
      for (const key of gone) report(key, false);
    },
  };
}

/** Nothing is looked up, remembered or held back: that costs as much as there are tokens. */
export function tokenChangeRecipe(
  keyExpr: string,
  handler: (event: { readonly keyExpr: string; readonly alive: boolean }) => void,
  onError: HandlerErrors,
): Recipe<DriverDeclaration> {
  return {
    what: `declaring a subscriber of changes of ${keyExpr}`,
    declare: (driver, isCurrent) =>
      driver.declareTokenSubscriber(keyExpr, false, (key, alive) => {
        if (isCurrent()) guarded(() => handler({ keyExpr: key, alive }), onError);
      }),
  };
}

export function guarded(call: () => void, onError: HandlerErrors): void {
  try {
    call();
  } catch (error) {
    onError(error);
  }
}
