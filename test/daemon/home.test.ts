import { spawn } from 'node:child_process';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findHome, type Home, isSameToken, prepareHome, readOrMakeToken } from '../../source/daemon/home.ts';
import { lockHome } from '../../source/daemon/locks.ts';
import { readProcessStat } from '../../source/daemon/proc.ts';

let folder: string;
let home: Home;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-home-'));
  home = findHome(join(folder, 'home'), {});
  prepareHome(home);
});
afterEach(() => rmSync(folder, { recursive: true }));

it('takes the folder from the flag, the environment, the user’s home', () => {
  expect(findHome('/a', { BUBBALOOP_HOME: '/b' }).folder).toBe('/a');
  expect(findHome(undefined, { BUBBALOOP_HOME: '/b' }).folder).toBe('/b');
  expect(findHome(undefined, {}).folder).toMatch(/\/\.bubbaloop$/);
});

it('says why a folder cannot be made', () => {
  writeFileSync(join(folder, 'file'), '');
  expect(() => prepareHome(findHome(join(folder, 'file', 'x'), {}))).toThrow(/cannot be made/);
});

it('makes a secret once, for its user only', () => {
  const token = readOrMakeToken(home);
  expect(token).toMatch(/^bb_[0-9a-f]{32}$/);
  chmodSync(home.tokenFile, 0o644);
  expect(readOrMakeToken(home)).toBe(token);
  expect(statSync(home.tokenFile).mode & 0o777).toBe(0o600);
  expect([isSameToken(token, token), isSameToken(undefined, token), isSameToken(`${token}x`, token)]).toEqual([
    true,
    false,
    false,
  ]);
  writeFileSync(home.tokenFile, 'nonsense');
  expect(() => readOrMakeToken(home)).toThrow(/does not hold a token/);
});

it('is held by one process, which is named to the second', () => {
  const unlock = lockHome(home, 'm1');
  expect(() => lockHome(home, 'm2')).toThrow(new RegExp(`process ${process.pid}, machine m1 since 20`));
  unlock();
  expect(readdirSync(home.folder)).not.toContain('daemon.lock');
  lockHome(home, 'm2')();
});

it.each([
  ['of a process that is gone', () => ({ pid: 2 ** 22 - 3, startTicks: 1, machineId: 'm' })],
  ['of a process id that another process has now', () => ({ pid: process.pid, startTicks: 1, machineId: 'm' })],
  ['that is half written', () => undefined],
])('takes over a lock %s', (_label, holder) => {
  // As earlier versions wrote it, and as it is written now.
  writeFileSync(home.lockFile, JSON.stringify(holder()) ?? '{"pid":');
  lockHome(home, 'm')();
  symlinkSync(`${holder()?.pid ?? 'no'} ${holder()?.startTicks} m`, home.lockFile);
  lockHome(home, 'm')();
  expect(readdirSync(home.folder).filter((name) => name.startsWith('daemon.lock'))).toEqual([]);
});

it('does not hold a lock for a zombie', async () => {
  // sh becomes a sleep that never collects its child, which is a zombie then.
  const parent = spawn('sh', ['-c', 'sleep 0.05 & echo $!; exec sleep 30'], { stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const pid = Number(String(await new Promise((resolve) => parent.stdout.once('data', resolve))));
    while (readProcessStat(pid)?.state !== 'Z') await new Promise((resolve) => setTimeout(resolve, 10));
    const startTicks = readProcessStat(pid)?.startTicks;
    writeFileSync(home.lockFile, JSON.stringify({ pid, startTicks, machineId: 'm' }));
    lockHome(home, 'm')();
  } finally {
    parent.kill('SIGKILL');
  }
});

it('gives back only its own lock', () => {
  const unlock = lockHome(home, 'm');
  rmSync(home.lockFile);
  symlinkSync('1 0 other', home.lockFile);
  unlock();
  expect(readlinkSync(home.lockFile)).toContain('other');
});

it('respects the lock of an earlier version that still runs', () => {
  const startTicks = readProcessStat('self')?.startTicks;
  writeFileSync(home.lockFile, JSON.stringify({ pid: process.pid, startTicks, machineId: 'old', sinceMs: 1 }));
  expect(() => lockHome(home, 'm')).toThrow(`process ${process.pid}, machine old since 1970-01-01T00:00:00.001Z`);
});
