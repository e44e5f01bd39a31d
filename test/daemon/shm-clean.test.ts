import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { cleanShm } from '../../source/daemon/shm-clean.ts';
import { createShmCommands } from '../../source/daemon/shm-commands.ts';
import { findMappers } from '../../source/daemon/shm-maps.ts';
import { deviceName, ShmScanner } from '../../source/daemon/shm-scan.ts';
import type { ShmLedger } from '../../source/wire/shm-ledger.ts';
import { endProcess } from '../support/command-line.ts';

let folder: string;
const started: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-clean-'));
});
afterEach(async () => {
  await Promise.all(started.splice(0).map(endProcess));
  rmSync(folder, { recursive: true });
});

const path = (name: string) => join(folder, name);
const scannerOf = (locks: () => string = () => '') => new ShmScanner({ machineId: 'm', folder, readLocks: locks });
const options = { pauseMs: 50, seesEveryProcess: true, isDryRun: false };

/** Starts a program that says a line when it is ready. */
async function start(program: string, words: readonly string[]): Promise<ChildProcess> {
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  await new Promise((resolve, reject) => {
    child.stdout?.once('data', resolve);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`ended with ${code}`)));
  });
  return child;
}

it('removes orphans only, and only files that are segments', async () => {
  for (const name of ['1.zenoh', '2.zenoh', 'sem.3', '4.zenoh.tmp']) writeFileSync(path(name), 'x');
  symlinkSync(path('sem.3'), path('5.zenoh'));
  const { dev, ino } = statSync(path('2.zenoh'));
  const device = deviceName(dev);
  const scanner = scannerOf(() => `1: FLOCK  ADVISORY  READ ${process.pid} ${device}:${ino} 0 EOF\n`);
  const dry = await cleanShm({ ...options, scanner, isDryRun: true });
  expect(dry).toEqual({ ok: true, removed: [{ name: '1.zenoh', sizeBytes: 1 }], kept: [] });
  expect(existsSync(path('1.zenoh'))).toBe(true);
  expect(await cleanShm({ ...options, scanner })).toEqual(dry);
  expect(['1.zenoh', '2.zenoh', 'sem.3', '4.zenoh.tmp', '5.zenoh'].map((name) => existsSync(path(name)))).toEqual([
    false,
    true,
    true,
    true,
    true,
  ]);
});

it('keeps what another file took the place of between the looks', async () => {
  writeFileSync(path('1.zenoh'), 'old');
  const clean = cleanShm({ ...options, scanner: scannerOf(), pauseMs: 300 });
  await sleep(50);
  writeFileSync(path('next'), 'new');
  renameSync(path('next'), path('1.zenoh'));
  expect(await clean).toMatchObject({ removed: [], kept: [{ name: '1.zenoh', kept: 'it became an orphan just now' }] });
});

it('keeps what a process locks that the list of locks does not show', async () => {
  writeFileSync(path('1.zenoh'), 'x');
  const script =
    'import fcntl,sys,time; f=open(sys.argv[1]); fcntl.flock(f,fcntl.LOCK_SH); print("ready",flush=True); time.sleep(100)';
  await start('python3', ['-c', script, path('1.zenoh')]);
  expect(await cleanShm({ ...options, scanner: scannerOf() })).toMatchObject({
    removed: [],
    kept: [{ kept: 'a process that cannot be seen from here holds a lock on it' }],
  });
  expect(existsSync(path('1.zenoh'))).toBe(true);
});

it('keeps what a process has mapped without a lock', async () => {
  writeFileSync(path('1.zenoh'), 'x'.repeat(4_096));
  const script =
    'import mmap,sys,time; f=open(sys.argv[1],"r+b"); m=mmap.mmap(f.fileno(),0); print("ready",flush=True); time.sleep(100)';
  const child = await start('python3', ['-c', script, path('1.zenoh')]);
  expect(findMappers(new Set([path('1.zenoh')]))).toEqual(new Map([[path('1.zenoh'), child.pid]]));
  expect(await cleanShm({ ...options, scanner: scannerOf() })).toMatchObject({
    removed: [],
    kept: [{ kept: `process ${child.pid} has it mapped` }],
  });
});

