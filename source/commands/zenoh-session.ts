import { UserError } from '../errors.ts';
import { machineId } from '../wire/names.ts';
import { plainText } from '../wire/plain-text.ts';
import type { Session, SessionOptions } from '../zenoh/session.ts';
import { type Invocation, stringFlag } from './command.ts';

export const CONNECT_TIMEOUT_MS = 5_000;

/** Runs `work` with a session to the router that the flags name. Throws UserError where there is none. */
export async function overZenoh<T>(
  invocation: Invocation,
  work: (session: Session) => Promise<T>,
  // Most commands send small records, and shared memory has its price at the start.
  options: SessionOptions = { shm: false },
): Promise<T> {
  const [{ resolveEndpoint }, { openCommandSession }] = await Promise.all([
    import('../zenoh/open-session.ts'),
    import('./command-session.ts'),
  ]);
  const endpoint = resolveEndpoint(stringFlag(invocation, 'endpoint'));
  const session = await openCommandSession(endpoint, options);
  try {
    await firstConnection(session).catch((error: Error) => {
      throw new UserError(`No router at ${endpoint}: ${plainText(error.message)}.`, {
        hint: 'Start one with `bubbaloop router standalone`, or say where it is with --endpoint.',
        cause: error,
      });
    });
    return await work(session);
  } finally {
    await session.close();
  }
}

/** Resolves when connected; rejects after the first attempt that failed: a command does not wait for a router to come. */
async function firstConnection(session: Session): Promise<void> {
  const gaveUp = Promise.withResolvers<void>();
  const listen = (link: Session['link']): void => {
    if (link.state === 'lost') gaveUp.reject(new Error(link.reason));
  };
  const stop = session.onLink(listen);
  listen(session.link);
  try {
    await Promise.race([session.connected({ timeoutMs: CONNECT_TIMEOUT_MS }), gaveUp.promise]);
  } finally {
    stop();
  }
}

/** As the machine itself makes its id: a hostname may be given. Throws UserError. */
export function checkedMachine(machine: string): string {
  const id = machineId({ BUBBALOOP_MACHINE_ID: machine }, machine);
  if (!/[/*$#?\s\p{Cc}]/u.test(machine)) return id;
  throw new UserError(`${JSON.stringify(machine)} is no machine id.`, {
    hint: 'It is one word without “/” or “*”, as `bubbaloop top` shows it: jetson_1.',
  });
}
