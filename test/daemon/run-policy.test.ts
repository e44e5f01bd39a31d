import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DesiredState } from '../../source/daemon/desired-state.ts';
import { DEFAULT_POLICY, readRunPolicy } from '../../source/daemon/run-policy.ts';
import { startOrder } from '../../source/daemon/start-order.ts';

it.each([
  [{}, DEFAULT_POLICY],
  [{ depends_on: null }, DEFAULT_POLICY],
  [
    { restart: 'always', success_exit_codes: [0, 143], depends_on: ['camera'] },
    { restart: 'always', successExitCodes: [0, 143], dependsOn: ['camera'] },
  ],
  [{ restart: 'often' }, '"restart" is "often"; it may be never, on-failure or always'],
  [{ success_exit_codes: [256] }, '"success_exit_codes" is no list of numbers from 0 to 255'],
  [{ depends_on: 'camera' }, '"depends_on" is no list of names'],
])('reads the policy of %j', (yaml, policy) => {
  expect(readRunPolicy(yaml)).toEqual(policy);
});

it('puts first what a node depends on, each once, and comes out of a circle', () => {
  const nodes: Readonly<Record<string, readonly string[]>> = {
    app: ['detector', 'camera'],
    detector: ['camera', 'unknown'],
    camera: [],
    left: ['right'],
    right: ['left'],
  };
  const order = (name: string) => startOrder(name, (known) => nodes[known]);
  expect(order('app')).toEqual(['camera', 'detector', 'app']);
  expect(order('camera')).toEqual(['camera']);
  expect(order('left')).toEqual(['right', 'left']);
});

it('remembers what is wanted for one life of the machine, until a daemon ends well', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bubbaloop-desired-'));
  const file = join(folder, 'desired.json');
  try {
    const first = new DesiredState(file, 'boot-1');
    first.set('a', 'running');
    first.set('b', 'stopped');
    first.set('c', 'running');
    first.set('c', undefined);
    const names = ['a', 'b', 'c'];
    expect(names.map((name) => new DesiredState(file, 'boot-1').get(name))).toEqual(['running', 'stopped', undefined]);
    expect(names.map((name) => new DesiredState(file, 'boot-2').get(name))).toEqual([undefined, undefined, undefined]);
    first.forget();
    expect(new DesiredState(file, 'boot-1').get('a')).toBeUndefined();
    writeFileSync(file, '{"bootId":');
    expect(new DesiredState(file, 'boot-1').get('a')).toBeUndefined();
    new DesiredState(file, 'boot-1').set('a', 'stopped');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ bootId: 'boot-1', nodes: { a: 'stopped' } });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
