import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type AuditEntry, AuditLog } from '../../source/daemon/audit-log.ts';

let folder: string;
let said: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-audit-'));
  said = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const entry = (fields: Partial<AuditEntry> = {}): AuditEntry => ({
  event: 'done',
  way: 'query',
  requestId: 'r',
  command: 'start',
  node: 'tick',
  ...fields,
});
const open = (maxBytes?: number, file = 'audit.log') =>
  new AuditLog({ file: join(folder, file), say: (text) => said.push(text), maxBytes });
const linesOf = (file: string): { event: string; count?: number }[] =>
  readFileSync(join(folder, file), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

it('keeps a line of JSON for each, in order, for its user only', async () => {
  const log = open();
  log.record(entry({ event: 'accepted', sender: 'a@b', keyId: 'f00d' }));
  log.record(entry({ message: 'Started tick.\nWith a break.' }));
  await log.close();
  expect(linesOf('audit.log')).toMatchObject([
    {
      event: 'accepted',
      way: 'query',
      request_id: 'r',
      command: 'start',
      node: 'tick',
      signed: true,
      sender: 'a@b',
      key_id: 'f00d',
    },
    { event: 'done', signed: false, message: 'Started tick.\nWith a break.' },
  ]);
  expect(statSync(join(folder, 'audit.log')).mode & 0o777).toBe(0o600);
});

it('closes a file that others can read', async () => {
  writeFileSync(join(folder, 'audit.log'), '');
  chmodSync(join(folder, 'audit.log'), 0o644);
  const log = open();
  log.record(entry());
  await log.close();
  expect(statSync(join(folder, 'audit.log')).mode & 0o777).toBe(0o600);
});

it('is set aside by size, and the oldest goes', async () => {
  for (let round = 0; round < 12; round += 1) {
    const log = open(300);
    for (let count = 0; count < 4; count += 1) log.record(entry({ requestId: `${round}` }));
    await log.close();
  }
  expect(readdirSync(folder).sort()).toEqual(['audit.log', 'audit.log.1', 'audit.log.2', 'audit.log.3', 'audit.log.4']);
  for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).size).toBeLessThan(2_000);
});

it('under a flood of refusals stays small, counts what it drops, and keeps what was done', async () => {
  const log = open();
  for (let count = 0; count < 100_000; count += 1) log.record(entry({ event: 'refused', message: 'x'.repeat(200) }));
  log.record(entry({ requestId: 'mine' }));
  await log.close();
  const lines = linesOf('audit.log');
  const dropped = lines.reduce((sum, { count = 0 }) => sum + count, 0);
  const refused = lines.filter(({ event }) => event === 'refused').length;
  expect(refused).toBeGreaterThanOrEqual(2_000);
  expect(refused + dropped).toBe(100_000);
  expect(lines).toContainEqual(expect.objectContaining({ event: 'done', request_id: 'mine' }));
  expect(statSync(join(folder, 'audit.log')).size).toBeLessThan(4 * 1024 * 1024);
});

it('says once that it cannot be written, and counts what is missing when it can again', async () => {
  mkdirSync(join(folder, 'in-the-way'));
  const log = open(undefined, 'in-the-way');
  log.record(entry());
  await log.close();
  log.record(entry());
  await log.close();
  expect(said).toEqual([expect.stringContaining('cannot be written')]);
  rmSync(join(folder, 'in-the-way'), { recursive: true });
  log.record(entry());
  await log.close();
  expect(linesOf('in-the-way')).toMatchObject([{ event: 'dropped', count: 2 }, { event: 'done' }]);
});
