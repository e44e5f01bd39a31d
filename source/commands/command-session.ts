import { UserError } from '../errors.ts';
import type { Session, SessionOptions } from '../zenoh/session.ts';
import { SessionError } from '../zenoh/session.ts';

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
    const hint =
      error.code === 'unsupported'
        ? 'Build the addon with `npm run build:native`.'
        : 'An endpoint is like tcp/127.0.0.1:7447 or ws://127.0.0.1:10000.';
    throw new UserError(`${error.message}.`, { hint, cause: error });
  }
}
