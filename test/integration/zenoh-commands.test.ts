import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeEnvelope } from '../../source/wire/envelope.ts';
import { openSession } from '../../source/zenoh/open-session.ts';
import type { Session } from '../../source/zenoh/session.ts';
import { bubbaloop, endProcess, type Finished, runBubbaloop } from '../support/command-line.ts';
import { pythonWithZenoh } from '../support/python.ts';
import { freePorts, startRouter, type TestRouter } from '../support/router.ts';
import { Terminal } from '../support/terminal.ts';

let router: TestRouter;
let robot: Session;
let scoutPort: number;
const children: ChildProcess[] = [];

beforeAll(async () => {
  [scoutPort = 0] = await freePorts(1);
  router = await startRouter({
    configOverrides: {
      scouting: {
        multicast: { enabled: true, address: `224.0.0.224:${scoutPort}`, interface: 'lo' },
        gossip: { enabled: false },
      },
    },
  });
  robot = openSession(router.endpoint);
  await robot.connected({ timeoutMs: 20_000 });
});
afterAll(async () => {
  await Promise.all(children.map(endProcess));
  await robot.close();
  await router.stop();
});

const run = (words: readonly string[], stdin?: string | Uint8Array): Promise<Finished> =>
  runBubbaloop([...words, '--endpoint', router.endpoint], {
    timeoutMs: 60_000,
    ...(stdin === undefined ? {} : { stdin }),
  });
const jsonLines = (text: string): Record<string, unknown>[] =>
  text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Record<string, unknown>]));

/** `bubbaloop sub`, once it is subscribed. */
async function startSub(keyExpr: string, ...words: readonly string[]): Promise<Running> {
  const publisher = await robot.declarePublisher(keyExpr.replaceAll('*', 'x'));
  const child = start(['sub', keyExpr, ...words, '--endpoint', router.endpoint]);
  while (!publisher.matching) await new Promise((resolve) => setTimeout(resolve, 20));
  await publisher.undeclare();
  return child;
}

interface Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
}

function start(words: readonly string[]): Running {
  const child = spawn(bubbaloop, words, { stdio: ['pipe', 'pipe', 'pipe'] });
  children.push(child);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString('latin1')));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  return { child, finished: new Promise((resolve) => child.once('close', (code) => resolve({ code, ...output }))) };
}

test('sub: the envelope is decoded, its time exact; attachments; --json, --pretty and --raw', async () => {
  const tsNs = 1_764_086_400_123_456_789n;
  const header = { schemaUri: 's', sourceInstance: 'arm', monotonicSeq: 7n, tsNs };
  const payload = encodeEnvelope(header, { big: 2n ** 63n, bytes: Uint8Array.of(1, 2, 3), name: 'x' });
  const subs: Running[] = [];
  for (const form of ['json', 'pretty', 'raw']) {
    subs.push(await startSub(`test/forms/${form}`, '-n', '1', `--${form}`));
    await robot.put(`test/forms/${form}`, payload, {
      encoding: 'application/cbor',
      attachment: Buffer.from('att'),
    });
  }
  const [json, pretty, raw] = await Promise.all(subs.map(({ finished }) => finished));
  expect(jsonLines(json?.stdout ?? '')).toEqual([
    expect.objectContaining({
      key: 'test/forms/json',
      kind: 'put',
      encoding: 'application/cbor',
      size_bytes: payload.length,
      attachment_base64: Buffer.from('att').toString('base64'),
      header: { schema_uri: 's', source_instance: 'arm', monotonic_seq: '7', ts_ns: String(tsNs) },
      body: { big: String(2n ** 63n), bytes: 'AQID', name: 'x' },
    }),
  ]);
  expect(pretty?.stdout).toMatch(
    /^test\/forms\/pretty {2}#7 .*Z {2}application\/cbor, \d+B {2}\+"att"\n\{\n {2}big: 9223372036854775808,\n/,
  );
  expect(Buffer.from(raw?.stdout ?? '', 'latin1')).toEqual(Buffer.from(payload));
  expect([json?.code, pretty?.code, raw?.code]).toEqual([0, 0, 0]);
});

