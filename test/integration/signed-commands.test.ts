import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeFleetKey } from '../../source/daemon/fleet-key-file.ts';
import { CBOR_ENCODING, type Encodable } from '../../source/wire/cbor.ts';
import { decodeCbor } from '../../source/wire/cbor-decode.ts';
import { encodeCbor } from '../../source/wire/cbor-encode.ts';
import {
  type CommandResult,
  decodeCommandResult,
  encodeNodeCommand,
  type NodeCommand,
} from '../../source/wire/command.ts';
import { type DaemonEvent, decodeDaemonEvent, encodeDaemonCommand } from '../../source/wire/daemon-command.ts';
import { isMap } from '../../source/wire/fields.ts';
import { FleetKey } from '../../source/wire/fleet-key.ts';
import { daemonKey } from '../../source/wire/keys.ts';
import { encodeSignedCommand } from '../../source/wire/signature.ts';
import { endProcess, runBubbaloop } from '../support/command-line.ts';
import { DaemonRig, killDaemon } from '../support/daemon-rig.ts';
import { seededRandom } from '../support/seeded-random.ts';

const MACHINE = 'signed_1';
const signer = { key: FleetKey.generate(), sender: 'test@console' };
let rig: DaemonRig;

beforeEach(async () => {
  rig = await DaemonRig.start(MACHINE, { shm: false });
  await rig.addNode('tick', 'sleep 1000');
  writeFleetKey(join(rig.home, 'fleet-key'), signer.key, { overwrite: false });
});
afterEach(() => rig.end());

/** Every answer to one payload. */
async function ask(payload: Uint8Array): Promise<CommandResult[]> {
  const results: CommandResult[] = [];
  const replies = rig.session.get(daemonKey(MACHINE, 'command'), {
    target: 'all',
    consolidation: 'none',
    payload,
    encoding: CBOR_ENCODING,
    timeoutMs: 30_000,
  });
  for await (const reply of replies) {
    if (!reply.ok) throw new Error(reply.message);
    const result = decodeCommandResult(reply.sample.payload);
    if (!result.ok) throw new Error(result.reason);
    results.push(result.value);
  }
  return results;
}

const command = (more: Partial<NodeCommand> = {}): NodeCommand => ({
  command: 'start',
  nodeName: 'tick',
  requestId: 'r',
  targetMachine: MACHINE,
  timestampMs: Date.now(),
  ...more,
});

