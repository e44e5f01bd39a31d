import { EXIT_OK } from '../errors.ts';
import { plainText } from '../wire/plain-text.ts';
import { type Session, SessionError } from '../zenoh/session.ts';
import type { Invocation } from './command.ts';
import { readLines, readValue, type Value } from './sent-value.ts';
import { checkKeyExpr, withZenoh } from './zenoh-words.ts';

export async function runPut(key: string, value: string, invocation: Invocation): Promise<number> {
  checkKeyExpr(key);
  const sent = await readValue(value, invocation);
  return withZenoh(invocation, async (session) => {
    await putValue(session, key, sent);
    return EXIT_OK;
  });
}

/** Until stdin ends. A line that meets a lost link waits for it to come back, and so does what writes the lines. */
export async function runPutLines(key: string, invocation: Invocation): Promise<number> {
  checkKeyExpr(key);
  return withZenoh(invocation, async (session) => {
    for await (const value of readLines(invocation)) await putPatiently(session, key, value);
    return EXIT_OK;
  });
}

export async function runDelete(key: string, invocation: Invocation): Promise<number> {
  checkKeyExpr(key);
  return withZenoh(invocation, async (session) => {
    await session.delete(key);
    return EXIT_OK;
  });
}

async function putPatiently(session: Session, key: string, value: Value): Promise<void> {
  for (;;) {
    try {
      return await putValue(session, key, value);
    } catch (error) {
      if (!(error instanceof SessionError) || error.code !== 'link-lost') throw error;
      process.stderr.write(`bubbaloop: link lost: ${plainText(error.message)}; waiting for it\n`);
      await reconnected(session);
      process.stderr.write('bubbaloop: link is back\n');
    }
  }
}

function reconnected(session: Session): Promise<void> {
  return new Promise((resolve) => {
    const stop = session.onLink(look);
    function look(): void {
      if (session.link.state !== 'connected') return;
      stop();
      resolve();
    }
    look();
  });
}

/** A link that is full holds it up: nothing is dropped here. */
function putValue(session: Session, key: string, { payload, ...options }: Value): Promise<void> {
  return session.put(key, payload, { ...options, congestion: 'block' });
}
