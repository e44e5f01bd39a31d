import { spawn } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSession } from '../../source/zenoh/open-session.ts';
import type { Session } from '../../source/zenoh/session.ts';
import { bubbaloop, type Finished, runBubbaloop } from '../support/command-line.ts';
import { startRouter, type TestRouter } from '../support/router.ts';

let router: TestRouter;
let robot: Session;
let publishing: NodeJS.Timeout;
const token = 'bubbaloop/global/m/arm';

beforeAll(async () => {
  router = await startRouter();
  robot = openSession(router.endpoint);
  await robot.connected({ timeoutMs: 20_000 });
  await robot.liveliness.declareToken(token);
  let count = 0;
  publishing = setInterval(() => {
    count += 1;
    const payload = JSON.stringify({ count });
    robot.put('test/json', payload, { encoding: 'application/json' }).catch(() => undefined);
    robot.put('test/bytes', Uint8Array.of(0, 255), {}).catch(() => undefined);
  }, 20);
});
afterAll(async () => {
  clearInterval(publishing);
  await robot.close();
  await router.stop();
});

const sub = (...words: readonly string[]): Promise<Finished> =>
  runBubbaloop(['sub', ...words, '--endpoint', router.endpoint], { timeoutMs: 60_000 });

test('shows samples until the count, as lines or as JSON', async () => {
  const text = await sub('test/*', '-n', '6');
  expect(text).toMatchObject({ code: 0, stderr: '' });
  const lines = text.stdout.trim().split('\n');
  expect(lines).toHaveLength(6);
  for (const line of lines) expect(line).toMatch(/^test\/(json {2}\{count: \d+\}|bytes {2}<00 ff>)$/);
  const json = await sub('test/json', '-n', '2', '--json');
  const records = json.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { body: { count: number } });
  expect(records[1]?.body.count).toBe((records[0]?.body.count ?? 0) + 1);
});

test('--duration ends it, with exit code 1 where the count was not reached', async () => {
  expect(await sub('test/nobody', '-d', '0.3')).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(await sub('test/nobody', '-d', '0.3', '-n', '1')).toMatchObject({ code: 1, stdout: '' });
});

test('--rate counts each key, --liveliness shows tokens', async () => {
  const rate = await sub('test/*', '--rate', '-n', '2', '-d', '30');
  expect(rate).toMatchObject({ code: 0 });
  expect(rate.stdout).toMatch(
    /^ *[\d.]+\/s +[\d.]+[BK]\/s {2}test\/bytes\n *[\d.]+\/s +[\d.]+[BK]\/s {2}test\/json\n$/,
  );
  expect(await sub('bubbaloop/**', '--liveliness', '-n', '1', '-d', '30')).toMatchObject({
    code: 0,
    stdout: `+ ${token}\n`,
  });
});

test('Ctrl-C and a closed pipe end it quietly', async () => {
  for (const way of ['SIGINT', 'pipe'] as const) {
    const child = spawn(bubbaloop, ['sub', 'test/json', '--endpoint', router.endpoint], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    const ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    if (way === 'pipe') child.stdout.destroy();
    else child.kill('SIGINT');
    expect(await ended).toBe(0);
    expect(stderr).toBe('');
  }
});

test('put, get and delete: values as they are typed, answers of everybody', async () => {
  const run = (...words: readonly string[]) => runBubbaloop([...words, '--endpoint', router.endpoint]);
  const seen: string[] = [];
  const subscriber = await robot.declareSubscriber('test/put/*', ({ keyExpr, kind, encoding, payload }) => {
    seen.push(`${keyExpr} ${kind} ${encoding} ${Buffer.from(payload).toString('latin1')}`);
  });
  expect(await run('put', 'test/put/json', '{"a": 1}')).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(await run('put', 'test/put/text', 'hello you')).toMatchObject({ code: 0 });
  expect(await run('put', 'test/put/cbor', '[1]', '--cbor')).toMatchObject({ code: 0 });
  expect(await run('put', 'test/put/named', 'x', '--encoding', 'image/png')).toMatchObject({ code: 0 });
  expect(await run('delete', 'test/put/json')).toMatchObject({ code: 0 });
  while (seen.length < 5) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(seen).toEqual([
    'test/put/json put application/json {"a": 1}',
    'test/put/text put text/plain hello you',
    'test/put/cbor put application/cbor \u0081\u0001',
    'test/put/named put image/png x',
    expect.stringMatching(/^test\/put\/json delete /),
  ]);
  await subscriber.undeclare();

  for (const key of ['test/get/one', 'test/get/two']) {
    await robot.declareQueryable(key, (query) =>
      query.reply(key, query.payload ?? 'nothing asked', { encoding: query.encoding ?? 'text/plain' }),
    );
  }
  const answers = await run('get', 'test/get/*');
  expect(answers.stdout.trim().split('\n').sort()).toEqual([
    'test/get/one  nothing asked',
    'test/get/two  nothing asked',
  ]);
  const echoed = await run('get', 'test/get/one', '{"big": 9007199254740993}', '--cbor', '--json');
  expect(echoed.stdout).toContain('"body":{"big":"9007199254740993"}');
  expect(await run('get', 'test/nobody')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: 'bubbaloop: nobody answered.\n',
  });
  expect(await run('get', 'a//b')).toMatchObject({ code: 2 });
  expect(await run('put', 'a', '{', '--cbor')).toMatchObject({ code: 2, stderr: expect.stringContaining('no JSON') });
  expect(await run('put', 'a')).toMatchObject({ code: 2 });
});

test.each([
  [['a//b'], 2, /a\/\/b/],
  [[], 2, /one key expression/],
  [['a', 'b'], 2, /one key expression/],
  [['a', '-n', '0'], 2, /--count/],
  [['a', '-d', '-1'], 2, /--duration/],
  [['a', '--rate', '--liveliness'], 2, /not both/],
])('sub %j ends with %i and says why', async (words, code, message) => {
  expect(await sub(...words)).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(message) });
});

test('without a router it says so', async () => {
  const result = await runBubbaloop(['sub', 'a', '--endpoint', 'tcp/127.0.0.1:1']);
  expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining('No router at tcp/127.0.0.1:1') });
});
