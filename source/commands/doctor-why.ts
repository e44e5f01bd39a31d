/** `bubbaloop doctor why KEY`: why nobody sees a key, or who does. */
import { Facts } from '../doctor/facts.ts';
import { conclude } from '../doctor/why/conclude.ts';
import { gatherEvidence } from '../doctor/why/gather.ts';
import { EXIT_FAILED, EXIT_OK, UserError, usageError } from '../errors.ts';
import { plainText } from '../wire/plain-text.ts';
import { canonicalKeyExpr } from '../zenoh/key-expr.ts';
import { SessionError } from '../zenoh/session.ts';
import { booleanFlag, type Invocation, numberFlag } from './command.ts';
import { explained } from './command-session.ts';
import { factsOptions } from './doctor-run.ts';

const DURATION_SECS = 2;
/** Heartbeats come every 5 s. */
const HEALTH_DURATION_SECS = 6;
const MAX_DURATION_SECS = 3_600;

/** A flag that may be given often is an empty list where it is not. */
function isGiven(flag: Invocation['flags'][string]): boolean {
  return Array.isArray(flag) && flag.length > 0;
}

/** Exit code 0 where somebody sees the key. */
export async function runWhy(key: string, invocation: Invocation): Promise<number> {
  if (booleanFlag(invocation, 'fix') || isGiven(invocation.flags.check)) {
    throw usageError('--fix and --check go with doctor alone, not with doctor why.');
  }
  const keyExpr = explained(() => canonicalKeyExpr(key));
  const seconds =
    numberFlag(invocation, 'duration') ?? (keyExpr.endsWith('/health') ? HEALTH_DURATION_SECS : DURATION_SECS);
  if (!(seconds > 0 && seconds <= MAX_DURATION_SECS)) {
    throw usageError(`--duration wants seconds, over 0 and up to ${MAX_DURATION_SECS}.`);
  }
  await using facts = new Facts({ ...factsOptions(invocation), shm: true });
  const connection = await facts.connection();
  if (!connection.ok) {
    throw new UserError(`Nobody sees anything here: no router at ${facts.endpoint}: ${plainText(connection.reason)}.`, {
      hint: 'bubbaloop doctor -c router',
    });
  }
  const options = { durationMs: seconds * 1_000, asksAll: booleanFlag(invocation, 'askRouters') };
  const evidence = await gatherEvidence(facts, connection.session, keyExpr, options).catch((error) => {
    if (!(error instanceof SessionError)) throw error;
    throw new UserError(`The router at ${facts.endpoint} went away while it was asked: ${plainText(error.message)}.`, {
      hint: 'bubbaloop doctor -c router',
      cause: error,
    });
  });
  const { kind, ok, verdict, sentences, remedy } = conclude(evidence);
  const answer = {
    key: keyExpr,
    ok,
    kind,
    verdict: plainText(verdict),
    sentences: sentences.map((sentence) => plainText(sentence)),
    remedy: remedy === undefined ? null : plainText(remedy),
    samples: evidence.samples,
  };
  if (booleanFlag(invocation, 'json')) process.stdout.write(`${JSON.stringify(answer, undefined, 2)}\n`);
  else {
    const doThis = answer.remedy === null ? [] : [`Do:  ${answer.remedy}`];
    process.stdout.write(`${[answer.verdict, '', ...answer.sentences, ...doThis].join('\n')}\n`);
  }
  return ok ? EXIT_OK : EXIT_FAILED;
}
