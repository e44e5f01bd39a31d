import { describe, expect, it } from 'vitest';
import {
  decodeCompressedFrame,
  decodeRawFrame,
  encodeCompressedFrame,
  rawFramePrefix,
} from '../../source/wire/camera.ts';
import { encodeCbor } from '../../source/wire/cbor-encode.ts';
import {
  decodeCommandResult,
  decodeNodeCommand,
  encodeCommandResult,
  encodeNodeCommand,
} from '../../source/wire/command.ts';
import {
  type DaemonRequest,
  decodeDaemonCommand,
  decodeDaemonEvent,
  encodeDaemonCommand,
  encodeDaemonEvent,
} from '../../source/wire/daemon-command.ts';
import type { Decoded } from '../../source/wire/decoded.ts';
import { decodeEnvelope, encodeEnvelope } from '../../source/wire/envelope.ts';
import {
  decodeDaemonManifest,
  decodeNodeManifest,
  encodeDaemonManifest,
  encodeNodeManifest,
} from '../../source/wire/manifest.ts';
import { decodeNodeList, encodeNodeList, type NodeState } from '../../source/wire/node-state.ts';
import { decodeShmLedger, encodeShmLedger } from '../../source/wire/shm-ledger.ts';
import { readTelemetry } from '../../source/wire/telemetry.ts';

const node: NodeState = {
  name: 'front_door',
  path: '/nodes/front_door',
  status: 'running',
  installed: true,
  autostartEnabled: false,
  version: '1.2.3',
  description: 'camera',
  nodeType: 'node',
  isBuilt: true,
  lastUpdatedMs: 1_790_000_000_000,
  buildOutput: ['ok'],
  health: 'healthy',
  lastHealthCheckMs: 1_790_000_000_001,
  machineId: 'jetson_1',
  machineHostname: 'jetson-1',
  machineIps: ['10.0.0.1'],
  baseNode: '',
  configPath: '',
  config: '',
  pid: 42,
  startedAtMs: 1_789_999_999_999,
  restartCount: 2,
  lastExit: 'exit 1',
  lastLogLines: ['no such device'],
  onZenoh: true,
  outputs: 'quiet',
  outputRateHz: 14.9,
};
const list = { nodes: [node], timestampMs: 1_790_000_000_002, machineId: 'jetson_1' };
const command = { command: 'start', nodeName: 'n', requestId: 'r', targetMachine: 'm', timestampMs: 1_790_000_000_000 };
const result = { requestId: 'r', success: true, message: 'ok', output: '', respondingMachine: 'm', timestampMs: 7 };
const manifest = { version: '0.1.0', machineId: 'm', uptimeSecs: 3, nodeCount: 1, agentCount: 0, mcpPort: 0 };
const nodeManifest = {
  instanceName: 'n',
  machineId: 'm',
  role: 'source',
  inputs: [],
  outputs: [
    {
      topic: 'raw',
      everFired: true,
      stillLive: true,
      declaredAtNs: 1_790_000_000_123_456_789n,
      firedCount: 7n,
      wanted: true,
    },
  ],
  schemaVersion: 2,
  startedAtNs: 1_790_000_000_123_456_789n,
  nodeKind: 'camera',
} as const;
const header = { schemaUri: 's', sourceInstance: 'n', monotonicSeq: 2n ** 63n, tsNs: 1_790_000_000_123_456_789n };
const cameraHeader = {
  acqTimeNs: 1_790_000_000_123_456_789n,
  pubTimeNs: 2n,
  sequence: 9,
  frameId: 'f',
  machineId: 'm',
};
const ledger = {
  machineId: 'm',
  timestampMs: 5,
  totalBytes: 12_000_000_000,
  freeBytes: 11_000_000_000,
  usedBytes: 9_000_000,
  lockedBytes: 8_000_000,
  segments: [
    {
      name: '1.zenoh',
      sizeBytes: 8,
      owner: { pid: 4, name: 'cam' },
      readers: [{ pid: 5, name: 'top' }],
      orphan: false,
    },
    { name: '2.zenoh', sizeBytes: 8, owner: undefined, readers: [], orphan: true },
  ],
  growth: [
    {
      node: 'cam',
      runs: 3,
      liveBytes: 8,
      firstRunPeakBytes: 8,
      lastRunPeakBytes: 16,
      leftSegments: 1,
      leftBytes: 8,
    },
  ],
};
const rawFrame = (width: number, height: number) => {
  const pixels = new Uint8Array(width * height * 4).fill(9);
  const prefix = rawFramePrefix(
    { header: cameraHeader, width, height, encoding: 'rgba8', step: width * 4 },
    pixels.length,
  );
  return Buffer.concat([prefix, pixels]);
};

