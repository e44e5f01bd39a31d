import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CommandGuard, type Verdict, WINDOW_MS } from '../../source/daemon/command-guard.ts';
import type { KeyState } from '../../source/daemon/fleet-key-file.ts';
import { decodeCbor } from '../../source/wire/cbor-decode.ts';
import { encodeNodeCommand } from '../../source/wire/command.ts';
import { isMap } from '../../source/wire/fields.ts';
import { FleetKey } from '../../source/wire/fleet-key.ts';
import { encodeSignedCommand } from '../../source/wire/signature.ts';
import { seededRandom } from '../support/seeded-random.ts';

const START_MS = 1_800_000_000_000;
const fleetKey = FleetKey.generate();
let folder: string;
let nowMs: number;
let said: string[];
let state: KeyState;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-guard-'));
  nowMs = START_MS;
  said = [];
  state = { kind: 'key', key: fleetKey };
});
afterEach(() => rmSync(folder, { recursive: true }));

const markFile = () => join(folder, 'command-mark');
const open = (allowUnsigned = false, file = markFile()) =>
  new CommandGuard({
    key: () => state,
    allowUnsigned,
    markFile: file,
    say: (text) => said.push(text),
    now: () => nowMs,
  });

const command = (timestampMs: number) => ({
  command: 'start',
  nodeName: 'tick',
  requestId: 'r',
  targetMachine: 'm',
  timestampMs,
});
const signed = (timestampMs = nowMs, key = fleetKey) =>
  encodeSignedCommand(command(timestampMs), { key, sender: 'a@b' });

function check(guard: CommandGuard, bytes: Uint8Array): Verdict {
  const item = decodeCbor(bytes);
  if (!item.ok || !isMap(item.value)) throw new Error('no map');
  return guard.check(item.value, Number(item.value.timestamp_ms));
}
const refusalOf = (verdict: Verdict): string => (verdict.ok ? 'none' : verdict.refusal);

it('takes a signed command once', () => {
  const guard = open();
  const bytes = signed();
  expect(check(guard, bytes)).toEqual({ ok: true, keyId: fleetKey.fingerprint, sender: 'a@b' });
  expect(refusalOf(check(guard, bytes))).toBe('replayed');
  expect(check(guard, signed()).ok).toBe(true);
});

it('refuses old and future ones with both clocks', () => {
  const guard = open();
  expect(check(guard, signed(nowMs - WINDOW_MS)).ok).toBe(true);
  expect(check(guard, signed(nowMs + WINDOW_MS)).ok).toBe(true);
  expect(check(guard, signed(nowMs - 95_000))).toMatchObject({
    refusal: 'stale',
    reason: expect.stringMatching(/signed 95\.0 s before this machine’s clock \(signed 2027-.*Z, here 2027-.*Z\)/),
  });
  expect(check(guard, signed(nowMs + 31_000))).toMatchObject({ reason: expect.stringContaining('31.0 s after') });
  expect(refusalOf(check(guard, signed(9e17)))).toBe('stale');
});

it('refuses unsigned ones, those of another key, and damaged signatures', () => {
  const guard = open();
  expect(check(guard, encodeNodeCommand(command(nowMs)))).toMatchObject({
    refusal: 'unsigned',
    reason: expect.stringContaining('bubbaloop key import'),
  });
  const other = FleetKey.generate();
  expect(check(guard, signed(nowMs, other))).toMatchObject({
    refusal: 'other-key',
    reason: expect.stringMatching(new RegExp(`${other.fingerprint}.*${fleetKey.fingerprint}`)),
  });
  const item = decodeCbor(signed());
  if (!item.ok || !isMap(item.value)) throw new Error('no map');
  expect(refusalOf(guard.check({ ...item.value, node_name: 'other' }, nowMs))).toBe('altered');
  expect(refusalOf(guard.check({ ...item.value, hmac: new Uint8Array(3) }, nowMs))).toBe('altered');
});

