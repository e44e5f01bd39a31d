import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { NodeLog } from '../../source/daemon/node-log.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-log-'));
  file = join(folder, 'n.log');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The file's lines without their time. */
const lines = () =>
  readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => line.replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z /, ''));

it('writes lines with time and stream, however they come in pieces', async () => {
  const log = new NodeLog(file);
  for (const piece of ['one\ntw', 'o\r\n', '\n', 'ü', '!\nlast']) log.write('out', Buffer.from(piece));
  log.write('err', Buffer.from('bad\n'));
  const split = Buffer.from('€\n');
  log.write('err', split.subarray(0, 1));
  log.write('err', split.subarray(1));
  log.end();
  log.note('ended: exit 0');
  await log.flush();
  expect(lines()).toEqual([
    'out one',
    'out two',
    'out ',
    'out ü!',
    'err bad',
    'err €',
    'out last',
    'daemon ended: exit 0',
  ]);
  expect(log.lastLines).toEqual(['', 'ü!', 'bad', '€', 'last']);
  log.note('starting', { isStart: true });
  expect(log.lastLines).toEqual([]);
});

it('cuts a line of a megabyte and says how much is gone', async () => {
  const log = new NodeLog(file, { limits: { lineBytes: 100 } });
  for (let index = 0; index < 16; index += 1) log.write('out', Buffer.alloc(65_536, 'x'));
  log.write('out', Buffer.from('\nnext\n'));
  await log.flush();
  expect(lines()).toEqual([`out ${'x'.repeat(100)} … [1048476 more bytes of this line cut]`, 'out next']);
});

it('keeps two files of bounded size', async () => {
  const log = new NodeLog(file, { limits: { fileBytes: 2_000 } });
  for (let index = 0; index < 200; index += 1) {
    log.write('out', Buffer.from(`line ${index}\n`));
    await log.flush();
  }
  expect(statSync(file).size).toBeLessThan(2_100);
  expect(statSync(`${file}.1`).size).toBeLessThan(2_100);
  const tail = await log.tail(10, 100_000);
  expect(tail.split('\n')).toHaveLength(11);
  expect(tail).toMatch(/line 190\n[\s\S]*line 199\n$/);
  // Across both files, and whole lines only where bytes are the bound.
  expect((await log.tail(1_000, 100_000)).split('\n').length).toBeGreaterThan(60);
  const few = await log.tail(1_000, 100);
  expect(few.length).toBeLessThanOrEqual(100);
  expect(few).toMatch(/^\d{4}-/);
});

it('drops what floods the disk, and counts it', async () => {
  const log = new NodeLog(file, { limits: { writeBytesPerSecond: 1_000 } });
  log.write('out', Buffer.from('0123456789\n'.repeat(10_000)));
  log.end();
  await log.flush();
  expect(lines().length).toBeLessThan(40);
  expect(lines().at(-1)).toMatch(/^daemon dropped 99\d\d lines/);
});

it('asks a flooding node to wait', async () => {
  const log = new NodeLog(file, { limits: { readBytesPerSecond: 100_000 } });
  expect(log.write('out', Buffer.from('a\n'))).toBe(true);
  expect(log.write('out', Buffer.from('a\n'.repeat(2_000)))).toBe(false);
  await log.whenReady();
  expect(log.write('out', Buffer.from('a\n'))).toBe(true);
  await log.flush();
});

it('lets a node go on after a second, though the clock was set back by a day', async () => {
  const log = new NodeLog(file, { limits: { readBytesPerSecond: 100 } });
  expect(log.write('out', Buffer.from('a\n'.repeat(20)))).toBe(false);
  const now = Date.now;
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() - 86_400_000);
  await log.whenReady();
  expect(log.write('out', Buffer.from(''))).toBe(true);
  clock.mockRestore();
  await log.flush();
});

it('survives a disk that refuses, and says so once', async () => {
  const failures: string[] = [];
  const log = new NodeLog(join(folder, 'missing', 'n.log'), { onFailure: (reason) => failures.push(reason) });
  log.note('a');
  await log.flush();
  log.note('b');
  await log.flush();
  expect(failures).toEqual([expect.stringContaining('ENOENT')]);
  expect(await log.tail(10, 1_000)).toBe('');
});
