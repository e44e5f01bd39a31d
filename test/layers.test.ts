import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

const source = join(import.meta.dirname, '..', 'source');

/** Which rooms a room's files may import from, besides itself. An import may only point left of itself. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  '.': ['commands'],
  // The README's tables and the manual page are made of the key map and the command table.
  build: ['view', 'commands'],
  native: [],
  zenoh: ['.'],
  wire: ['zenoh', '.'],
  fleet: ['wire', 'zenoh', '.'],
  view: ['fleet', 'wire', 'zenoh', '.'],
  ui: ['view', 'fleet', 'wire', 'zenoh', 'graphics', 'camera', '.'],
  graphics: [],
  camera: ['zenoh', 'wire', 'graphics', '.'],
  schema: ['wire', '.'],
  telemetry: ['wire', '.'],
  daemon: ['zenoh', 'wire', 'schema', 'telemetry', 'camera', '.'],
  nodes: ['zenoh', 'wire', 'schema', 'telemetry', '.'],
  setup: ['zenoh', 'wire', '.'],
  // Doctor looks at what others write: a daemon's files, its ledger, what a terminal answers.
  doctor: ['zenoh', 'wire', 'fleet', 'graphics', 'daemon', 'setup', '.'],
  bench: ['zenoh', 'wire', 'graphics', 'nodes', '.'],
  commands: [
    'zenoh',
    'wire',
    'schema',
    'fleet',
    'view',
    'ui',
    'graphics',
    'camera',
    'daemon',
    'nodes',
    'setup',
    'doctor',
    'bench',
    '.',
  ],
};

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name) && !name.startsWith('native/target/'))
  .map((name) => join(source, name));

test('an import points to the same room or to one on its left', () => {
  const broken: string[] = [];
  for (const file of files) {
    const room = roomOf(file);
    for (const target of importsOf(file)) {
      const targetRoom = roomOf(target);
      if (targetRoom === room || allowed[room]?.includes(targetRoom)) continue;
      broken.push(`${relative(source, file)} imports ${relative(source, target)}`);
    }
  }
  expect(broken).toEqual([]);
});

test('view/ holds data and functions: no React', () => {
  const broken = files.filter(
    (file) => roomOf(file) !== 'ui' && /from '(react|ink|ink-table)'/.test(readFileSync(file, 'utf8')),
  );
  expect(broken.map((file) => relative(source, file))).toEqual([]);
});

function roomOf(file: string): string {
  const parts = relative(source, file).split('/');
  return parts.length > 1 ? (parts[0] ?? '.') : '.';
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/(?:from|import\()\s*'(\.[^']+\.tsx?)'/g)].map((match) =>
    join(dirname(file), match[1] ?? ''),
  );
}