it('without a key takes everything; with --allow-unsigned a signature still has to be good', () => {
  state = { kind: 'none' };
  expect(check(open(), encodeNodeCommand(command(0)))).toEqual({ ok: true });
  expect(check(open(), signed())).toEqual({ ok: true });
  state = { kind: 'key', key: fleetKey };
  const guard = open(true);
  expect(check(guard, encodeNodeCommand(command(0)))).toEqual({ ok: true });
  expect(guard.checkUnsigned()).toEqual({ ok: true });
  expect(refusalOf(check(guard, signed(nowMs, FleetKey.generate())))).toBe('other-key');
  expect(refusalOf(check(guard, signed(nowMs - 60_000)))).toBe('stale');
});

it('with a key that cannot be used takes nothing, --allow-unsigned or not', () => {
  state = { kind: 'unusable', reason: 'It is gone.' };
  for (const guard of [open(), open(true)]) {
    expect(check(guard, signed())).toMatchObject({
      refusal: 'not-ready',
      reason: expect.stringContaining('It is gone.'),
    });
    expect(refusalOf(guard.checkUnsigned())).toBe('not-ready');
  }
});

it('takes nothing twice over a restart, nor after a clock that was set back', () => {
  const bytes = signed();
  expect(check(open(), bytes).ok).toBe(true);
  nowMs += 1_000;
  const next = open();
  expect(refusalOf(check(next, bytes))).toBe('stale');
  expect(check(next, signed()).ok).toBe(true);

  // A mark that cannot be written: 11,000 waits for the disk would take their time.
  const guard = open(false, join(folder, 'no', 'folder'));
  const kept: Uint8Array[] = [];
  for (let count = 0; count < 11_000; count += 1) {
    nowMs += 10;
    const one = signed();
    if (count % 100 === 0) kept.push(one);
    expect(check(guard, one).ok).toBe(true);
  }
  expect(guard.nonceCount).toBeLessThanOrEqual(10_000);
  nowMs -= 110_000;
  for (const one of kept) expect(check(guard, one).ok).toBe(false);
});

it('where the mark cannot be read refuses what was signed before it began', () => {
  writeFileSync(markFile(), 'half a li');
  const guard = open();
  expect(refusalOf(check(guard, signed(nowMs - 5)))).toBe('stale');
  expect(check(guard, signed(nowMs + 5)).ok).toBe(true);
  expect(Number(readFileSync(markFile(), 'utf8'))).toBe(nowMs + 5);
});

it('where the mark cannot be written says so once, and a node can still be stopped', () => {
  const guard = open(false, join(folder, 'no', 'such', 'folder'));
  for (let count = 0; count < 3; count += 1) {
    nowMs += 1;
    const bytes = signed();
    expect(check(guard, bytes).ok).toBe(true);
    expect(refusalOf(check(guard, bytes))).toBe('replayed');
  }
  expect(said).toHaveLength(1);
});

it('accepts nothing twice in any order of commands, clock jumps and restarts (property, seeded)', () => {
  for (let seed = 1; seed <= 10; seed += 1) {
    const random = seededRandom(seed);
    const file = join(folder, `mark-${seed}`);
    const sent: Uint8Array[] = [];
    const accepted = new Set<Uint8Array>();
    let guard = open(false, file);
    for (let step = 0; step < 200; step += 1) {
      const dice = random.below(20);
      if (dice === 0) guard = open(false, file);
      else if (dice === 1) nowMs += random.below(200_000) - 100_000;
      else if (dice < 10 || sent.length === 0) sent.push(signed(nowMs + random.below(80_000) - 40_000));
      const bytes = sent[random.below(sent.length)];
      if (bytes === undefined || !check(guard, bytes).ok) continue;
      expect(accepted.has(bytes), `seed ${seed}, step ${step}`).toBe(false);
      accepted.add(bytes);
    }
    expect(accepted.size).toBeGreaterThan(0);
  }
});
