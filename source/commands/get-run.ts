import { EXIT_FAILED, EXIT_OK, usageError } from '../errors.ts';
import { scriptJson } from '../wire/exact-json.ts';
import { plainText } from '../wire/plain-text.ts';
import type { GetOptions, Reply, Session } from '../zenoh/session.ts';
import { booleanFlag, type Invocation, stringFlag } from './command.ts';
import { Output } from './output.ts';
import { type Form, readForm, sampleText, tokenText } from './sample-form.ts';
import { readValue, type Value } from './sent-value.ts';
import { checkSelector, secondsFlag, withZenoh } from './zenoh-words.ts';

const TARGETS = ['best-matching', 'all', 'all-complete'] as const;
const CONSOLIDATIONS = ['auto', 'none', 'monotonic', 'latest'] as const;
const VALUE_FLAGS = ['payload', 'cbor', 'encoding', 'attachment', 'target', 'consolidation', 'pretty', 'raw'];

/** Every answer of everyone; exit code 1 where nobody answered well. */
export async function runGet(selector: string, operand: string | undefined, invocation: Invocation): Promise<number> {
  checkSelector(selector);
  const timeoutMs = secondsFlag(invocation, 'timeout', 3_600) ?? 5_000;
  if (booleanFlag(invocation, 'liveliness')) return getTokens(selector, operand, timeoutMs, invocation);
  const form = readForm(invocation);
  const flag = stringFlag(invocation, 'payload');
  if (flag !== undefined && operand !== undefined) throw usageError('get takes VALUE or --payload, not both.');
  const target = choice(invocation, 'target', TARGETS) ?? 'all';
  const consolidation = choice(invocation, 'consolidation', CONSOLIDATIONS) ?? 'none';
  const sent: Partial<Value> = await readValue(operand ?? flag, invocation);
  return withZenoh(invocation, (session) =>
    show(session, selector, { target, consolidation, timeoutMs, ...sent }, form),
  );
}

async function show(session: Session, selector: string, options: GetOptions, form: Form): Promise<number> {
  const output = new Output(process.stdout);
  let count = 0;
  let hasError = false;
  for await (const reply of session.get(selector, options)) {
    if (output.isClosed) break;
    const replier = reply.replierZid === undefined ? {} : { replier_zid: reply.replierZid };
    if (reply.ok) {
      count += 1;
      await output.write(sampleText(reply.sample, form, replier));
      continue;
    }
    hasError = true;
    if (form === 'json' && !reply.timedOut) await output.write(`${scriptJson({ error: reply.message, ...replier })}\n`);
    else process.stderr.write(`bubbaloop: ${errorWords(reply)}\n`);
  }
  if (count === 0 && !hasError) process.stderr.write('bubbaloop: nobody answered.\n');
  return count === 0 ? EXIT_FAILED : EXIT_OK;
}

function errorWords(reply: Reply & { readonly ok: false }): string {
  const who = reply.replierZid === undefined ? '' : ` (from ${plainText(reply.replierZid)})`;
  return `${plainText(reply.message)}${who}`;
}

async function getTokens(
  keyExpr: string,
  operand: string | undefined,
  timeoutMs: number,
  invocation: Invocation,
): Promise<number> {
  const flag = VALUE_FLAGS.find((name) => (invocation.flags[name] ?? false) !== false);
  if (operand !== undefined || flag !== undefined)
    throw usageError(`--liveliness asks for tokens: it goes without ${flag === undefined ? 'a value' : `--${flag}`}.`);
  return withZenoh(invocation, async (session) => {
    const output = new Output(process.stdout);
    const tokens = await session.liveliness.get(keyExpr, { timeoutMs });
    for (const key of tokens) await output.write(tokenText(key, true, booleanFlag(invocation, 'json')));
    if (tokens.length === 0) process.stderr.write('bubbaloop: no token is alive there.\n');
    return tokens.length === 0 ? EXIT_FAILED : EXIT_OK;
  });
}

/** As written here or as zenoh's own programs take it, BEST_MATCHING. */
function choice<T extends string>(invocation: Invocation, name: string, choices: readonly T[]): T | undefined {
  const text = stringFlag(invocation, name);
  if (text === undefined) return undefined;
  const found = choices.find((candidate) => candidate === text.toLowerCase().replaceAll('_', '-'));
  if (found !== undefined) return found;
  throw usageError(`--${name} is ${choices.join(', ')}, not ${JSON.stringify(plainText(text))}.`);
}