const audit = (): Record<string, unknown>[] =>
  readFileSync(join(rig.home, 'audit.log'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

test('of 1,000 replayed, altered, stale and foreign commands none is executed, and each is answered once', async () => {
  const { child: daemon } = await rig.startDaemon();
  // The one that counts: it starts the node. Its copies would be told from it by nothing but the guard.
  const original = encodeSignedCommand(command({ command: 'start' }), signer);
  expect(await ask(original)).toMatchObject([{ success: true, message: expect.stringContaining('Started tick') }]);
  const before = await rig.node('tick');
  expect(before).toMatchObject({ status: 'running' });

  const random = seededRandom(4);
  const stop = (more: Partial<NodeCommand> = {}) => command({ command: random.pick(['stop', 'restart']), ...more });
  const altered = (): Uint8Array => {
    const item = decodeCbor(encodeSignedCommand(command({ command: 'get_logs' }), signer));
    if (!item.ok || !isMap(item.value)) throw new Error('no map');
    const change = random.pick<Record<string, Encodable>>([
      { command: 'stop' },
      { command: 'restart', request_id: 'other' },
      { command: 'stop', timestamp_ms: Date.now() + 5 },
      { command: 'stop', nonce: random.bytes(16) },
      { command: 'stop', hmac: random.bytes(32) },
      { command: 'stop', lines: 5 },
      { command: 'stop', hmac: undefined },
    ]);
    return encodeCbor({ ...item.value, ...change });
  };
  const elsewhere = FleetKey.generate();
  const kinds: readonly [string, () => Uint8Array][] = [
    ['replayed', () => original],
    ['altered', altered],
    ['stale', () => encodeSignedCommand(stop({ timestampMs: Date.now() - 31_000 - random.below(1e9) }), signer)],
    [
      'from the future',
      () => encodeSignedCommand(stop({ timestampMs: Date.now() + 60_000 + random.below(1e9) }), signer),
    ],
    ['for another machine', () => encodeSignedCommand(stop({ targetMachine: 'other' }), signer)],
    ['for no machine', () => encodeSignedCommand(stop({ targetMachine: '' }), signer)],
    ['of another key', () => encodeSignedCommand(stop(), { key: elsewhere, sender: 'mallory@away' })],
    ['unsigned', () => encodeNodeCommand(stop())],
  ];
  const payloads = Array.from({ length: 1_000 }, (_, index) => kinds[index % kinds.length]?.[1]() ?? original);
  // Some at a time: as a stranger would, not as one polite client.
  const answers: CommandResult[][] = [];
  for (let at = 0; at < payloads.length; at += 50) {
    answers.push(...(await Promise.all(payloads.slice(at, at + 50).map(ask))));
  }
  expect(answers).toHaveLength(1_000);
  for (const [index, results] of answers.entries()) {
    expect(results, kinds[index % kinds.length]?.[0]).toMatchObject([
      { success: false, message: expect.stringMatching(/\.$/), refusal: expect.any(String) },
    ]);
  }
  const refusals = new Set(answers.map(([result]) => result?.refusal));
  expect([...refusals].sort()).toEqual(['altered', 'other-key', 'other-machine', 'replayed', 'stale', 'unsigned']);
  expect(await rig.node('tick')).toMatchObject({
    pid: before?.pid,
    startedAtMs: before?.startedAtMs,
    status: 'running',
  });

  // The daemon is as willing as before, and all of it is on record.
  expect(await ask(encodeSignedCommand(command({ command: 'stop' }), signer))).toMatchObject([{ success: true }]);
  await endProcess(daemon);
  expect(statSync(join(rig.home, 'audit.log')).mode & 0o777).toBe(0o600);
  const lines = audit();
  expect(lines.filter(({ event }) => event === 'refused')).toHaveLength(1_000);
  expect(lines.filter(({ event }) => event !== 'refused')).toMatchObject([
    {
      event: 'accepted',
      command: 'start',
      node: 'tick',
      signed: true,
      sender: 'test@console',
      key_id: signer.key.fingerprint,
    },
    { event: 'done', command: 'start', message: expect.stringContaining('Started tick') },
    { event: 'accepted', command: 'stop' },
    { event: 'done', command: 'stop' },
  ]);
});

test('a command counts once over kill -9 of the daemon, too', async () => {
  const { child: daemon } = await rig.startDaemon();
  const payload = encodeSignedCommand(command({ command: 'stop' }), signer);
  expect(await ask(payload)).toMatchObject([{ success: true }]);
  await killDaemon(daemon);
  await rig.startDaemon();
  expect(await ask(payload)).toMatchObject([{ success: false, refusal: 'stale' }]);
  expect(await ask(encodeSignedCommand(command(), signer))).toMatchObject([{ success: true }]);
});

test('who has the key commands as before; who has none is told which command brings it', async () => {
  await rig.startDaemon();
  expect(await rig.act('tick', 'start', { signer })).toMatchObject({ ok: true });
  expect(await rig.act('tick', 'stop')).toEqual({
    ok: false,
    message: `${MACHINE} takes signed commands only, and this machine has no fleet key: bubbaloop key import.`,
    output: '',
  });
  const words = ['node', 'restart', 'tick', '--machine', MACHINE];
  expect(await rig.run(...words)).toMatchObject({ code: 0 });
  const away = join(rig.folder, 'away');
  expect(await runBubbaloop(words, { env: rig.environment(away) })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('bubbaloop key import'),
  });
  // Without a router, on the machine itself: whoever reaches the socket can read the key.
  expect(await rig.run('node', 'stop', 'tick')).toMatchObject({ code: 0 });
});

test('the older way is closed with a key, its token or not, but for what everybody may ask', async () => {
  const put = async (request: Parameters<typeof encodeDaemonCommand>[0]): Promise<DaemonEvent[]> => {
    const events: DaemonEvent[] = [];
    const done = Promise.withResolvers<void>();
    const subscriber = await rig.session.declareSubscriber(daemonKey(MACHINE, 'events'), (sample) => {
      const event = decodeDaemonEvent(sample.payload);
      if (event.ok && event.value.id === request.id) events.push(event.value);
      if (events.at(-1)?.type === 'done') done.resolve();
    });
    await rig.session.put(daemonKey(MACHINE, 'command'), encodeDaemonCommand(request), { encoding: CBOR_ENCODING });
    await done.promise;
    await subscriber.undeclare();
    return events;
  };
  const { child: daemon } = await rig.startDaemon();
  const authToken = readFileSync(join(rig.home, 'mcp-token'), 'utf8').trim();
  const start = { kind: 'start_node', name: 'tick' } as const;
  expect(await put({ id: '1', command: start, authToken })).toMatchObject([
    { type: 'error', text: expect.stringContaining('signed ones only') },
    { type: 'done' },
  ]);
  expect(await put({ id: '2', command: { kind: 'shutdown' }, authToken })).toMatchObject([{ type: 'error' }, {}]);
  expect(await put({ id: '3', command: { kind: 'list_nodes' }, authToken })).toMatchObject([{ type: 'result' }, {}]);
  expect(await rig.node('tick')).toMatchObject({ status: 'stopped' });
  await endProcess(daemon);

  await rig.startDaemon(['--allow-unsigned']);
  expect(await put({ id: '4', command: start, authToken: 'bb_wrong' })).toMatchObject([{ type: 'error' }, {}]);
  expect(await put({ id: '5', command: start, authToken })).toMatchObject([{ type: 'result' }, { type: 'done' }]);
  expect(await ask(encodeNodeCommand(command({ command: 'stop' })))).toMatchObject([{ success: true }]);
  const other = { key: FleetKey.generate(), sender: 'x' };
  expect(await ask(encodeSignedCommand(command(), other))).toMatchObject([{ refusal: 'other-key' }]);
});
