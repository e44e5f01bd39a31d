/** Sentences for an endpoint that is wrong, or that nobody answers on. */
import { EXIT_FAILED, EXIT_USAGE, UserError } from '../errors.ts';
import { type Session, SessionError } from '../zenoh/session.ts';

/** A session that could not even begin. Anything that is not the user's to mend stays the error it is. */
export function endpointError(error: unknown): unknown {
  if (!(error instanceof SessionError)) return error;
  if (error.code === 'unsupported') return new UserError(error.message, { exitCode: EXIT_FAILED, cause: error });
  if (error.code !== 'invalid-argument') return error;
  return new UserError(`The endpoint cannot be used: ${error.message}`, { exitCode: EXIT_USAGE, cause: error });
}

/** No link within the time that a snapshot waits. */
export function unreachableError(session: Session, waitedMs: number): UserError {
  const { link, endpoint } = session;
  const reason = link.state === 'lost' ? link.reason : `no answer within ${Math.round(waitedMs / 1000)} s`;
  return new UserError(`No router at ${endpoint}: ${reason}.`, {
    hint: 'Start one with `bubbaloop router standalone`, name another with --endpoint, or look around with `bubbaloop demo`.',
  });
}
