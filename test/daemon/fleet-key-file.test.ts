import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { followFleetKey, readFleetKey, readSigner, writeFleetKey } from '../../source/daemon/fleet-key-file.ts';
import { FleetKey } from '../../source/wire/fleet-key.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-key-'));
  file = join(folder, 'fleet-key');
});
afterEach(() => rmSync(folder, { recursive: true }));

it('is written for its user only, and never over another unless that is wanted', () => {
  const [first, second] = [FleetKey.generate(), FleetKey.generate()];
  expect(readFleetKey(file)).toBeUndefined();
  expect(readSigner(file)).toBeUndefined();
  expect(writeFleetKey(file, first, { overwrite: false })).toBe(true);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(writeFleetKey(file, second, { overwrite: false })).toBe(false);
  expect(readFleetKey(file)?.fingerprint).toBe(first.fingerprint);
  expect(writeFleetKey(file, second, { overwrite: true })).toBe(true);
  expect(readSigner(file)).toMatchObject({
    key: { fingerprint: second.fingerprint },
    sender: expect.stringContaining('@'),
  });
  expect(readdirSync(folder)).toEqual(['fleet-key']);
});

it.each([0o640, 0o604, 0o620, 0o644, 0o666])('is refused with mode %o, and the sentence says what to do', (mode) => {
  writeFleetKey(file, FleetKey.generate(), { overwrite: false });
  chmodSync(file, mode);
  expect(() => readFleetKey(file)).toThrow(new RegExp(`by others \\(mode ${mode.toString(8)}\\)`));
});

it.runIf(process.getuid?.() === 0)('is refused where it belongs to another user', () => {
  writeFleetKey(file, FleetKey.generate(), { overwrite: false });
  chownSync(file, 12_345, 12_345);
  expect(() => readFleetKey(file)).toThrow('belongs to user 12345, not to user 0');
});

it('is refused where it is a folder, or holds no key', () => {
  mkdirSync(file);
  expect(() => readFleetKey(file)).toThrow('is no file');
  rmSync(file, { recursive: true });
  writeFileSync(file, FleetKey.generate().reveal().slice(0, -2), { mode: 0o600 });
  expect(() => readFleetKey(file)).toThrow('it has 70 digits, a key has 72');
});

it('is followed while a daemon runs: one that comes counts, one that goes or opens up closes the door', () => {
  const state = followFleetKey(file);
  expect(state()).toEqual({ kind: 'none' });
  const key = FleetKey.generate();
  writeFleetKey(file, key, { overwrite: false });
  expect(state()).toMatchObject({ kind: 'key', key: { fingerprint: key.fingerprint } });
  expect(state()).toBe(state());
  chmodSync(file, 0o644);
  expect(state()).toMatchObject({ kind: 'unusable', reason: expect.stringContaining('chmod 600') });
  chmodSync(file, 0o600);
  expect(state()).toMatchObject({ kind: 'key' });
  rmSync(file);
  expect(state()).toMatchObject({ kind: 'unusable', reason: expect.stringContaining('is gone') });
  const other = FleetKey.generate();
  writeFleetKey(file, other, { overwrite: false });
  expect(state()).toMatchObject({ kind: 'key', key: { fingerprint: other.fingerprint } });
});
