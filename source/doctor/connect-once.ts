/** A handshake with a router: one attempt, not the patience of a session. */
import { openSession } from '../zenoh/open-session.ts';
import { type Session, SessionError, type SessionOptions } from '../zenoh/session.ts';

export type Connection =
  | { readonly ok: true; readonly session: Session; readonly tookMs: number; readonly routerZid: string | undefined }
  /** `isUnable`: this program, as it is installed, can open none to such an endpoint. */
  | { readonly ok: false; readonly reason: string; readonly isUnable?: boolean };

const CONNECT_LIMIT_MS = 3_000;

/** The session is the caller's to close; where there is none it is closed already. */
export async function connectOnce(endpoint: string, options: SessionOptions): Promise<Connection> {
  const startedAtMs = performance.now();
  let session: Session;
  try {
    session = openSession(endpoint, { ...options, connectTimeoutMs: CONNECT_LIMIT_MS });
  } catch (error) {
    // What can never be opened here, without the native addon for example.
    if (error instanceof SessionError) return { ok: false, reason: error.message, isUnable: true };
    throw error;
  }
  const reason = await firstOutcome(session);
  if (reason !== undefined) {
    await session.close();
    return { ok: false, reason };
  }
  const routerZid = session.link.state === 'connected' ? session.link.routerZid : undefined;
  return { ok: true, session, routerZid, tookMs: Math.round(performance.now() - startedAtMs) };
}

/** Undefined once connected; the reason where the first attempt failed. */
async function firstOutcome(session: Session): Promise<string | undefined> {
  const lost = Promise.withResolvers<string>();
  const listen = (link: Session['link']): void => {
    if (link.state === 'lost') lost.resolve(link.reason);
    if (link.state === 'closed') lost.resolve('doctor ended');
  };
  const stop = session.onLink(listen);
  listen(session.link);
  try {
    const connected = session.connected({ timeoutMs: CONNECT_LIMIT_MS + 500 }).then(
      () => undefined,
      (error: Error) => error.message,
    );
    return await Promise.race([connected, lost.promise]);
  } finally {
    stop();
  }
}
