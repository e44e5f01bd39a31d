/** A publisher that outlives the link, and its matching status. */
import type { Declared, Recipe } from './declarations.ts';
import type { Driver, DriverPublisher, PutSettings } from './driver.ts';
import { guarded, type HandlerErrors, publisherRecipe } from './recipes.ts';
import { type Payload, type Publisher, SessionError } from './session.ts';

export interface PublisherSession {
  declare(recipe: Recipe<DriverPublisher>): Promise<Declared<DriverPublisher>>;
  /** Throws `link-lost` where there is no driver, and bounds what `call` starts. */
  send(payload: Payload | undefined, call: (driver: Driver) => void | Promise<void>): Promise<void>;
  readonly onHandlerError: HandlerErrors;
}

export async function supervisePublisher(
  keyExpr: string,
  settings: PutSettings,
  session: PublisherSession,
): Promise<Publisher> {
  const listeners = new Set<(matching: boolean) => void>();
  let isMatching = false;
  const setMatching = (matching: boolean) => {
    if (matching === isMatching) return;
    isMatching = matching;
    for (const listener of [...listeners]) guarded(() => listener(matching), session.onHandlerError);
  };
  const declared = await session.declare(publisherRecipe(keyExpr, settings, setMatching));
  const send = (payload: Payload | undefined, call: (publisher: DriverPublisher) => void | Promise<void>) =>
    session.send(payload, () => {
      if (declared.isUndeclared) throw new SessionError('closed', `the publisher of ${keyExpr} was undeclared`);
      const publisher = declared.handle;
      if (publisher === undefined)
        throw new SessionError('link-lost', `the publisher of ${keyExpr} does not stand yet`);
      return call(publisher);
    });
  return {
    keyExpr,
    get matching() {
      // Known a moment before the handle stands, and told to the listeners then: both say the same.
      return isMatching && !declared.isUndeclared;
    },
    put: (payload, options) =>
      send(payload, (publisher) =>
        publisher.put(payload, {
          encoding: options?.encoding ?? settings.encoding,
          attachment: options?.attachment ?? settings.attachment,
        }),
      ),
    delete: () => send(undefined, (publisher) => publisher.delete()),
    onMatching(listener) {
      const own = (matching: boolean) => listener(matching);
      listeners.add(own);
      return () => listeners.delete(own);
    },
    undeclare() {
      listeners.clear();
      return declared.undeclare();
    },
  };
}
