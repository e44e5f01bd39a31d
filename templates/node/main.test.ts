import assert from 'node:assert/strict';
import { test } from 'node:test';
import { node, readSensor } from './main.ts';

test('the sensor gives a number', () => {
  assert.ok(Number.isFinite(readSensor()));
});

test('the node publishes what node.yaml says', () => {
  assert.equal(node.kind, '__NAME__');
  assert.deepEqual(Object.keys(node.outputs ?? {}), ['reading']);
});
