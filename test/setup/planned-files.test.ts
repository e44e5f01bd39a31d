import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UserError } from '../../source/errors.ts';
import { compareFiles, type PlannedFile, recordFileOf, writeFiles } from '../../source/setup/planned-files.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-planned-'));
});
afterEach(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true });
});

const plan = (text: string, name = 'a'): PlannedFile => ({ path: join(folder, 'sub', name), text, purpose: 'test' });

function apply(files: readonly PlannedFile[], force = false): string[] {
  const outcomes = compareFiles(files, recordFileOf(folder), { force });
  writeFiles(outcomes, recordFileOf(folder));
  return outcomes.map(({ outcome }) => outcome);
}

test('new, unchanged, changed; nothing is left beside them', () => {
  expect(apply([plan('one'), { ...plan('secret', 'b'), mode: 0o600 }])).toEqual(['new', 'new']);
  expect(statSync(join(folder, 'sub', 'b')).mode & 0o777).toBe(0o600);
  expect(apply([plan('one')])).toEqual(['unchanged']);
  expect(apply([plan('two')])).toEqual(['changed']);
  expect(readFileSync(plan('').path, 'utf8')).toBe('two');
  expect(readdirSync(join(folder, 'sub')).sort()).toEqual(['a', 'b']);
});

test('a file that was edited is kept where nothing else is wanted, and else not overwritten', () => {
  apply([plan('one')]);
  writeFileSync(plan('').path, 'mine');
  expect(apply([plan('one')])).toEqual(['kept']);
  expect(apply([plan('two'), plan('other', 'b')])).toEqual(['conflict', 'new']);
  expect(readFileSync(plan('').path, 'utf8')).toBe('mine');
  expect(apply([plan('two')], true)).toEqual(['replaced']);
  expect(readFileSync(plan('').path, 'utf8')).toBe('two');
  expect(readFileSync(`${plan('').path}.old`, 'utf8')).toBe('mine');
  expect(apply([plan('three')])).toEqual(['changed']);
});

test('a file that was there before is not overwritten', () => {
  mkdirSync(join(folder, 'sub'));
  writeFileSync(plan('').path, 'before');
  expect(apply([plan('one')])).toEqual(['conflict']);
  expect(readFileSync(plan('').path, 'utf8')).toBe('before');
});

test('with a damaged record nothing is overwritten', () => {
  apply([plan('one')]);
  writeFileSync(recordFileOf(folder), '{"');
  expect(apply([plan('two')])).toEqual(['conflict']);
});

test('where one file cannot be written none is, and what was made on the way is gone', () => {
  writeFileSync(join(folder, 'in-the-way'), '');
  const bad: PlannedFile = { path: join(folder, 'in-the-way', 'x'), text: 'x', purpose: 'test' };
  const act = (): unknown => apply([plan('one'), bad]);
  expect(act).toThrow(UserError);
  expect(act).toThrow(/in-the-way\/x cannot be written/);
  expect(readdirSync(folder)).toEqual(['in-the-way']);
  expect(existsSync(plan('').path)).toBe(false);
});