it('keeps what a process made that still runs', async () => {
  writeFileSync(path('1.zenoh'), 'x');
  const { dev, ino } = statSync(path('1.zenoh'));
  const device = deviceName(dev);
  let locks = `1: FLOCK  ADVISORY  READ ${process.pid} ${device}:${ino} 0 EOF\n`;
  const scanner = scannerOf(() => locks);
  scanner.scanNow();
  locks = '';
  expect(await cleanShm({ ...options, scanner })).toMatchObject({
    removed: [],
    kept: [{ kept: 'the process that made it still runs' }],
  });
});

it.runIf(process.getuid?.() === 0)('keeps what another user owns', async () => {
  writeFileSync(path('1.zenoh'), 'x');
  chownSync(path('1.zenoh'), 12_345, 12_345);
  expect(await cleanShm({ ...options, scanner: scannerOf() })).toMatchObject({
    removed: [],
    kept: [{ kept: 'it belongs to another user (12345)' }],
  });
});

it('removes nothing where it does not see every process, or while the daemon ends', async () => {
  writeFileSync(path('1.zenoh'), 'x');
  expect(await cleanShm({ ...options, scanner: scannerOf(), seesEveryProcess: false })).toMatchObject({
    ok: false,
    reason: expect.stringContaining('in a container'),
  });
  const ending = new AbortController();
  const clean = cleanShm({ ...options, scanner: scannerOf(), pauseMs: 60_000, signal: ending.signal });
  ending.abort();
  expect(await clean).toEqual({ ok: false, reason: 'The daemon is stopping.' });
  expect(existsSync(path('1.zenoh'))).toBe(true);
});

it('says what it did in sentences', async () => {
  const run = createShmCommands({ scanner: scannerOf(), pauseMs: 20, seesEveryProcess: true });
  expect(await run('check_shm')).toEqual({ ok: true, message: 'There is nothing to remove.', output: '' });
  writeFileSync(path('1.zenoh'), Buffer.alloc(2_000_000));
  const output = '1.zenoh  2.0 MB';
  expect(await run('check_shm')).toEqual({ ok: true, message: 'Would remove 1 segment, 2.0 MB.', output });
  const both = await Promise.all([run('clean_shm'), run('clean_shm')]);
  expect(both.map(({ message }) => message)).toEqual(['Removed 1 segment, 2.0 MB.', 'Nothing was removed.']);
});

/** The machine's real shared memory, as if it held nothing but one process's segments: other tests have theirs there. */
class OneMakersScanner extends ShmScanner {
  /** Undefined: all. */
  names: ReadonlySet<string> | undefined;

  override scanNow(): ShmLedger {
    const ledger = super.scanNow();
    return { ...ledger, segments: ledger.segments.filter(({ name }) => this.names?.has(name) ?? true) };
  }
}

it('removes the real segments that a killed process left, not while it lives', async () => {
  const maker = join(import.meta.dirname, '..', 'support', 'shm-maker.ts');
  const child = await start(process.execPath, [maker]);
  const scanner = new OneMakersScanner({
    machineId: 'm',
    runOf: (pid) => (pid === child.pid ? { node: 'cam', pid } : undefined),
  });
  const ledger = scanner.scan();
  const made = ledger.segments.filter(({ owner }) => owner?.pid === child.pid);
  expect(made.length).toBeGreaterThanOrEqual(1);
  expect(ledger.growth).toMatchObject([{ node: 'cam', runs: 1, leftSegments: 0 }]);
  expect(ledger.growth?.[0]?.liveBytes).toBeGreaterThanOrEqual(500_000);
  scanner.names = new Set(made.map(({ name }) => name));
  expect(await cleanShm({ ...options, scanner })).toEqual({ ok: true, removed: [], kept: [] });

  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
  expect(scanner.scanNow().growth).toMatchObject([{ node: 'cam', liveBytes: 0, leftSegments: made.length }]);
  const result = await cleanShm({ ...options, scanner });
  expect(result).toMatchObject({ ok: true, kept: [] });
  expect(result.ok && new Set(result.removed.map(({ name }) => name))).toEqual(scanner.names);
  expect(made.map(({ name }) => existsSync(`/dev/shm/${name}`))).toEqual(made.map(() => false));
});
