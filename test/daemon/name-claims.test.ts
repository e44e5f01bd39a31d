import { expect, it } from 'vitest';
import { claimNames } from '../../source/daemon/name-claims.ts';
import type { NodeSpec } from '../../source/daemon/node-spec.ts';

const spec = (path: string, name: string, more: Partial<NodeSpec> = {}) =>
  ({ path, name, hasName: true, nameOverride: undefined, problem: undefined, ...more }) as NodeSpec;
const names = (specs: readonly NodeSpec[]) => specs.map(({ name, problem }) => [name, problem !== undefined]);

it.each([
  [
    'names that differ stay',
    [spec('/a', 'a'), spec('/b', 'b')],
    [],
    [
      ['a', false],
      ['b', false],
    ],
  ],
  [
    'the first of two keeps the name',
    [spec('/x', 'a'), spec('/y', 'a')],
    [],
    [
      ['a', false],
      ['y', true],
    ],
  ],
  [
    'the one that has it keeps it, whoever comes first; the other keeps its own',
    [spec('/x', 'a'), spec('/y', 'a')],
    [
      { name: 'a', path: '/y' },
      { name: 'b', path: '/x' },
    ],
    [
      ['b', true],
      ['a', false],
    ],
  ],
  [
    'a folder’s name that is taken gets a number',
    [spec('/p/a', 'a'), spec('/q/a', 'a'), spec('/r/a', 'a')],
    [],
    [
      ['a', false],
      ['a_2', true],
      ['a_3', true],
    ],
  ],
  [
    'a node.yaml that cannot be read leaves the node its name',
    [spec('/front-door', 'front-door', { hasName: false, problem: 'no YAML' })],
    [{ name: 'front_door', path: '/front-door' }],
    [['front_door', true]],
  ],
  [
    'the name of an instance is not that of its base',
    [
      spec('/f', 'f', { hasName: false, problem: 'no YAML' }),
      spec('/f', 'two', { hasName: false, nameOverride: 'two' }),
    ],
    [{ name: 'two', path: '/f' }],
    [
      ['f', true],
      ['two', false],
    ],
  ],
  ['a node may change its name', [spec('/a', 'new')], [{ name: 'old', path: '/a' }], [['new', false]]],
])('%s', (_label, specs, known, expected) => {
  expect(names(claimNames(specs, known))).toEqual(expected);
});