test('put: stdin as one value or line by line, encodings and attachments; values stay as typed', async () => {
  const seen: string[] = [];
  const subscriber = await robot.declareSubscriber('test/put/**', ({ keyExpr, encoding, payload, attachment }) => {
    const attached = attachment === undefined ? '' : ` +${Buffer.from(attachment)}`;
    seen.push(`${keyExpr.slice(9)} ${encoding} ${Buffer.from(payload).toString('latin1')}${attached}`);
  });
  const photo = Uint8Array.of(0xff, 0xd8, 0, 1);
  for (const finished of [
    await run(['put', 'test/put/stdin', '-'], photo),
    await run(['put', 'test/put/named', '-', '-e', 'image/jpeg', '-a', 'from stdin'], photo),
    await run(['put', 'test/put/schema', 'x', '-e', 'application/protobuf;pkg.Message']),
    await run(['put', 'test/put/number', '017']),
    await run(['put', 'test/put/exponent', '1e3', '-a', '7']),
    await run(['put', 'test/put/empty', '-'], ''),
    await run(['put', 'test/put/lines', '--lines'], 'one\r\n\n{"a": 1}\nlast'),
    await run(['put', 'test/put/cbor', '--lines', '--cbor'], '1\n"a"\n'),
  ]) {
    expect(finished).toEqual({ code: 0, stdout: '', stderr: '' });
  }
  // What follows -- is a value whatever it looks like; flags stand before it.
  const minus = await runBubbaloop(['put', 'test/put/minus', '--endpoint', router.endpoint, '--', '-5']);
  expect(minus).toMatchObject({ code: 0, stderr: '' });
  while (seen.length < 13) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(seen).toEqual([
    'stdin zenoh/bytes \u00ff\u00d8\u0000\u0001',
    'named image/jpeg \u00ff\u00d8\u0000\u0001 +from stdin',
    'schema application/protobuf;pkg.Message x',
    'number text/plain 017',
    'exponent application/json 1e3 +7',
    'empty text/plain ',
    'lines text/plain one',
    'lines text/plain ',
    'lines application/json {"a": 1}',
    'lines text/plain last',
    'cbor application/cbor \u0001',
    'cbor application/cbor aa',
    'minus application/json -5',
  ]);
  await subscriber.undeclare();
});

test('get: target, consolidation, time limit; an error of one beside the answer of another', async () => {
  const good = await robot.declareQueryable('test/get/good', (query) => query.reply(query.keyExpr, query.parameters));
  const bad = await robot.declareQueryable('test/get/bad', (query) => query.replyError('no \u001b[31mway'));
  const silent = await robot.declareQueryable('test/silent', () => new Promise(() => undefined));
  expect(await run(['get', 'test/get/good?a=1;b'])).toMatchObject({ code: 0, stdout: 'test/get/good  a=1;b\n' });
  expect(await run(['get', 'test/get/good', '-t', 'BEST_MATCHING', '--consolidation', 'latest'])).toMatchObject({
    code: 0,
  });
  const both = await run(['get', 'test/get/good', '--json']);
  expect(jsonLines(both.stdout)).toEqual([expect.objectContaining({ key: 'test/get/good', replier_zid: robot.zid })]);
  expect(await run(['get', 'test/get/bad'])).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^bubbaloop: no way( \(from \w+\))?\n$/),
  });
  const errors = await run(['get', 'test/get/bad', '--json']);
  expect(errors.code).toBe(1);
  expect(jsonLines(errors.stdout)).toEqual([expect.objectContaining({ error: 'no \u001b[31mway' })]);
  expect(await run(['get', 'test/silent', '--timeout', '0.3'])).toMatchObject({ code: 1, stdout: '' });
  for (const declaration of [good, bad, silent]) await declaration.undeclare();
});

