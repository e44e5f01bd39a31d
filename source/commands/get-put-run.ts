import { EXIT_FAILED, EXIT_OK, UserError, usageError } from '../errors.ts';
import { formatSample, sampleToJson } from '../view/sample-lines.ts';
import { CBOR_ENCODING, type Encodable } from '../wire/cbor.ts';
import { encodeCbor } from '../wire/cbor-encode.ts';
import { parseExactJson } from '../wire/exact-json.ts';
import { plainText } from '../wire/plain-text.ts';
import { type Session, SessionError } from '../zenoh/session.ts';
import { booleanFlag, type Invocation, numberFlag, stringFlag } from './command.ts';
import { overZenoh } from './zenoh-session.ts';

const MAX_STDIN_BYTES = 64 * 1024 * 1024;

/** Every answer of everyone; exit code 1 where nobody answered well. */
export async function runGet(selector: string, value: string | undefined, invocation: Invocation): Promise<number> {
  const seconds = numberFlag(invocation, 'timeout') ?? 5;
  if (!(seconds > 0 && seconds <= 3_600))
    throw usageError(`--timeout is seconds, over 0 and up to 3600, not ${seconds}.`);
  const sent = value === undefined ? undefined : await readValue(value, invocation);
  const asJson = booleanFlag(invocation, 'json');
  return withSession(invocation, async (session) => {
    let count = 0;
    const replies = session.get(selector, {
      target: 'all',
      consolidation: 'none',
      timeoutMs: seconds * 1_000,
      ...sent,
    });
    for await (const reply of replies) {
      if (!reply.ok) {
        process.stderr.write(`bubbaloop: ${plainText(reply.message)}\n`);
        continue;
      }
      count += 1;
      process.stdout.write(`${asJson ? sampleToJson(reply.sample, Date.now()) : formatSample(reply.sample)}\n`);
    }
    if (count === 0) process.stderr.write('bubbaloop: nobody answered.\n');
    return count === 0 ? EXIT_FAILED : EXIT_OK;
  });
}

export async function runPut(key: string, value: string, invocation: Invocation): Promise<number> {
  const { payload, encoding } = await readValue(value, invocation);
  const options = { encoding: stringFlag(invocation, 'encoding') ?? encoding, congestion: 'block' } as const;
  return withSession(invocation, async (session) => {
    await session.put(key, payload, options);
    return EXIT_OK;
  });
}

export async function runDelete(key: string, invocation: Invocation): Promise<number> {
  return withSession(invocation, async (session) => {
    await session.delete(key);
    return EXIT_OK;
  });
}

function withSession(invocation: Invocation, work: (session: Session) => Promise<number>): Promise<number> {
  return overZenoh(invocation, async (session) => {
    try {
      return await work(session);
    } catch (error) {
      if (!(error instanceof SessionError)) throw error;
      if (error.code === 'invalid-argument') throw usageError(`${error.message}.`);
      throw new UserError(`${plainText(error.message)}.`, { cause: error });
    }
  });
}

interface Value {
  readonly payload: Uint8Array;
  readonly encoding: string;
}

async function readValue(value: string, invocation: Invocation): Promise<Value> {
  const bytes = value === '-' ? await readStdin() : Buffer.from(value);
  const json = parseExactJson(bytes.toString('utf8'));
  if (!booleanFlag(invocation, 'cbor')) {
    return { payload: bytes, encoding: json.ok ? 'application/json' : 'text/plain' };
  }
  if (!json.ok)
    throw usageError(`--cbor: the value is ${plainText(json.reason)}.`, 'It is JSON, of which CBOR is made.');
  return { payload: encodeCbor(json.value as Encodable), encoding: CBOR_ENCODING };
}

async function readStdin(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of process.stdin) {
    const bytes = Buffer.from(chunk as Uint8Array);
    sizeBytes += bytes.length;
    if (sizeBytes > MAX_STDIN_BYTES) throw new UserError('What comes on stdin is larger than 64 MB.');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}
