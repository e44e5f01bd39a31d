import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { AnyNodeDefinition } from '../../../source/nodes/sdk/define.ts';
import { defineNode, numberBetween, startDefinedNode, topic, v } from '../../../source/nodes/sdk/index.ts';
import { decodeCbor } from '../../../source/wire/cbor-decode.ts';
import { encodeCbor } from '../../../source/wire/cbor-encode.ts';
import { decodeEnvelope, type Envelope, encodeEnvelope } from '../../../source/wire/envelope.ts';
import { decodeNodeManifest, type NodeManifest } from '../../../source/wire/manifest.ts';
import type { Session } from '../../../source/zenoh/session.ts';
import { FakeNetwork } from '../../support/fake-session.ts';

const network = new FakeNetwork();
let folder: string;
const open: { close(): Promise<void> }[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-sdk-'));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((item) => item.close()));
  rmSync(folder, { recursive: true });
  expect(network.declarations()).toEqual([]);
});

const until = async (isDone: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await isDone())) await sleep(5);
};

async function connect(): Promise<Session> {
  const session = await network.connect();
  open.push(session);
  return session;
}

async function start(definition: AnyNodeDefinition, options: { config?: string; heartbeatMs?: number } = {}) {
  const said: string[] = [];
  const configFile = options.config === undefined ? undefined : join(folder, 'config.yaml');
  if (configFile !== undefined) writeFileSync(configFile, options.config ?? '');
  const session = await network.connect();
  const node = await startDefinedNode(definition, {
    session,
    machineId: 'm',
    name: 'n',
    configFile,
    heartbeatMs: options.heartbeatMs,
    say: (message) => said.push(message),
  }).catch(async (error: unknown) => {
    await session.close();
    throw error;
  });
  open.push(node);
  return { node, said };
}

async function listen(key: string): Promise<Envelope[]> {
  const envelopes: Envelope[] = [];
  const session = await connect();
  await session.declareSubscriber(key, ({ payload }) => {
    const envelope = decodeEnvelope(payload);
    if (envelope.ok) envelopes.push(envelope.value);
  });
  return envelopes;
}

async function ask(key: string, payload?: Uint8Array | string): Promise<Uint8Array | undefined> {
  const session = await connect();
  for await (const reply of session.get(key, { payload })) if (reply.ok) return Uint8Array.from(reply.sample.payload);
  return undefined;
}

async function manifest(): Promise<NodeManifest> {
  const decoded = decodeNodeManifest((await ask('bubbaloop/global/m/n/manifest')) ?? new Uint8Array(0));
  if (!decoded.ok) throw new Error(decoded.reason);
  return decoded.value;
}

it('publishes CBOR and JSON in the envelope, 64-bit integers exact, sequences that count', async () => {
  const cbor = await listen('bubbaloop/global/m/n/fine');
  const json = await listen('bubbaloop/global/m/weather/coarse');
  const definition = defineNode({
    kind: 'sensor',
    config: { rate_hz: v.optional(numberBetween(1, 1_000), 200) },
    outputs: {
      fine: { topic: 'fine' },
      coarse: { topic: 'weather/coarse', under: 'machine', encoding: 'json', schemaUri: 'mine://x' },
    },
    run({ config, outputs, every }) {
      every(1_000 / config.rate_hz, async () => {
        await outputs.fine.put({ big: 2n ** 63n + 1n, bytes: Uint8Array.of(1, 2) });
        await outputs.coarse.put({ big: 2n ** 63n + 1n, bytes: Uint8Array.of(1, 2) });
      });
    },
  });
  const beforeNs = BigInt(Date.now()) * 1_000_000n;
  await start(definition);
  await until(() => cbor.length >= 3 && json.length >= 3);
  const [first, second] = cbor;
  expect(first?.header).toMatchObject({
    schemaUri: 'bubbaloop://sensor/fine/v1',
    sourceInstance: 'n',
    monotonicSeq: 1n,
  });
  expect(second?.header.monotonicSeq).toBe(2n);
  expect(second?.header.tsNs).toBeGreaterThan(first?.header.tsNs ?? 0n);
  expect(Number((first?.header.tsNs ?? 0n) - beforeNs) / 1e9).toBeLessThan(60);
  expect((first?.header.tsNs ?? 0n) - beforeNs).toBeGreaterThan(-5_000_000n);
  expect(first?.body).toEqual({ big: 2n ** 63n + 1n, bytes: Uint8Array.of(1, 2) });
  expect(json[0]).toMatchObject({
    header: { schemaUri: 'mine://x', monotonicSeq: 1n },
    body: { big: 2n ** 63n + 1n, bytes: 'AQI=' },
  });
});