test('the other end in Python: values, attachments, encodings, parameters, errors, tokens', async () => {
  const python = spawn(await pythonWithZenoh(), ['test/support/zenoh-other-end.py', router.endpoint], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(python);
  const told = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => JSON.parse(String((await told.next()).value));
  const { zid } = (await next()) as { zid: string };

  await run(['put', 'test/python/told/cbor', '[1]', '--cbor', '-a', 'hello']);
  expect(await next()).toEqual({
    key: 'test/python/told/cbor',
    kind: 'put',
    payload: '8101',
    encoding: 'application/cbor',
    attachment: 'hello',
  });
  await run(['delete', 'test/python/told/cbor']);
  expect(await next()).toMatchObject({ key: 'test/python/told/cbor', kind: 'delete' });

  const answer = await run(['get', 'test/python/ask?x=1', '-p', '{"a": 1}', '-a', 'mine', '--json']);
  expect(answer).toMatchObject({ code: 0, stderr: '' });
  expect(jsonLines(answer.stdout)).toEqual([
    expect.objectContaining({
      key: 'test/python/ask',
      encoding: 'application/json',
      replier_zid: zid,
      attachment_base64: Buffer.from('from python').toString('base64'),
      body: {
        parameters: 'x=1',
        payload: '{"a": 1}',
        encoding: 'application/json',
        attachment: 'mine',
        big: String(2n ** 62n),
      },
    }),
  ]);
  expect(await run(['get', 'test/python/ask?refuse'])).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('not that one'),
  });
  expect(await run(['get', 'test/python/**', '--liveliness'])).toEqual({
    code: 0,
    stdout: '+ test/python/alive\n',
    stderr: '',
  });
  expect(await run(['get', 'test/nobody', '--liveliness', '--json', '-o', '2'])).toMatchObject({ code: 1, stdout: '' });

  const sub = await startSub('test/python/says/*', '-n', '1');
  python.stdin.write(`${JSON.stringify({ key: 'test/python/says/x', payload: 'fffe', attachment: 'sign' })}\n`);
  expect(await sub.finished).toEqual({ code: 0, stdout: 'test/python/says/x  <ff fe>  +"sign"\n', stderr: '' });
});