const decoders: readonly [string, Uint8Array, (bytes: Uint8Array) => Decoded<unknown>, unknown][] = [
  ['node list', encodeNodeList(list), decodeNodeList, { ...list, invalid: [] }],
  ['node command', encodeNodeCommand(command), decodeNodeCommand, command],
  ['command result', encodeCommandResult(result), decodeCommandResult, result],
  [
    'daemon event',
    encodeDaemonEvent({ id: 'a', type: 'done', text: undefined }),
    decodeDaemonEvent,
    { id: 'a', type: 'done' },
  ],
  ['daemon manifest', encodeDaemonManifest(manifest), decodeDaemonManifest, manifest],
  [
    'daemon manifest with its key',
    encodeDaemonManifest({ ...manifest, fleetKey: 'none' }),
    decodeDaemonManifest,
    { ...manifest, fleetKey: 'none' },
  ],
  ['node manifest', encodeNodeManifest(nodeManifest), decodeNodeManifest, nodeManifest],
  ['envelope', encodeEnvelope(header, { a: 1 }), decodeEnvelope, { header, body: { a: 1 } }],
  ['shm ledger', encodeShmLedger(ledger), decodeShmLedger, ledger],
  [
    'compressed frame',
    encodeCompressedFrame({ header: cameraHeader, format: 'h264', data: new Uint8Array([0, 0, 0, 1]) }),
    decodeCompressedFrame,
    { header: cameraHeader, format: 'h264', data: new Uint8Array([0, 0, 0, 1]) },
  ],
  [
    'raw frame',
    rawFrame(2, 2),
    decodeRawFrame,
    { header: cameraHeader, width: 2, height: 2, encoding: 'rgba8', step: 8, data: new Uint8Array(16).fill(9) },
  ],
  [
    'daemon command',
    encodeDaemonCommand({ id: 'a', command: { kind: 'start_node', name: 'n' }, authToken: 'bb_' }),
    decodeDaemonCommand,
    { id: 'a', command: { kind: 'start_node', name: 'n' }, authToken: 'bb_' },
  ],
];

describe.each(decoders)('%s', (_label, bytes, decode, value) => {
  it('is read back as it was written', () => {
    expect(decode(bytes)).toEqual({ ok: true, value });
  });

  it('takes any truncation and any corrupt byte without throwing', () => {
    for (let length = 0; length < bytes.length; length += 1) {
      expect(decode(bytes.subarray(0, length))).toMatchObject({ ok: false });
    }
    for (let index = 0; index < bytes.length; index += 1) {
      const original = bytes[index] ?? 0;
      for (const changed of [original ^ 1, original ^ 0x80, 0x00, 0xff, 0x5f, 0x9f, 0xbf, 0x1b, 0xfb, 0xf6]) {
        const copy = Uint8Array.from(bytes);
        copy[index] = changed;
        const outcome = decode(copy);
        if (!outcome.ok) expect(outcome.reason).not.toBe('');
      }
    }
  });
});