it('writes the same bytes as the codec', async () => {
  const { cborEnvelopeWriter } = await import('../../../source/nodes/sdk/envelope-writer.ts');
  const writer = cborEnvelopeWriter({ schemaUri: 'uri', sourceInstance: 'ñ' });
  for (const sequence of [0, 23, 24, 255, 256, 65_536, 2 ** 32, 2 ** 53 - 1]) {
    const header = {
      schemaUri: 'uri',
      sourceInstance: 'ñ',
      monotonicSeq: BigInt(sequence),
      tsNs: 1_700_000_000_123_456_789n,
    };
    expect(Buffer.from(writer.write(sequence, header.tsNs, { a: [1.5] }))).toEqual(
      Buffer.from(encodeEnvelope(header, { a: [1.5] })),
    );
  }
});

it('says in the manifest that a topic flows only when it flowed, and within the heartbeat that it stopped', async () => {
  let isOn = false;
  const definition = defineNode({
    kind: 'sensor',
    outputs: { reading: { topic: 'reading' }, slow: { topic: 'slow', periodMs: 60_000 } },
    inputs: { pose: { topic: 'arm/pose' } },
    run({ outputs, every }) {
      every(10, () => (isOn ? outputs.reading.put(1) : undefined));
      void outputs.slow.put(1);
    },
  });
  await start(definition, { heartbeatMs: 150 });
  const [reading, slow] = (await manifest()).outputs;
  expect(reading).toMatchObject({ topic: 'n/reading', everFired: false, stillLive: false, firedCount: 0n });
  expect(slow).toMatchObject({ everFired: true, stillLive: true });
  isOn = true;
  await until(async () => (await manifest()).outputs[0]?.stillLive === true);
  isOn = false;
  await until(async () => (await manifest()).outputs[0]?.stillLive === false);
  await sleep(100);
  expect(await manifest()).toMatchObject({
    role: 'processor',
    outputs: [{ everFired: true, stillLive: false }, { stillLive: true }],
    inputs: [{ topic: 'arm/pose', everFired: false }],
  });
  // Without a link nothing flows.
  isOn = true;
  network.cut();
  await sleep(300);
  isOn = false;
  network.restore();
  await until(async () => (await ask('bubbaloop/global/m/n/manifest')) !== undefined);
  expect((await manifest()).outputs[0]).toMatchObject({ everFired: true, stillLive: false });
});

it('takes messages in, with and without an envelope, and says once what cannot be read or handled', async () => {
  const bodies: unknown[] = [];
  const definition = defineNode({
    kind: 'listener',
    inputs: { pose: { topic: 'arm/*', machine: '*' } },
    run({ inputs }) {
      inputs.pose.on(async (message) => {
        bodies.push(message.body);
        if (message.body === 'bad') throw new Error('no such pose');
      });
    },
  });
  const { said } = await start(definition);
  const robot = await connect();
  const key = 'bubbaloop/global/other/arm/pose';
  const header = { schemaUri: '', sourceInstance: 'x', monotonicSeq: 1n, tsNs: 1n };
  await robot.put(key, encodeEnvelope(header, { x: 1 }));
  await robot.put(key, '{"x": 9007199254740993}');
  for (let count = 0; count < 3; count += 1) await robot.put(key, Uint8Array.of(0xff));
  await robot.put(key, encodeCbor('bad'));
  await robot.put(key, encodeCbor('bad'));
  await until(() => bodies.length === 4);
  expect(bodies).toEqual([{ x: 1 }, { x: 9007199254740993n }, 'bad', 'bad']);
  await until(() => said.length === 2);
  expect(said).toEqual([expect.stringContaining(`${key} is no CBOR`), 'input pose: no such pose']);
  await robot.put(key, encodeCbor('good'));
  await until(() => said.length === 3);
  expect(said[2]).toMatch(/^input pose: well again after \d+ s, 5 failures$/);
  expect((await manifest()).inputs).toMatchObject([{ topic: 'arm/*', everFired: true, firedCount: 8n }]);
});

