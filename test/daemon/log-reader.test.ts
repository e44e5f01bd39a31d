import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LogTail, readHistory } from '../../source/daemon/log-reader.ts';

let folder: string;
let file: string;
const tails: LogTail[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-reader-'));
  file = join(folder, 'n.log');
});
afterEach(async () => {
  await Promise.all(tails.splice(0).map((tail) => tail.close()));
  rmSync(folder, { recursive: true });
});

const at = (minute: number, text: string) => `2026-01-01T00:${String(minute).padStart(2, '0')}:00.000Z out ${text}\n`;
const rotate = () => renameSync(file, `${file}.1`);
const history = (maxLines: number, more: { sinceMs?: number; maxBytes?: number } = {}) =>
  readHistory(file, { maxLines, maxBytes: 1_000_000, ...more });

async function tailOf(...from: Parameters<LogTail['begin']>): Promise<LogTail> {
  const tail = new LogTail(file);
  tails.push(tail);
  await tail.begin(...from);
  return tail;
}

async function readAll(tail: LogTail): Promise<string> {
  let text = '';
  for (let part = await tail.read(); part !== undefined; part = await tail.read()) text += part.text;
  return text;
}

it('reads the newest lines of both files', async () => {
  expect(await history(5)).toMatchObject({ text: '', end: { file: '', offset: 0 } });
  writeFileSync(file, at(1, 'a') + at(2, 'b'));
  rotate();
  writeFileSync(file, `${at(3, 'c') + at(4, 'd')}2026-01-01T00:05:00.000Z out half`);
  expect((await history(1)).text).toBe(at(4, 'd'));
  expect(await history(3)).toMatchObject({ text: at(2, 'b') + at(3, 'c') + at(4, 'd'), isCut: false });
  expect((await history(0)).text).toBe('');
  const since = Date.parse('2026-01-01T00:02:00Z');
  expect((await history(100, { sinceMs: since })).text).toBe(at(2, 'b') + at(3, 'c') + at(4, 'd'));
  expect((await history(2, { sinceMs: since })).text).toBe(at(3, 'c') + at(4, 'd'));
  expect((await history(100, { sinceMs: since + 3_600_000 })).text).toBe('');
});

it('says that older lines are left out where the answer has no room for them', async () => {
  writeFileSync(file, Array.from({ length: 50 }, (_item, index) => at(index, 'x'.repeat(100))).join(''));
  const part = await history(50, { maxBytes: 1_000 });
  expect(part.isCut).toBe(true);
  expect(part.text.split('\n').length - 1).toBe(7);
  expect(await history(3, { maxBytes: 1_000 })).toMatchObject({ isCut: false });
});

it('follows from the end, whole lines only, and waits for a file that is not there yet', async () => {
  const early = await tailOf();
  expect(await readAll(early)).toBe('');
  writeFileSync(file, at(1, 'a'));
  const tail = await tailOf();
  expect(await readAll(early)).toBe(at(1, 'a'));
  expect(await readAll(tail)).toBe('');
  appendFileSync(file, at(2, 'b') + at(3, 'c').slice(0, 10));
  expect(await readAll(tail)).toBe(at(2, 'b'));
  appendFileSync(file, at(3, 'c').slice(10));
  expect(await readAll(tail)).toBe(at(3, 'c'));
});

it('loses nothing and repeats nothing over one rotation and over two', async () => {
  writeFileSync(file, at(1, 'a'));
  const tail = await tailOf((await history(10)).end);
  appendFileSync(file, at(2, 'last of the first'));
  rotate();
  writeFileSync(file, at(3, 'b'));
  expect(await readAll(tail)).toBe(at(2, 'last of the first') + at(3, 'b'));
  appendFileSync(file, at(4, 'c'));
  rotate();
  writeFileSync(file, at(5, 'd'));
  rotate();
  writeFileSync(file, at(6, 'e'));
  expect(await readAll(tail)).toBe(at(4, 'c') + at(5, 'd') + at(6, 'e'));
});

it('goes on from a place in the file that was moved meanwhile, and from the start of one that was cut', async () => {
  writeFileSync(file, at(1, 'a'));
  const { end } = await history(10);
  appendFileSync(file, at(2, 'b'));
  rotate();
  writeFileSync(file, at(3, 'c'));
  const tail = await tailOf(end);
  expect(await readAll(tail)).toBe(at(2, 'b') + at(3, 'c'));
  appendFileSync(file, at(4, 'd'));
  expect(await readAll(tail)).toBe(at(4, 'd'));
  writeFileSync(file, at(5, 'e'));
  expect(await readAll(tail)).toBe(at(5, 'e'));
});

it('keeps up with a writer that rotates while it reads', async () => {
  const wanted: string[] = [];
  writeFileSync(file, '');
  const tail = await tailOf();
  let seen = '';
  for (let index = 0; index < 300; index += 1) {
    const line = at(index % 60, `line ${index}`);
    wanted.push(line);
    appendFileSync(file, line);
    if (index % 13 === 12) {
      rotate();
      writeFileSync(file, '');
    }
    if (index % 7 === 0) seen += await readAll(tail);
  }
  expect(seen + (await readAll(tail))).toBe(wanted.join(''));
});
