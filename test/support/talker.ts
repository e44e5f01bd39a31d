/** A small program for tests across hosts: puts a payload on each key, and answers on it, ten times a second. Arguments: ENDPOINT KEY... */
import { setTimeout as sleep } from 'node:timers/promises';
import { openSession } from '../../source/zenoh/open-session.ts';

const [endpoint = '', ...keys] = process.argv.slice(2);
const session = openSession(endpoint);
await session.connected({ timeoutMs: 60_000 });
for (const key of keys) {
  await session.declareQueryable(key, (query) => query.reply(key, 'answer'));
  await session.liveliness.declareToken(`${key}/token`);
}
for (;;) {
  for (const key of keys) if (session.link.state === 'connected') await session.put(key, 'x'.repeat(200));
  await sleep(100);
}
