import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { deviceName, lockHolders, ShmScanner } from '../../source/daemon/shm-scan.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-shm-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const lock = (pid: number, name: string) => {
  const { dev, ino } = statSync(join(folder, name));
  return `1: FLOCK  ADVISORY  READ ${pid} ${deviceName(dev)}:${ino} 0 EOF\n`;
};

it('reads the kernel’s list of locks', () => {
  const text = `1: FLOCK  ADVISORY  READ 18632 00:1b:21 0 EOF
2: FLOCK  ADVISORY  READ 18640 00:1b:21 0 EOF
2: -> FLOCK  ADVISORY  WRITE 99 00:1b:21 0 EOF
3: POSIX  ADVISORY  WRITE 7 fe:00:21 0 EOF
4: FLOCK  ADVISORY  WRITE 5 fe:00:9 0 EOF
nonsense
`;
  expect(lockHolders(text, '00:1b')).toEqual(new Map([[21, [18632, 18640]]]));
  expect(lockHolders(text, 'fe:00')).toEqual(new Map([[9, [5]]]));
  expect([deviceName(27), deviceName(0xfe00), deviceName(0x10_0312)]).toEqual(['00:1b', 'fe:00', '03:112']);
});

it('tells orphans from segments in use, counts what is really taken, leaves other files alone', () => {
  for (const name of ['1.zenoh', '2.zenoh', 'sem.x', '3.zenoh.tmp'])
    writeFileSync(join(folder, name), Buffer.alloc(8_192, 1));
  // Sparse: claims 10 MB, takes none.
  writeFileSync(join(folder, '4.zenoh'), '');
  truncateSync(join(folder, '4.zenoh'), 10_000_000);
  const scanner = new ShmScanner({
    machineId: 'm',
    folder,
    nameOf: (pid) => (pid === process.pid ? 'front_door' : undefined),
    readLocks: () => lock(process.pid, '1.zenoh') + lock(2 ** 22 - 5, '1.zenoh'),
  });
  const ledger = scanner.scan();
  expect(ledger.segments).toEqual([
    {
      name: '1.zenoh',
      sizeBytes: 8_192,
      owner: { pid: process.pid, name: 'front_door' },
      readers: [{ pid: 2 ** 22 - 5, name: '' }],
      orphan: false,
    },
    { name: '2.zenoh', sizeBytes: 8_192, owner: undefined, readers: [], orphan: true },
    { name: '4.zenoh', sizeBytes: 10_000_000, owner: undefined, readers: [], orphan: true },
  ]);
  expect(ledger.usedBytes).toBeLessThan(100_000);
  expect(ledger.totalBytes).toBeGreaterThan(ledger.freeBytes);
});

it('remembers who made a segment: when that one lets go its readers are only readers', () => {
  writeFileSync(join(folder, '1.zenoh'), 'x');
  let holders = [process.pid];
  const scanner = new ShmScanner({
    machineId: 'm',
    folder,
    readLocks: () => holders.map((pid) => lock(pid, '1.zenoh')).join(''),
  });
  expect(scanner.scan(0).segments[0]?.owner?.pid).toBe(process.pid);
  holders = [process.ppid];
  expect(scanner.scan(5_000).segments[0]).toMatchObject({
    owner: undefined,
    readers: [{ pid: process.ppid }],
    orphan: false,
  });
  holders = [];
  expect(scanner.scan(10_000).segments[0]).toMatchObject({ owner: undefined, readers: [], orphan: true });
});

it('scans at most once a second', () => {
  let count = 0;
  writeFileSync(join(folder, '1.zenoh'), 'x');
  const scanner = new ShmScanner({ machineId: 'm', folder, readLocks: () => `${++count}` });
  for (const nowMs of [0, 1, 999]) scanner.scan(nowMs);
  expect(count).toBe(1);
  scanner.scan(1_000);
  // A clock set back does not stop it.
  scanner.scan(10);
  expect(count).toBe(3);
});

it('answers on a machine without shared memory', () => {
  const ledger = new ShmScanner({ machineId: 'm', folder: join(folder, 'none') }).scan();
  expect(ledger).toMatchObject({ totalBytes: 0, freeBytes: 0, usedBytes: 0, segments: [] });
});
