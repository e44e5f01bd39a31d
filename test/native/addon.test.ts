import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadFrom, nativeAddon } from '../../source/zenoh/native-addon.ts';
import { nativeDrivers } from '../../source/zenoh/native-driver.ts';
import { removeFolder } from '../support/remove-folder.ts';

const settings = { shm: true, shmThresholdBytes: 3072, connectTimeoutMs: 2000 };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-native-'));
});
afterEach(() => removeFolder(folder));

it('a panic in Rust becomes an error, and the process works on', () => {
  const addon = nativeAddon();
  for (let i = 0; i < 100; i++) expect(() => addon.panicForTest()).toThrow(/internal error: asked for by a test/);
  expect(addon.zenohVersion()).toMatch(/^v1\./);
});

it('says which file it tried where there is none', () => {
  const path = join(folder, 'bubbaloop.node');
  expect(loadFrom(path)).toMatchObject({ reason: expect.stringContaining(path) });
});

it('says which file it tried, and why that does not load', () => {
  const path = join(folder, 'bubbaloop.node');
  writeFileSync(path, 'not a library');
  const { reason } = loadFrom(path) as { reason: string };
  expect(reason).toContain(path);
  expect(reason).toMatch(/does not load: ./);
});

it.each([
  ['nonsense', 'invalid-argument', /must be of the form/],
  ['carrier-pigeon/loft:1', 'invalid-argument', /no protocol `carrier-pigeon`/],
  ['tcp/127.0.0.1:1', 'link-lost', /connection refused by 127\.0\.0\.1:1/],
  ['tcp/no-such-host.invalid:7447', 'link-lost', /no-such-host\.invalid/],
  ['unixsock-stream//no/such/socket', 'link-lost', /No such file/],
])('%s is refused with %s and a reason', async (endpoint, code, message) => {
  const opening = nativeDrivers.open(endpoint, settings, new AbortController().signal);
  await expect(opening).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
});

it('arguments of the wrong kind are errors, not crashes', () => {
  const addon = nativeAddon() as unknown as Record<string, (...words: unknown[]) => unknown>;
  expect(() => addon.releaseLease?.(1, {})).toThrow();
  expect(() => addon.releaseLease?.()).toThrow();
  expect(() => new (nativeAddon().NativeShmProvider)(Number.NaN)).toThrow(/whole number/);
  expect(() => new (nativeAddon().NativeShmProvider)(2 ** 60)).toThrow();
  const Session = nativeAddon().NativeSession as unknown as new (...words: unknown[]) => unknown;
  expect(() => new Session(1, '{}', 'tcp/127.0.0.1:1', 5)).toThrow();
});
