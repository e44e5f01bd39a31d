import { EXIT_USAGE, UserError } from '../errors.ts';
import { type Session, SessionError, type SessionOptions } from '../zenoh/session.ts';

/** `openSession` for commands: what can never work is a UserError. Loads zenoh only now. */
export async function openCommandSession(endpoint: string, options?: SessionOptions): Promise<Session> {
  const { openSession } = await import('../zenoh/open-session.ts');
  return explained(() => openSession(endpoint, options));
}

/** Calls `open`; a refused endpoint or a missing addon becomes a UserError. */
export function explained<T>(open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof SessionError)) throw error;
    const message = /[.?]$/.test(error.message) ? error.message : `${error.message}.`;
    if (error.code === 'invalid-argument') throw new UserError(message, { exitCode: EXIT_USAGE, cause: error });
    const hint = error.code === 'unsupported' ? 'Build the addon with `npm run build:native`.' : undefined;
    throw new UserError(message, { hint, cause: error });
  }
}
