import { expect, it } from 'vitest';
import type { CborMap, Encodable } from '../../source/wire/cbor.ts';
import { decodeCbor } from '../../source/wire/cbor-decode.ts';
import { encodeCbor } from '../../source/wire/cbor-encode.ts';
import { decodeNodeCommand } from '../../source/wire/command.ts';
import { isMap } from '../../source/wire/fields.ts';
import { FleetKey } from '../../source/wire/fleet-key.ts';
import { encodeSignedCommand, isSignedWith, readSignature } from '../../source/wire/signature.ts';
import { mutated, seededRandom } from '../support/seeded-random.ts';

const key = FleetKey.generate();
const signer = { key, sender: 'ada@console' };
const command = {
  command: 'start',
  nodeName: 'tick',
  requestId: 'r1',
  targetMachine: 'm1',
  timestampMs: 1_800_000_000_000,
};

function mapOf(bytes: Uint8Array): CborMap {
  const item = decodeCbor(bytes);
  if (!item.ok || !isMap(item.value)) throw new Error('no map');
  return item.value;
}

function isGood(map: CborMap, by = key): boolean {
  const signature = readSignature(map);
  return signature.kind === 'present' && isSignedWith(map, signature.mac, by);
}

it('is good for what was signed, with that key only; an older daemon reads the command as before', () => {
  const bytes = encodeSignedCommand(command, signer);
  expect(decodeNodeCommand(bytes)).toMatchObject({ ok: true, value: command });
  expect(isGood(mapOf(bytes))).toBe(true);
  expect(isGood(mapOf(bytes), FleetKey.generate())).toBe(false);
  expect(readSignature(mapOf(bytes))).toMatchObject({ keyId: key.fingerprint, sender: 'ada@console' });
});

it('has another nonce each time', () => {
  const nonces = Array.from({ length: 100 }, () => readSignature(mapOf(encodeSignedCommand(command, signer))));
  expect(new Set(nonces.map((signature) => signature.kind === 'present' && signature.nonce)).size).toBe(100);
});

it('stays good when the map is written anew, in any order', () => {
  const entries = Object.entries(mapOf(encodeSignedCommand(command, signer)));
  const again = encodeCbor(Object.fromEntries(entries.reverse()) as Record<string, Encodable>);
  expect(isGood(mapOf(again))).toBe(true);
});

it('does not fit when any field is changed, left out or added, known or not', () => {
  const map = mapOf(encodeSignedCommand(command, signer));
  for (const [name, value] of Object.entries(map)) {
    const { [name]: _left, ...without } = map;
    expect(isGood(without), name).toBe(false);
    for (const other of [
      undefined,
      null,
      0,
      1,
      true,
      '',
      'x',
      `${value}x`,
      [value],
      { a: value },
      new Uint8Array(16),
    ]) {
      expect(isGood({ ...map, [name]: other }), name).toBe(false);
    }
  }
  for (const added of [null, false, 0, 0n, '', [], {}, new Uint8Array(0)]) {
    expect(isGood({ ...map, lines: added })).toBe(false);
  }
});

it('tells apart what only looks alike when it is written one after another', () => {
  const sign = (fields: Partial<typeof command>) => mapOf(encodeSignedCommand({ ...command, ...fields }, signer));
  const signed = sign({ command: 'start', nodeName: 'ab' });
  for (const [left, right] of [
    ['starta', 'b'],
    ['star', 'tab'],
    ['', 'startab'],
  ]) {
    expect(isGood({ ...signed, command: left, node_name: right })).toBe(false);
  }
  expect(isGood({ ...signed, timestamp_ms: String(command.timestampMs) })).toBe(false);
  expect(isGood({ ...signed, timestamp_ms: BigInt(command.timestampMs) })).toBe(false);
});

it('holds for no mutation of the bytes that means something else (property, 5,000 seeded)', () => {
  const random = seededRandom(7);
  const bytes = encodeSignedCommand(command, signer);
  const original = JSON.stringify(mapOf(bytes));
  for (let round = 0; round < 5_000; round += 1) {
    const item = decodeCbor(mutated(bytes, random));
    if (!item.ok || !isMap(item.value) || !isGood(item.value)) continue;
    // Good only where the mutation changed nothing that is read.
    expect(JSON.stringify(item.value)).toBe(original);
  }
});

it('of what nests without end is not good, and no crash', () => {
  let deep: Encodable = 1;
  for (let depth = 0; depth < 200; depth += 1) deep = [deep];
  const map = mapOf(encodeSignedCommand(command, signer));
  expect(isGood({ ...map, deep })).toBe(false);
});

it('that is not whole is told from one that is absent', () => {
  const map = mapOf(encodeSignedCommand(command, signer));
  expect(readSignature({ ...map, hmac: undefined }).kind).toBe('absent');
  for (const broken of [
    { hmac: 'x' },
    { hmac: new Uint8Array(31) },
    { nonce: new Uint8Array(15) },
    { nonce: 'x' },
    { key_id: 5 },
  ]) {
    expect(readSignature({ ...map, ...broken }).kind).toBe('malformed');
  }
});
