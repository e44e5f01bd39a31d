/** What a command of zenoh's takes, checked before anything is sent, and its refusals in words. */
import { UserError, usageError } from '../errors.ts';
import { plainText } from '../wire/plain-text.ts';
import { isKnownEncoding, nearEncodings } from '../zenoh/encodings.ts';
import { keyExprFault } from '../zenoh/key-expr.ts';
import { type Session, SessionError } from '../zenoh/session.ts';
import { type Invocation, numberFlag } from './command.ts';
import { overZenoh } from './zenoh-session.ts';

const MAX_SHOWN = 120;

/** Throws a usage error that shows the place. `text` may be a selector: what follows `?` is nobody's business here. */
export function checkKeyExpr(text: string): void {
  const fault = keyExprFault(text);
  if (fault === undefined) return;
  const shown = plainText(text);
  const isPlain = shown === text && text.length <= MAX_SHOWN;
  throw usageError(
    `Not a key expression: ${JSON.stringify(shown.slice(0, MAX_SHOWN))}: ${fault.problem}.`,
    isPlain ? `${shown}\n  ${' '.repeat(fault.at)}^` : undefined,
  );
}

/** As {@link checkKeyExpr}, for `KEYEXPR?PARAMETERS`. */
export function checkSelector(text: string): void {
  const mark = text.indexOf('?');
  checkKeyExpr(mark < 0 ? text : text.slice(0, mark));
}

/** Throws a usage error where receivers would not know it. */
export function checkedEncoding(text: string): string {
  if (isKnownEncoding(text)) return text;
  const near = nearEncodings(text);
  throw usageError(
    `Zenoh knows no encoding ${JSON.stringify(plainText(text).slice(0, MAX_SHOWN))}.`,
    near.length > 0
      ? `Did you mean ${near.join(' or ')}?`
      : 'One of its own, `application/json`, with a schema behind it if you like: `zenoh/bytes;my-format`.',
  );
}

/** A number of seconds as milliseconds; throws a usage error. */
export function secondsFlag(invocation: Invocation, name: string, most: number): number | undefined {
  const seconds = numberFlag(invocation, name);
  if (seconds === undefined) return undefined;
  if (!(seconds > 0 && seconds <= most))
    throw usageError(`--${name} is seconds, over 0 and up to ${most}, not ${seconds}.`);
  return seconds * 1_000;
}

/** {@link overZenoh}, and what zenoh refuses becomes a UserError. */
export function withZenoh(invocation: Invocation, work: (session: Session) => Promise<number>): Promise<number> {
  return overZenoh(invocation, async (session) => {
    try {
      return await work(session);
    } catch (error) {
      if (!(error instanceof SessionError)) throw error;
      if (error.code === 'invalid-argument') throw usageError(`${plainText(error.message)}.`);
      throw new UserError(`${plainText(error.message)}.`, { cause: error });
    }
  });
}
