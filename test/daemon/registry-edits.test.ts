import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { withRegistryLock } from '../../source/daemon/locks.ts';
import {
  DamagedRegistry,
  editRegistryFile,
  readRegistry,
  setAside,
  writeRegistry,
} from '../../source/daemon/registry.ts';
import { findEntry, withChanged, withInstance, withNode } from '../../source/daemon/registry-edits.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-edits-'));
  file = join(folder, 'nodes.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

function node(folderName: string, name = folderName): string {
  const path = join(folder, folderName);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'node.yaml'), JSON.stringify({ name, type: 'node', command: 'sleep 1' }));
  return path;
}

const names = () => readRegistry(file).map(({ path }) => path);

it('adds, makes instances and removes', async () => {
  const first = await withNode([], { path: node('a') });
  expect(first.spec).toMatchObject({ name: 'a', installed: true });
  const second = await withInstance(first.entries, 'a', { name: 'b' });
  expect(second.spec).toMatchObject({ name: 'b', baseNode: 'a' });
  expect(await withChanged(second.entries, 'a', () => undefined)).toMatchObject([{ nameOverride: 'b' }]);
  expect(await findEntry(second.entries, 'b')).toMatchObject({ index: 1 });
});

it('says exactly what is wrong with an addition', async () => {
  const { entries } = await withNode([], { path: node('a') });
  const add = (path: string, more: object = {}) => withNode(entries, { path, ...more });
  await expect(add('a')).rejects.toThrow('"a" is not an absolute path');
  await expect(add(join(folder, 'gone'))).rejects.toThrow('There is no node.yaml in');
  await expect(add(node('a'))).rejects.toThrow('is registered already, as a');
  symlinkSync(join(folder, 'a'), join(folder, 'link'));
  await expect(add(join(folder, 'link'))).rejects.toThrow('is registered already, as a');
  await expect(add(node('b', 'a'))).rejects.toThrow(
    `There is a node a already, in ${join(folder, 'a')}; ${join(folder, 'b', 'node.yaml')} names it too.`,
  );
  await expect(add(node('c', '../x'))).rejects.toThrow('letters, digits');
  await expect(add(node('d'), { name: 'a/b' })).rejects.toThrow('The name "a/b" cannot be used');
  await expect(add(node('e'), { config: join(folder, 'no.yaml') })).rejects.toThrow('no configuration file');
  writeFileSync(join(node('f'), 'node.yaml'), 'a: [');
  await expect(add(join(folder, 'f'))).rejects.toThrow(/node\.yaml: /);
  await expect(withInstance(entries, 'z', { name: 'y' })).rejects.toThrow('There is no node "z"');
  await expect(withInstance(entries, 'a', { name: undefined })).rejects.toThrow('a name of its own');
  await expect(withChanged(entries, '\u001b[2Jx', () => undefined)).rejects.toThrow('no node "x"');
});

it('loses no edit of many made at once, here and in other processes', async () => {
  const script = `
    import { editRegistryFile } from ${JSON.stringify(join(import.meta.dirname, '../../source/daemon/registry.ts'))};
    const [, , who] = ['', '', process.argv[1]];
    for (let index = 0; index < 10; index += 1) {
      await editRegistryFile(${JSON.stringify(file)}, (entries) => [...entries,
        { path: '/' + who + index, addedAt: '', autostart: false, installed: true, others: {} }]);
    }`;
  const children = ['p', 'q'].map((who) =>
    spawn(process.execPath, ['--input-type=module-typescript', '-e', script, who], {
      stdio: ['ignore', 'ignore', 'inherit'],
    }),
  );
  const mine = Array.from({ length: 10 }, (_item, index) =>
    editRegistryFile(file, (entries) => [
      ...entries,
      {
        path: `/r${index}`,
        addedAt: '',
        nameOverride: undefined,
        configOverride: undefined,
        autostart: false,
        installed: true,
        others: {},
      },
    ]),
  );
  const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0]));
  await Promise.all(mine);
  expect(codes).toEqual([0, 0]);
  expect(names().sort()).toEqual(
    ['p', 'q', 'r'].flatMap((who) => Array.from({ length: 10 }, (_item, index) => `/${who}${index}`)),
  );
  expect(readdirSync(folder)).toEqual(['nodes.json']);
});

it('takes over the lock of a process that is gone, and names one that does not let go', async () => {
  writeFileSync(`${file}.lock`, JSON.stringify({ pid: 2 ** 22 + 1, startTicks: 1 }));
  expect(await withRegistryLock(file, async () => 'done')).toBe('done');
  writeFileSync(`${file}.lock`, 'half wri');
  expect(await withRegistryLock(file, async () => 'done')).toBe('done');
  const holder: ChildProcess = spawn('sleep', ['1000']);
  try {
    const stat = readFileSync(`/proc/${holder.pid}/stat`, 'latin1');
    const startTicks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
    writeFileSync(`${file}.lock`, JSON.stringify({ pid: holder.pid, startTicks }));
    await expect(withRegistryLock(file, async () => 'done', { waitMs: 100 })).rejects.toThrow(
      `Process ${holder.pid} holds ${file}.lock`,
    );
    // The same number, another process.
    writeFileSync(`${file}.lock`, JSON.stringify({ pid: holder.pid, startTicks: startTicks + 1 }));
    expect(await withRegistryLock(file, async () => 'done')).toBe('done');
  } finally {
    holder.kill('SIGKILL');
  }
});

it('moves a damaged file aside, but not one that is just being written', async () => {
  writeFileSync(file, '{"nodes": [');
  expect(setAside(file, [])).toBeUndefined();
  utimesSync(file, new Date(0), new Date(0));
  const aside = setAside(file, []);
  expect(aside).toMatch(/nodes\.json\.damaged-\d{4}-/);
  expect(readFileSync(aside ?? '', 'utf8')).toBe('{"nodes": [');
  expect(existsSync(file)).toBe(false);
  writeFileSync(file, '{"nodes": 7}');
  utimesSync(file, new Date(0), new Date(0));
  const [entry] = (await withNode([], { path: node('a') })).entries;
  const second = setAside(file, entry === undefined ? [] : [entry]);
  expect(readFileSync(second ?? '', 'utf8')).toBe('{"nodes": 7}');
  expect(names()).toEqual([join(folder, 'a')]);
});

it('leaves a damaged file alone when it is edited', async () => {
  writeFileSync(file, '{');
  await expect(editRegistryFile(file, (entries) => entries)).rejects.toThrow(DamagedRegistry);
  expect(readFileSync(file, 'utf8')).toBe('{');
});

it('says what to do in a folder that may not be written', () => {
  chmodSync(folder, 0o500);
  // Root may write everywhere; nobody may not.
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.('nobody');
  try {
    expect(() => writeRegistry(file, [])).toThrow(expect.objectContaining({ hint: expect.stringContaining('--home') }));
  } finally {
    if (isRoot) process.seteuid?.(0);
    chmodSync(folder, 0o700);
  }
});

it.runIf(existsSync('/dev/full'))('keeps the old registry where the disk is full', () => {
  writeRegistry(file, []);
  const before = readFileSync(file, 'utf8');
  // The draft of the new one leads to a device that is always full.
  symlinkSync('/dev/full', `${file}.${process.pid}.tmp`);
  expect(() => writeRegistry(file, [])).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('The disk is full: make room') }),
  );
  expect(readFileSync(file, 'utf8')).toBe(before);
});
