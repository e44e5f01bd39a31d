/**
 * A small program for tests across hosts: subscribes to a key expression and prints, as a line of JSON, what it has heard
 * whenever that has changed. Arguments: ENDPOINT KEYEXPR [ask]; with `ask` it also asks the key expression once a second.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { openSession } from '../../source/zenoh/open-session.ts';

export interface Heard {
  /** Samples by the three first chunks of their key, `bubbaloop/local/jetson_1`. */
  readonly samples: Readonly<Record<string, number>>;
  readonly replies: Readonly<Record<string, number>>;
  /** Longest time between two samples, milliseconds. */
  readonly longestGapMs: number;
}

const [endpoint = '', keyExpr = '', mode = 'listen'] = process.argv.slice(2);
const samples: Record<string, number> = {};
const replies: Record<string, number> = {};
let longestGapMs = 0;
let lastAtMs: number | undefined;

const session = openSession(endpoint, { shm: endpoint.includes('127.0.0.1') });
await session.connected({ timeoutMs: 60_000 });
await session.declareFrameSubscriber(keyExpr, (frame) => {
  const nowMs = performance.now();
  if (lastAtMs !== undefined) longestGapMs = Math.max(longestGapMs, nowMs - lastAtMs);
  lastAtMs = nowMs;
  count(samples, frame.keyExpr);
  frame.release();
});
let printed = '';
for (let round = 0; ; round += 1) {
  if (mode === 'ask' && round % 10 === 0) await ask();
  const text = JSON.stringify({ samples, replies, longestGapMs: Math.round(longestGapMs) });
  if (text !== printed) process.stdout.write(`${text}\n`);
  printed = text;
  await sleep(100);
}

async function ask(): Promise<void> {
  if (session.link.state !== 'connected') return;
  try {
    for await (const reply of session.get(keyExpr, { target: 'all', consolidation: 'none', timeoutMs: 2_000 })) {
      if (reply.ok) count(replies, reply.sample.keyExpr);
    }
  } catch (error) {
    process.stderr.write(`${error}\n`);
  }
}

function count(counts: Record<string, number>, key: string): void {
  const head = key.split('/').slice(0, 3).join('/');
  counts[head] = (counts[head] ?? 0) + 1;
}
