import { afterEach, expect, test } from 'vitest';
import { followLog, type LogNews } from '../../source/fleet/follow-log.ts';
import { logKey } from '../../source/wire/keys.ts';
import { encodeLogChunk } from '../../source/wire/log-chunk.ts';
import type { Session } from '../../source/zenoh/session.ts';
import { FakeNetwork } from '../support/fake-session.ts';

const target = { machine: 'm', node: 'n' };
const key = logKey('m', 'n');
const open: Session[] = [];

afterEach(async () => {
  for (const session of open.splice(0)) await session.close();
});

async function sessions(): Promise<{ robot: Session; screen: Session }> {
  const network = new FakeNetwork();
  const robot = await network.connect();
  const screen = await network.connect();
  open.push(robot, screen);
  return { robot, screen };
}

function chunk(start: number, text: string): Uint8Array {
  const end = start + Buffer.byteLength(text);
  return encodeLogChunk({ machineId: 'm', node: 'n', file: 'f', start, end, text, isCut: false });
}

function listen(): {
  news: LogNews[];
  onNews(news: LogNews): void;
  until(wanted: (news: LogNews) => boolean): Promise<void>;
} {
  const news: LogNews[] = [];
  let wake = (): void => undefined;
  return {
    news,
    onNews(one) {
      news.push(one);
      wake();
    },
    async until(wanted) {
      while (!news.some(wanted)) await new Promise<void>((resolve) => (wake = resolve));
    },
  };
}

test('what is there, then what comes, nothing twice; closed, it tells no more', async () => {
  const { robot, screen } = await sessions();
  await robot.declareQueryable(key, (query) => query.reply(key, chunk(0, 'one\ntwo\n')));
  const at = listen();
  const followed = followLog(screen, target, { lines: 10, onNews: at.onNews });
  await at.until(({ kind }) => kind === 'history');
  // Until it is heard a daemon says every second where the end is.
  const isRead = at.until((one) => one.kind === 'added' && one.text === 'three\n');
  await robot.put(key, chunk(0, 'one\ntwo\n'));
  await robot.put(key, chunk(4, 'two\nthree\n'));
  await isRead;
  expect(at.news.filter(({ kind }) => kind === 'added')).toEqual([{ kind: 'added', text: 'three\n' }]);
  followed.close();
  const count = at.news.length;
  await robot.put(key, chunk(14, 'four\n'));
  await new Promise((resolve) => setImmediate(resolve));
  expect(at.news).toHaveLength(count);
});

test('a gap is told', async () => {
  const { robot, screen } = await sessions();
  await robot.declareQueryable(key, (query) => query.reply(key, chunk(0, 'one\n')));
  const at = listen();
  const followed = followLog(screen, target, { lines: 10, onNews: at.onNews });
  await at.until(({ kind }) => kind === 'history');
  await robot.put(key, chunk(0, 'one\n'));
  await robot.put(key, chunk(10, 'late\n'));
  await at.until((one) => one.kind === 'added' && one.text === 'late\n');
  expect(at.news).toContainEqual({ kind: 'added', text: '(6 bytes of the log did not come through here)\n' });
  followed.close();
});

test('where nobody answers on the log key it says so', async () => {
  const { screen } = await sessions();
  const at = listen();
  followLog(screen, target, { lines: 10, onNews: at.onNews });
  await at.until(({ kind }) => kind === 'unavailable');
  expect(at.news).toEqual([{ kind: 'unavailable' }]);
});

test('an answer that is no log, or a link that is lost, is no crash', async () => {
  const { robot, screen } = await sessions();
  await robot.declareQueryable(key, (query) => query.reply(key, 'nonsense'));
  const at = listen();
  followLog(screen, target, { lines: 10, onNews: at.onNews });
  await at.until(({ kind }) => kind === 'unavailable');
  const gone = listen();
  await screen.close();
  followLog(screen, target, { lines: 10, onNews: gone.onNews });
  await gone.until(({ kind }) => kind === 'unavailable');
});
