import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { expect, it } from 'vitest';
import { checkYaml, checkYamlFile, formatFault } from '../../source/schema/checked-yaml.ts';
import { nodeYamlSchema } from '../../source/schema/node-yaml.ts';
import { topicProblem } from '../../source/wire/names.ts';
import { mutated, seededRandom } from '../support/seeded-random.ts';

const schema = v.strictObject({
  rate: v.optional(v.pipe(v.number(), v.minValue(1), v.integer()), 5),
  names: v.optional(v.array(v.string())),
  inner: v.optional(v.strictObject({ on: v.boolean() })),
});

const faults = (text: string): readonly string[] => {
  const checked = checkYaml(text, 'c.yaml', schema);
  return checked.ok ? [] : checked.faults.map(formatFault);
};

it('gives the value, with what is left out filled in', () => {
  expect(checkYaml('names: [a, b]', 'c.yaml', schema)).toEqual({ ok: true, value: { rate: 5, names: ['a', 'b'] } });
  for (const empty of ['', '# nothing\n', '---\n'])
    expect(checkYaml(empty, 'c.yaml', schema)).toEqual({ ok: true, value: { rate: 5 } });
});

it.each([
  ['rate: fast', ['c.yaml:1:7: rate: must be a number, not "fast"']],
  ['rate: 0.5', ['c.yaml:1:7: rate: must be at least 1, not 0.5', 'c.yaml:1:7: rate: must be a whole number, not 0.5']],
  ['names:\n  - a\n  - 5\n', ['c.yaml:3:5: names[1]: must be text, not 5']],
  ['inner: {}\n', ['c.yaml:1:8: inner.on: is missing']],
  [
    'inner:\n  on: yes\n  off: no\n',
    ['c.yaml:2:7: inner.on: must be true or false, not "yes"', 'c.yaml:3:3: inner.off: there is no such field'],
  ],
  ['inner: 7', ['c.yaml:1:8: inner: must be a map of fields, not 7']],
  ['"ra\\u001b[31mte": 1', ['c.yaml:1:1: rate: there is no such field']],
  ['rate: 1\nrate: 2', ['c.yaml:2:1: Map keys must be unique']],
  ['[1, 2]', ['c.yaml: must be a map of fields, not a list']],
])('%j: every fault where it stands', (text, expected) => {
  expect(faults(text)).toEqual(expected);
});

it('a bomb of aliases and a file too large are refused', () => {
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c]\n`;
  expect(faults(bomb)).toEqual([expect.stringContaining('alias')]);
  const folder = mkdtempSync(join(tmpdir(), 'bubbaloop-yaml-'));
  const file = join(folder, 'c.yaml');
  writeFileSync(file, `# ${'x'.repeat(300 * 1024)}`);
  expect(checkYamlFile(file, schema)).toMatchObject({
    ok: false,
    faults: [{ message: 'the file is larger than 256 KB' }],
  });
  expect(checkYamlFile(folder, schema)).toMatchObject({ ok: false });
  rmSync(folder, { recursive: true });
});

it('whatever the bytes, it answers, with places that are in the file', () => {
  const seed = Buffer.from(
    'name: a\nversion: 1.0.0\ntype: node\npublishes: [a/b, c/d]\nrequires: {x: &y [1, 2], z: *y}\n',
  );
  const random = seededRandom(11);
  for (let count = 0; count < 3_000; count += 1) {
    const text = Buffer.from(mutated(seed, random)).toString('utf8');
    const checked = checkYaml(text, 'node.yaml', nodeYamlSchema);
    if (checked.ok) continue;
    expect(checked.faults.length).toBeGreaterThan(0);
    for (const fault of checked.faults) {
      expect(fault.line ?? 1).toBeLessThanOrEqual(text.split(/\r\n|\n|\r/).length + 1);
      expect(formatFault(fault)).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    }
  }
});

it.each([
  ['reading', 'node', undefined],
  ['a.b/c_d-E/9', 'node', undefined],
  ['health', 'node', 'reserved'],
  ['command/now', 'node', 'reserved'],
  ['my/health', 'node', undefined],
  ['', 'node', 'letters'],
  ['a b', 'node', 'letters'],
  ['a/*', 'node', 'letters'],
  ['ñ', 'node', 'letters'],
  ['x'.repeat(201), 'node', 'letters'],
  ['/a', 'node', 'begins'],
  ['a//b', 'node', 'two of them'],
  ['a/', 'node', 'ends'],
  ['weather/current', 'machine', undefined],
  ['weather', 'machine', 'two parts'],
  ['daemon/nodes', 'machine', 'reserved'],
  ['arm/manifest', 'machine', 'reserved'],
] as const)('the topic %j under the %s', (topic, under, problem) => {
  if (problem === undefined) expect(topicProblem(topic, under)).toBeUndefined();
  else expect(topicProblem(topic, under)).toContain(problem);
});
