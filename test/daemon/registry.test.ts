import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readNodeSpec } from '../../source/daemon/node-spec.ts';
import { type RegistryEntry, readRegistry, writeRegistry } from '../../source/daemon/registry.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-registry-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('keeps what it does not know, and reads back what it wrote', () => {
  const file = join(folder, 'nodes.json');
  expect(readRegistry(file)).toEqual([]);
  writeFileSync(file, JSON.stringify({ nodes: [{ path: '/a', addedAt: 'x', name_override: 'n', color: 'red' }] }));
  const entries = readRegistry(file);
  expect(entries).toMatchObject([{ path: '/a', nameOverride: 'n', autostart: false, others: { color: 'red' } }]);
  writeRegistry(
    file,
    entries.map((entry) => ({ ...entry, autostart: true })),
  );
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
    nodes: [{ path: '/a', addedAt: 'x', name_override: 'n', autostart: true, color: 'red' }],
  });
  expect(readRegistry(file)[0]?.autostart).toBe(true);
});

it.each(['', '{', '[]', '{"nodes":5}', '{"nodes":[{}]}', '{"nodes":[{"path":7}]}', 'null'])(
  'says why %j is no registry',
  (text) => {
    const file = join(folder, 'nodes.json');
    writeFileSync(file, text);
    expect(() => readRegistry(file)).toThrow(/is not a registry of nodes/);
  },
);

const entry = (path: string, more: Partial<RegistryEntry> = {}): RegistryEntry => ({
  path,
  addedAt: '',
  nameOverride: undefined,
  configOverride: undefined,
  autostart: false,
  installed: true,
  others: {},
  ...more,
});

function writeNode(name: string, yaml: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  writeFileSync(join(path, 'node.yaml'), yaml);
  return path;
}

it('reads a node folder', async () => {
  const path = writeNode(
    'cam',
    'name: front-door\nversion: 1.2\ntype: python\ndescription: sees\ncommand: python3 main.py\nbuild: make\n',
  );
  expect(await readNodeSpec(entry(path))).toMatchObject({
    name: 'front-door',
    baseNode: '',
    version: '1.2',
    type: 'python',
    command: 'python3 main.py',
    build: 'make',
    isBuilt: true,
    problem: undefined,
  });
  expect(await readNodeSpec(entry(path, { nameOverride: 'second', configOverride: '/c.yaml' }))).toMatchObject({
    name: 'second',
    baseNode: 'front-door',
    configPath: '/c.yaml',
  });
});

it('knows the usual command of a type, and whether a Rust node is built', async () => {
  const path = writeNode('rs', 'name: rs\ntype: rust\n');
  expect(await readNodeSpec(entry(path))).toMatchObject({ command: './target/release/rs', isBuilt: false });
  mkdirSync(join(path, 'target', 'release'), { recursive: true });
  writeFileSync(join(path, 'target', 'release', 'rs'), '');
  expect(await readNodeSpec(entry(path))).toMatchObject({ isBuilt: true });
  expect(await readNodeSpec(entry(writeNode('py', 'name: py\ntype: python\n')))).toMatchObject({
    problem: expect.stringContaining('no "command"'),
  });
});

it.each([
  ['a: [', 'bad', /node\.yaml: /],
  ['- a', 'list', /not a map/],
  ['name: "../x"\ncommand: a', 'odd', /letters, digits/],
  ['name: daemon\ncommand: a', 'taken', /reserved/],
  [`name: "\u001b]0;x\u0007"\ncommand: a`, 'escape', /letters, digits/],
  ['a: &a [x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a]\nc: [*b, *b, *b, *b, *b, *b, *b, *b]', 'bomb', /alias/i],
])('shows a node with a bad node.yaml (%j) with what is wrong', async (yaml, name, problem) => {
  const spec = await readNodeSpec(entry(writeNode(name, yaml)));
  expect(spec.problem).toMatch(problem);
  expect(spec.name).toBe(name);
});

it('shows a folder that is gone, or has a name that no key can hold', async () => {
  expect(await readNodeSpec(entry(join(folder, 'gone')))).toMatchObject({
    name: 'gone',
    problem: expect.stringContaining('does not exist'),
  });
  expect(await readNodeSpec(entry(join(folder, 'a b/ü')))).toMatchObject({ name: '_' });
  symlinkSync('/nowhere', join(folder, 'link'));
  expect((await readNodeSpec(entry(join(folder, 'link')))).problem).toBeDefined();
});
