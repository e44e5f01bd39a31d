/** A small program for process.test.ts: opens a session, uses it, closes it, and must then end by itself. */
import { openSession } from '../../source/zenoh/open-session.ts';
import { collectReplies } from '../../source/zenoh/session.ts';

const [endpoint = '', mode = 'close'] = process.argv.slice(2);
const session = openSession(endpoint, { connectTimeoutMs: 1_000 });
if (mode === 'close-at-once') {
  await session.close();
} else if (mode === 'unreachable') {
  await session.connected({ timeoutMs: 500 }).catch((error) => process.stdout.write(`${error.code}\n`));
  await session.close();
} else {
  await session.connected();
  const subscriber = await session.declareSubscriber('test/process', () => {});
  await session.declareQueryable('test/process', (query) => query.reply('test/process', 'answer'));
  await session.liveliness.declareToken('test/process/token');
  const publisher = await session.declarePublisher('test/process');
  await publisher.put('x');
  const replies = await collectReplies(session.get('test/process'));
  process.stdout.write(`${replies.length} reply\n`);
  if (mode === 'exit') process.exit(3);
  if (mode === 'wait-for-loss') {
    session.onLink((link) => {
      process.stdout.write(`${link.state}\n`);
      if (link.state === 'lost') session.close();
    });
  } else {
    await subscriber.undeclare();
    await session.close();
  }
}
