import { expect, test } from 'vitest';
import { encodeCbor } from '../../source/wire/cbor-encode.ts';
import { createNodeListReader } from '../../source/wire/node-list-reader.ts';
import { decodeNodeList, encodeNodeList, type NodeState, nodeStateToWire } from '../../source/wire/node-state.ts';
import { makeNodeState } from '../support/fake-fleet.ts';
import { mutated, seededRandom } from '../support/seeded-random.ts';

const A = makeNodeState({ name: 'a', lastHealthCheckMs: 1_700_000_000_000, outputRateHz: 14.91 });
const B = makeNodeState({ name: 'b', lastExit: 'exit 1' });
const C = makeNodeState({ name: 'c', status: 'failed', lastLogLines: ['no such device'] });

function list(nodes: readonly NodeState[], timestampMs = 1_700_000_000_000): Uint8Array {
  return encodeNodeList({ nodes, timestampMs, machineId: 'm' });
}

test('a list is read as the whole decoder reads it, the first time and every time after', () => {
  const reader = createNodeListReader();
  const lists = [[A, B, C], [A, B, C], [B, C], [C, A], [], [A, { ...B, pid: undefined }, C, { ...A, name: 'd' }]];
  for (const nodes of lists) expect(reader.read(list(nodes))).toEqual(decodeNodeList(list(nodes)));
});

test('what did not change is the same object, and the list the same list', () => {
  const reader = createNodeListReader();
  const first = reader.read(list([A, B, C], 1));
  const again = reader.read(
    list([{ ...A, lastHealthCheckMs: 1_700_000_005_000, outputRateHz: 14.94 }, B, C], 2_000_000_000),
  );
  const changed = reader.read(list([{ ...A, outputRateHz: 7 }, B, { ...C, version: '2.0.0 beta' }], 3));
  if (!first.ok || !again.ok || !changed.ok) throw new Error('not read');
  expect(again.value.nodes).toBe(first.value.nodes);
  expect(again.value.timestampMs).toBe(2_000_000_000);
  expect(changed.value.nodes[0]).toEqual({ ...A, outputRateHz: 7 });
  expect(changed.value.nodes[1]).toBe(first.value.nodes[1]);
  expect(changed.value.nodes[2]?.version).toBe('2.0.0 beta');
});

test('a heartbeat after none, and a rate that takes another form, are read', () => {
  const reader = createNodeListReader();
  for (const change of [{ lastHealthCheckMs: 0 }, { outputRateHz: 15 }, { outputRateHz: undefined }, {}]) {
    const bytes = list([{ ...A, ...change }, B]);
    const read = reader.read(bytes);
    const whole = decodeNodeList(bytes);
    if (!read.ok || !whole.ok) throw new Error('not read');
    expect(read.value.nodes.map((node) => node.outputRateHz)).toEqual(
      whole.value.nodes.map((node) => node.outputRateHz),
    );
  }
});

test('mistakes have the words of the whole decoder, and are forgotten with the next good list', () => {
  const reader = createNodeListReader();
  reader.read(list([A, B]));
  const good = nodeStateToWire(A);
  const broken = [
    new Uint8Array(),
    list([A, B]).subarray(0, 60),
    encodeCbor({ nodes: [good, { ...good, name: 7 }], timestamp_ms: 1, machine_id: 'm' }),
    encodeCbor({ nodes: 'none', timestamp_ms: 1, machine_id: 'm' }),
    encodeCbor({ nodes: [good], timestamp_ms: 'now', machine_id: 'm' }),
    encodeCbor([1, 2]),
  ];
  for (const bytes of broken) {
    expect(reader.read(bytes)).toEqual(decodeNodeList(bytes));
    expect(reader.read(list([A, C]))).toEqual(decodeNodeList(list([A, C])));
  }
});

test('bytes of any kind are read or refused as by the whole decoder, whatever came before', () => {
  const random = seededRandom(20);
  const reader = createNodeListReader();
  const lists = [list([A, B, C]), list([B, C]), list([A])] as const;
  const withoutHeartbeat = (read: ReturnType<typeof decodeNodeList>) =>
    read.ok
      ? {
          ...read.value,
          nodes: read.value.nodes.map((node) => ({
            ...node,
            lastHealthCheckMs: 0,
            outputRateHz: node.outputRateHz === undefined ? undefined : Math.round(node.outputRateHz * 10),
          })),
        }
      : read;
  for (let round = 0; round < 3_000; round += 1) {
    const original = random.pick(lists);
    const bytes = round % 3 === 0 ? original : mutated(original, random);
    expect(withoutHeartbeat(reader.read(bytes))).toEqual(withoutHeartbeat(decodeNodeList(bytes)));
  }
});