it('sends raw bytes through shared memory and takes them back', async () => {
  const definition = defineNode({
    kind: 'camera',
    outputs: { raw: { topic: 'raw', encoding: 'raw', maxBytes: 4_096, buffers: 2 } },
    inputs: { raw: { topic: 'n/raw', scope: 'local', form: 'raw' } },
    run({ inputs, outputs, every }) {
      inputs.raw.on((frame) => void frames.push(frame.payload[0] ?? -1));
      every(5, async () => {
        const buffer = outputs.raw.alloc(1_000);
        if (buffer === undefined) return;
        buffer.data.fill(7);
        await outputs.raw.put(buffer);
      });
      expect(() => outputs.raw.alloc(5_000)).toThrow('maxBytes');
    },
  });
  const frames: number[] = [];
  await start(definition);
  await until(() => frames.length >= 10);
  expect(new Set(frames)).toEqual(new Set([7]));
  expect((await manifest()).outputs).toMatchObject([{ topic: 'n/raw', everFired: true, stillLive: true }]);
});

it('answers for its configuration, secrets hidden, and for its newest message', async () => {
  const definition = defineNode({
    kind: 'camera',
    config: { url: v.string(), token: v.string(), rate_hz: v.optional(v.number(), 5) },
    secrets: ['token'],
    outputs: { state: { topic: 'state', keepLast: true } },
    run: ({ outputs }) => void setTimeout(() => void outputs.state.put({ on: true }), 50),
  });
  await start(definition, { config: 'url: rtsp://me:secret@cam/1\ntoken: t0k3n\n' });
  const answer = decodeCbor((await ask('bubbaloop/global/m/n/config')) ?? new Uint8Array(0));
  expect(answer).toEqual({
    ok: true,
    value: { node_kind: 'camera', config: { url: 'rtsp://me:***@cam/1', token: '***', rate_hz: 5 } },
  });
  await until(async () => (await ask('bubbaloop/global/m/n/state')) !== undefined);
  const last = decodeEnvelope((await ask('bubbaloop/global/m/n/state')) ?? new Uint8Array(0));
  expect(last).toMatchObject({ ok: true, value: { header: { monotonicSeq: 1n }, body: { on: true } } });
});

it('answers every command, in the form it came in', async () => {
  const definition = defineNode({
    kind: 'arm',
    run({ onCommand }) {
      onCommand('move', { degrees: numberBetween(-90, 90) }, ({ degrees }) => ({ at: degrees, seen: 2n ** 60n }));
      onCommand('break', {}, () => {
        throw new Error('it broke');
      });
    },
  });
  await start(definition);
  const send = async (request: Parameters<typeof encodeCbor>[0]) => {
    const answer = decodeCbor((await ask('bubbaloop/global/*/n/command', encodeCbor(request))) ?? new Uint8Array(0));
    return answer.ok ? answer.value : answer.reason;
  };
  expect(await send({ command: 'move', params: { degrees: 30 }, request_id: 'r1' })).toEqual({
    request_id: 'r1',
    success: true,
    message: '',
    result: { at: 30, seen: 2n ** 60n },
    responding_machine: 'm',
  });
  expect(await send({ command: 'move', params: { degrees: 'up', speed: 1 } })).toMatchObject({
    success: false,
    message: 'degrees: must be a number, not "up"; speed: there is no such field',
  });
  expect(await send({ command: 'break' })).toMatchObject({ success: false, message: 'it broke' });
  expect(await send({ command: 'fly' })).toMatchObject({
    success: false,
    message: 'n has no command "fly"; it has: move, break',
  });
  expect(await send([1])).toMatchObject({ success: false, message: expect.stringContaining('a command is a map') });
  expect(await ask('bubbaloop/global/*/n/command', Uint8Array.of(0xff))).toBeDefined();
  const json = await ask('bubbaloop/global/m/n/command', '{"command":"move","params":{"degrees":5}}');
  expect(Buffer.from(json ?? []).toString()).toContain(
    `"success":true,"message":"","result":{"at":5,"seen":${2n ** 60n}}`,
  );
});

it('an unhealthy node does not beat', async () => {
  let beats = 0;
  const screen = await connect();
  await screen.declareSubscriber('bubbaloop/global/m/n/health', () => {
    beats += 1;
  });
  let heal: (isHealthy: boolean) => void = () => undefined;
  await start(
    defineNode({
      kind: 'k',
      run: ({ setHealthy }) => {
        heal = setHealthy;
      },
    }),
    { heartbeatMs: 20 },
  );
  await until(() => beats > 2);
  heal(false);
  await sleep(50);
  const before = beats;
  await sleep(100);
  expect(beats).toBe(before);
  heal(true);
  await until(() => beats > before);
});