describe('tolerance', () => {
  it('keeps numbers of a newer daemon as values', () => {
    const decoded = decodeNodeList(encodeCbor({ nodes: [{ name: 'n', status: 9, health_status: 7 }] }));
    const first = decoded.ok ? decoded.value.nodes[0] : undefined;
    expect(first).toMatchObject({ status: 'status-9', health: 'health-7', pid: undefined, lastLogLines: [] });
    if (first === undefined) return;
    const again = decodeNodeList(encodeNodeList({ ...list, nodes: [first] }));
    expect(again).toMatchObject({ value: { nodes: [{ status: 'status-9', health: 'health-7' }] } });
  });

  it('leaves out only the bad entries of a list', () => {
    const decoded = decodeNodeList(encodeCbor({ nodes: [{ name: 'n' }, 5, { name: 6 }, { name: 'm', status: 'x' }] }));
    expect(decoded).toMatchObject({ ok: true, value: { nodes: [{ name: 'n' }] } });
    expect(decoded.ok && decoded.value.invalid).toEqual([
      'nodes[1]: it is the number 5, no map',
      'nodes[2]: name is the number 6, no text',
      'nodes[3]: status is text, no number',
    ]);
  });

  it('takes a timestamp as integer or float, and absent parts of a command', () => {
    const decoded = decodeNodeCommand(encodeCbor({ command: 'stop', node_name: 'n', timestamp_ms: 1.79e12 + 0.5 }));
    expect(decoded).toMatchObject({ ok: true, value: { timestampMs: 1.79e12, requestId: '', targetMachine: '' } });
  });

  it.each<DaemonRequest>([
    { kind: 'list_nodes' },
    { kind: 'shutdown' },
    { kind: 'get_logs', name: 'n' },
    { kind: 'install_node', source: 's', name: undefined, config: 'c' },
  ])('reads the older request %j', (request) => {
    const bytes = encodeDaemonCommand({ id: '1', command: request, authToken: undefined });
    expect(decodeDaemonCommand(bytes)).toEqual({
      ok: true,
      value: { id: '1', command: request, authToken: undefined },
    });
  });

  it('keeps an unknown request, refuses one of two keys', () => {
    expect(decodeDaemonCommand(encodeCbor({ id: '1', command: { fly: {} } }))).toMatchObject({
      value: { command: { kind: 'unknown', word: 'fly' } },
    });
    expect(decodeDaemonCommand(encodeCbor({ id: '1', command: { start_node: {}, stop_node: {} } })).ok).toBe(false);
  });

  it('reads the JSON envelope without losing nanoseconds', () => {
    const json =
      '\n{"header":{"schema_uri":"s","source_instance":"n","monotonic_seq":3,"ts_ns":1790000000123456789},"body":[1.5]}';
    expect(decodeEnvelope(Buffer.from(json))).toEqual({
      ok: true,
      value: { header: { ...header, monotonicSeq: 3n }, body: [1.5] },
    });
    expect(decodeEnvelope(Buffer.from('{"header":'))).toMatchObject({ ok: false });
    expect(decodeEnvelope(Buffer.from('{"header":7}'))).toMatchObject({ ok: false });
  });

  it('believes no picture that does not fit its bytes', () => {
    const frame = (fields: object) =>
      decodeRawFrame(
        encodeCbor({
          header: {},
          encoding: 'rgba8',
          step: 0,
          data: new Uint8Array(16),
          width: 2,
          height: 2,
          ...fields,
        }),
      );
    expect(frame({})).toMatchObject({ ok: true, value: { step: 8 } });
    expect(frame({ width: 3 }).ok).toBe(false);
    expect(frame({ width: -2, height: -2 }).ok).toBe(false);
    expect(frame({ step: 4 }).ok).toBe(false);
    expect(frame({ width: 2 ** 40 }).ok).toBe(false);
    expect(frame({ encoding: 'toString' }).ok).toBe(false);
  });

  it('takes a camera body within the envelope', () => {
    const body = { header: {}, format: 'jpeg', data: new Uint8Array([1]) };
    expect(decodeCompressedFrame(encodeEnvelope(header, body))).toMatchObject({ ok: true, value: { format: 'jpeg' } });
  });

  it('reads telemetry with parts missing', () => {
    expect(readTelemetry({ cpu: { usage_percent: 5, count: 2, per_core: [4, 6] } })).toMatchObject({
      ok: true,
      value: { cpu: { usagePercent: 5, perCorePercent: [4, 6] }, memory: undefined },
    });
    expect(readTelemetry([]).ok).toBe(false);
  });
});