test('over the WebSocket: the same', async () => {
  const seen: string[] = [];
  const subscriber = await robot.declareSubscriber('test/ws/*', ({ keyExpr, kind, encoding, payload, attachment }) => {
    seen.push(`${keyExpr} ${kind} ${encoding} ${Buffer.from(payload)} ${Buffer.from(attachment ?? [])}`.trimEnd());
  });
  const queryable = await robot.declareQueryable('test/ws/ask', (query) =>
    query.reply(query.keyExpr, query.payload ?? ''),
  );
  const over = (...words: readonly string[]) => runBubbaloop([...words, '--endpoint', router.wsUrl]);
  expect(await over('put', 'test/ws/a', 'x', '-e', 'application/protobuf;pkg.M', '-a', 'y')).toMatchObject({ code: 0 });
  expect(await over('delete', 'test/ws/a')).toMatchObject({ code: 0 });
  while (seen.length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(seen).toEqual(['test/ws/a put application/protobuf;pkg.M x y', expect.stringMatching(/^test\/ws\/a delete /)]);
  expect(await over('get', 'test/ws/ask', 'hello')).toEqual({ code: 0, stdout: 'test/ws/ask  hello\n', stderr: '' });
  for (const declaration of [subscriber, queryable]) await declaration.undeclare();
});

test('--raw is not for a terminal', async () => {
  const terminal = await Terminal.open();
  try {
    await terminal.run(`${bubbaloop} sub test/raw --raw --endpoint ${router.endpoint}; echo ended-$?`);
    expect(await terminal.until(/ended-\d/)).toMatch(/may upset a terminal[\s\S]*ended-2/);
  } finally {
    await terminal.close();
  }
});

test('a pipe: sub --raw into put --lines, through two keys', async () => {
  const seen: string[] = [];
  const subscriber = await robot.declareSubscriber('test/pipe/out', ({ payload }) =>
    seen.push(String(Buffer.from(payload))),
  );
  const sub = await startSub('test/pipe/in', '--raw', '-n', '3');
  const put = start(['put', 'test/pipe/out', '--lines', '--endpoint', router.endpoint]);
  if (sub.child.stdout === null || put.child.stdin === null) throw new Error('no pipes');
  sub.child.stdout.pipe(put.child.stdin);
  for (const line of ['a\n', 'b', 'c\n']) await robot.put('test/pipe/in', line, { congestion: 'block' });
  expect(await put.finished).toMatchObject({ code: 0, stderr: '' });
  while (seen.length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(seen).toEqual(['a', 'bc']);
  await subscriber.undeclare();
});

test('put --lines waits for a link that is lost, and loses no line', async () => {
  const own = await startRouter();
  const put = start(['put', 'test/patient', '--lines', '--endpoint', own.endpoint]);
  const seen: string[] = [];
  const listener = openSession(own.endpoint);
  await listener.connected({ timeoutMs: 20_000 });
  await listener.declareSubscriber('test/patient', ({ payload }) => seen.push(String(Buffer.from(payload))));
  let said = '';
  put.child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  put.child.stdin?.write('one\n');
  while (seen.length < 1) await new Promise((resolve) => setTimeout(resolve, 20));
  await own.kill();
  // Until it knows: what is sent before that is lost with the link.
  while (!said.includes('link lost')) {
    put.child.stdin?.write('lost\n');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  put.child.stdin?.end('last\n');
  await own.restartOnSamePorts();
  expect((await put.finished).code).toBe(0);
  expect(said).toMatch(/link lost.*\n(.*\n)*bubbaloop: link is back\n$/);
  await listener.close();
  await own.stop();
});

test('a reader that takes nothing for a while: the newest wait for it, the rest is left out and counted', async () => {
  const sub = spawn(bubbaloop, ['sub', 'test/flood', '--endpoint', router.endpoint], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(sub);
  let said = '';
  sub.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const publisher = await robot.declarePublisher('test/flood', { congestion: 'block' });
  while (!publisher.matching) await new Promise((resolve) => setTimeout(resolve, 20));
  const text = 'x'.repeat(1_000);
  const count = 30_000;
  for (let index = 0; index < count; index++) await publisher.put(`${index} ${text}`);
  let stdout = '';
  sub.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  while (!stdout.includes(`${count - 1} x`)) {
    await publisher.put(`${count - 1} ${text}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  sub.kill('SIGTERM');
  expect(await new Promise((resolve) => sub.once('close', resolve))).toBe(0);
  const leftOut = [...said.matchAll(/slow: (\d+) left out|(\d+) samples came faster/g)].map((match) =>
    Number(match[1] ?? match[2]),
  );
  const shown = stdout.trim().split('\n').length;
  const total = shown + leftOut.reduce((sum, each) => sum + each, 0);
  expect(shown).toBeLessThan(10_000);
  expect(total).toBeGreaterThanOrEqual(count);
});

test('a reader that never takes anything does not hold up the end', async () => {
  const sub = spawn(bubbaloop, ['sub', 'test/stuck', '--endpoint', router.endpoint], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(sub);
  const publisher = await robot.declarePublisher('test/stuck', { congestion: 'block' });
  while (!publisher.matching) await new Promise((resolve) => setTimeout(resolve, 20));
  for (let index = 0; index < 2_000; index++) await publisher.put('x'.repeat(1_000));
  sub.kill('SIGTERM');
  expect(await new Promise((resolve) => sub.once('exit', resolve))).toBe(0);
});

test('info: the session’s id, its router, and peers; as text and JSON, over zenoh and over the WebSocket', async () => {
  const peer = spawn(await pythonWithZenoh(), ['-c', PEER, router.endpoint], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(peer);
  const zid = String((await createInterface({ input: peer.stdout })[Symbol.asyncIterator]().next()).value);
  const text = await run(['info']);
  expect(text).toMatchObject({ code: 0, stderr: '' });
  expect(text.stdout).toMatch(/^zid {6}[0-9a-f]+ {2}\(native, tcp\//);
  expect(text.stdout).toContain(`router   ${router.zid}  test_router  1.10.2  `);
  expect(text.stdout).toContain(`peer     ${zid}\n`);
  for (const endpoint of [router.endpoint, router.wsUrl]) {
    const { stdout, code } = await runBubbaloop(['info', '--json', '--endpoint', endpoint]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      endpoint,
      zid: expect.stringMatching(/^[0-9a-f]+$/),
      routers: [{ zid: router.zid, is_own: true, name: 'test_router' }],
      peers: [zid],
    });
  }
});

const PEER = `
import sys, zenoh
config = zenoh.Config()
config.insert_json5("mode", '"peer"')
config.insert_json5("connect/endpoints", f'["{sys.argv[1]}"]')
config.insert_json5("scouting/multicast/enabled", "false")
with zenoh.open(config) as session:
    print(session.zid(), flush=True)
    sys.stdin.read()
`;

test('scout: who answers by multicast, once each; nobody is exit code 1', async () => {
  const scout = (...words: readonly string[]): Promise<Finished> =>
    runBubbaloop(['scout', '--address', `224.0.0.224:${scoutPort}`, '--interface', 'lo', ...words], {
      timeoutMs: 60_000,
    });
  const text = await scout('-o', '2.5');
  expect(text).toEqual({ code: 0, stdout: `router  ${router.zid}  ${router.endpoint}\n`, stderr: '' });
  const json = await scout('--json', '--what', 'router');
  expect(jsonLines(json.stdout)).toEqual([{ zid: router.zid, whatami: 'router', locators: [router.endpoint] }]);
  const nobody = await scout('--what', 'client', '-o', '0.5');
  expect(nobody).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('nobody answered') });
});

test.each<[readonly string[], RegExp]>([
  [['put', 'a//b', 'x'], /Not a key expression: "a\/\/b": empty chunks are forbidden.*\n {2}a\/\/b\n {4}\^\n$/],
  [['get', '/a?x'], /empty chunks are forbidden, as well as leading and trailing slashes\.\n {2}\/a\n {2}\^\n$/],
  [['sub', 'a/b*/c'], /`\*` may only be preceded by `\/` or `\$`.*\n {2}a\/b\*\/c\n {5}\^\n$/],
  [['sub', 'a/$x'], /`\$` is only allowed in `\$\*`\.\n {2}a\/\$x\n {4}\^\n$/],
  [['delete', 'a#b'], /`#` and `\?` are forbidden characters/],
  [['sub', 'a/\u001b[31m/'], /Not a key expression/],
  [['put', 'a', 'x', '-e', 'aplication/json'], /no encoding "aplication\/json"\.\n {2}Did you mean application\/json/],
  [['put', 'a', 'x', '-e', 'my own'], /no encoding "my own"\.\n {2}One of its own/],
  [['put', 'a'], /a key and a value/],
  [['put', 'a', 'x', '--lines'], /a key and a value/],
  [['put', 'a', '{', '--cbor'], /no JSON/],
  [['get', 'a', 'x', '-p', 'y'], /not both/],
  [['get', 'a', '--cbor'], /there is none/],
  [['get', 'a', '-t', 'some'], /--target is best-matching, all, all-complete, not "some"/],
  [['get', 'a', '--consolidation', 'some'], /--consolidation is auto/],
  [['get', 'a', '-o', '0'], /--timeout is seconds/],
  [['get', 'a', '--json', '--raw'], /do not go together/],
  [['get', 'a', '--liveliness', '--raw'], /without --raw/],
  [['sub', 'a', '--rate', '--raw'], /neither --rate nor --liveliness/],
  [['info', 'x'], /no operands/],
])('%j ends with 2 and says why', async (words, message) => {
  const finished = await run(words);
  expect(finished).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) });
  expect(finished.stderr).not.toContain('\u001b');
});

test('an endpoint with quotes in it, scouting where it cannot be', async () => {
  for (const words of [['sub', 'a'], ['get', 'a'], ['put', 'a', 'x'], ['info']]) {
    const quoted = await runBubbaloop([...words, '--endpoint', 'tcp/"127.0.0.1":7447']);
    expect(quoted).toMatchObject({ code: 2, stderr: expect.stringContaining('it has quotes') });
  }
  expect(await runBubbaloop(['scout', '--address', '"x"'])).toMatchObject({ code: 2 });
  expect(await runBubbaloop(['scout', '--what', 'robot'])).toMatchObject({ code: 2 });
  expect(await runBubbaloop(['scout', '--interface', 'none0', '-o', '0.2'])).toMatchObject({ code: 1, stdout: '' });
});