it('work that fails is said once, and the beat goes on', async () => {
  let count = 0;
  const { said } = await start(
    defineNode({
      kind: 'k',
      run({ every }) {
        every(5, () => {
          count += 1;
          if (count < 10) throw new Error('cable\u001b[31m loose');
        });
      },
    }),
  );
  await until(() => said.length === 2);
  expect(said).toEqual(['every 5 ms: cable loose', expect.stringMatching(/well again after 0 s, 9 failures$/)]);
});

it('takes everything back at its end, what run returned first', async () => {
  const order: string[] = [];
  const { node } = await start(
    defineNode({
      kind: 'k',
      outputs: { a: { topic: 'a', keepLast: true } },
      run({ signal }) {
        signal.addEventListener('abort', () => order.push('aborted'));
        return () => void order.push(network.declarations().length > 0 ? 'still there' : 'gone');
      },
    }),
  );
  await node.close();
  expect(order).toEqual(['aborted', 'still there']);
  expect(network.declarations()).toEqual([]);
});

it('a run that goes on until the end is started, ended and cleaned up after; what it throws is told', async () => {
  const order: string[] = [];
  const { node } = await start(
    defineNode({
      kind: 'k',
      async run({ signal }) {
        while (!signal.aborted) await sleep(5);
        order.push('left its loop');
        return () => void order.push('cleaned up');
      },
    }),
  );
  await node.close();
  expect(order).toEqual(['left its loop', 'cleaned up']);

  const broken = await start(
    defineNode({
      kind: 'k',
      async run() {
        await sleep(20);
        throw new Error('the bus is gone');
      },
    }),
  );
  await expect(broken.node.failed).rejects.toThrow('the bus is gone');
  const atOnce = defineNode({ kind: 'k', run: () => Promise.reject(new Error('no such device')) });
  await expect(start(atOnce)).rejects.toThrow('no such device');
});

it.each([
  ['rate_hz: fast', /config\.yaml:1:10: rate_hz: must be a number, not "fast"/],
  ['rate_hz: 0', /config\.yaml:1:10: rate_hz: must be at least 1, not 0/],
  ['rate_hz: 5\nspeeed: 3', /config\.yaml:2:1: speeed: there is no such field/],
  ['publish: health', /config\.yaml:1:10: publish: "health" is reserved, not "health"/],
  ['publish: a b', /config\.yaml:1:10: publish: a topic is 1 to 200 letters.* not "a b"/],
  ['rate_hz: [', /config\.yaml:1:\d+: /],
  ['- 1', /config\.yaml: must be a map of fields/],
])('refuses the configuration %j before anything starts', async (config, message) => {
  const definition = defineNode({
    kind: 'k',
    config: { rate_hz: v.optional(numberBetween(1, 10), 1), publish: v.optional(topic(), 'x') },
    outputs: ({ publish }) => ({ x: { topic: publish } }),
    run: () => expect.unreachable(),
  });
  await expect(start(definition, { config })).rejects.toThrow(message);
});

it('refuses a missing file, a missing field and topics that cannot be', async () => {
  const session = await connect();
  const startWith = (definition: AnyNodeDefinition, configFile?: string) =>
    startDefinedNode(definition, { session, machineId: 'm', name: 'n', configFile });
  const needy = defineNode({ kind: 'k', config: { url: v.string() }, run: () => expect.unreachable() });
  await expect(startWith(needy, join(folder, 'no.yaml'))).rejects.toThrow(/no\.yaml: the file does not exist/);
  await expect(startWith(needy)).rejects.toThrow(/the configuration: url: is missing/);
  const outputs = {
    a: { topic: 'daemon/x', under: 'machine' },
    b: { topic: 'é' },
    c: { topic: 'x' },
    d: { topic: 'x' },
  } as const;
  const bad = defineNode({ kind: 'k', outputs, inputs: { e: { topic: 'w//x' } }, run: () => expect.unreachable() });
  const refusal = await startWith(bad).catch((error: Error) => error.message);
  expect(refusal).toContain('outputs.a.topic: "daemon" is reserved, not "daemon/x"');
  expect(refusal).toContain('outputs.b.topic: a topic is 1 to 200 letters');
  expect(refusal).toContain('outputs.d.topic: x is that of outputs.c, too');
  expect(refusal).toContain('inputs.e.topic: a topic neither begins');
  expect(network.declarations()).toEqual([]);
});
