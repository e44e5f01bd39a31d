/**
 * Signed commands. A signed NodeCommand has four more fields, which older daemons ignore:
 * `sender` (text, who signed, `user@host`), `nonce` (16 bytes), `key_id` (fingerprint of the fleet key) and `hmac`
 * (32 bytes). The HMAC-SHA256 covers every field of the map but itself, known or not: machine, node, command, request id,
 * time (`timestamp_ms`), nonce, and whatever parameters the command has.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { CborMap, CborValue } from './cbor.ts';
import { decodeCbor } from './cbor-decode.ts';
import { encodeCbor } from './cbor-encode.ts';
import { type NodeCommand, nodeCommandFields } from './command.ts';
import { isList, isMap } from './fields.ts';
import type { FleetKey } from './fleet-key.ts';

/** Begins what is signed: a MAC made for another purpose or version never fits. */
const DOMAIN = 'bubbaloop command 1';
const NONCE_BYTES = 16;
const MAC_BYTES = 32;
/** A command has a map of parameters, perhaps with lists. */
const MAX_DEPTH = 8;

export interface CommandSigner {
  readonly key: FleetKey;
  /** For the audit log, `user@host`. */
  readonly sender: string;
}

export type Signature =
  | { readonly kind: 'absent' }
  /** There is one, but not of the right shape. */
  | { readonly kind: 'malformed' }
  | {
      readonly kind: 'present';
      /** Hexadecimal. */
      readonly nonce: string;
      readonly keyId: string;
      /** Untrusted until the signature is found good. */
      readonly sender: string;
      readonly mac: Uint8Array;
    };

/** Its bytes, signed with a fresh nonce. `command.timestampMs` is the time of signing. */
export function encodeSignedCommand(command: NodeCommand, signer: CommandSigner): Uint8Array {
  const fields = {
    ...nodeCommandFields(command),
    sender: signer.sender,
    nonce: Uint8Array.from(randomBytes(NONCE_BYTES)),
    key_id: signer.key.fingerprint,
  };
  // What the receiver will have before it, after encoding has dropped absent fields and chosen kinds of numbers.
  const received = decodeCbor(encodeCbor(fields));
  const bytes = received.ok && isMap(received.value) ? signedBytes(received.value) : undefined;
  if (bytes === undefined) throw new Error('a command that cannot be signed');
  return encodeCbor({ ...fields, hmac: signer.key.mac(bytes) });
}

/** The signature that a command's map carries; nothing of it is checked yet. */
export function readSignature(map: CborMap): Signature {
  const [mac, nonce, keyId, sender] = ['hmac', 'nonce', 'key_id', 'sender'].map((name) => own(map, name));
  if (mac === undefined || mac === null) return { kind: 'absent' };
  const isWhole =
    mac instanceof Uint8Array &&
    mac.length === MAC_BYTES &&
    nonce instanceof Uint8Array &&
    nonce.length === NONCE_BYTES &&
    typeof keyId === 'string' &&
    typeof sender === 'string';
  if (!isWhole) return { kind: 'malformed' };
  return { kind: 'present', nonce: Buffer.from(nonce).toString('hex'), keyId, sender, mac };
}

/** Whether `mac` is what `key` makes of the map. Takes as long for a wrong one as for a right one. */
export function isSignedWith(map: CborMap, mac: Uint8Array, key: FleetKey): boolean {
  const bytes = signedBytes(map);
  return bytes !== undefined && mac.length === MAC_BYTES && timingSafeEqual(key.mac(bytes), mac);
}

/**
 * One string of bytes for one meaning: each item is its kind, its length and its content, maps in the order of their
 * keys. Undefined where it nests too deep to be a command.
 */
function signedBytes(map: CborMap): Buffer | undefined {
  const { hmac: _mac, ...covered } = map;
  const parts: Buffer[] = [item('d', DOMAIN)];
  return append(parts, covered, 0) ? Buffer.concat(parts) : undefined;
}

function append(parts: Buffer[], value: CborValue, depth: number): boolean {
  if (depth > MAX_DEPTH) return false;
  if (value === null || value === undefined) parts.push(item('0', ''));
  else if (value instanceof Uint8Array) parts.push(item('x', value));
  else if (isList(value)) {
    parts.push(head('l', value.length));
    return value.every((entry) => append(parts, entry, depth + 1));
  } else if (isMap(value)) {
    const names = Object.keys(value).sort();
    parts.push(head('m', names.length));
    return names.every((name) => {
      parts.push(item('k', name));
      return append(parts, own(value, name), depth + 1);
    });
  } else if (typeof value === 'string') parts.push(item('t', value));
  else if (typeof value === 'boolean') parts.push(item('b', value ? '1' : '0'));
  // Shortest decimal that reads back as the same number: one text for one value.
  else parts.push(item(typeof value === 'bigint' ? 'i' : 'n', String(value)));
  return true;
}

function item(kind: string, content: string | Uint8Array): Buffer {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return Buffer.concat([head(kind, bytes.length), bytes]);
}

function head(kind: string, length: number): Buffer {
  const bytes = Buffer.alloc(5, kind);
  bytes.writeUInt32BE(length, 1);
  return bytes;
}

function own(map: CborMap, name: string): CborValue {
  return Object.hasOwn(map, name) ? map[name] : undefined;
}
