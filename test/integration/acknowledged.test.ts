import { expect, test } from 'vitest';
import { Acknowledged } from '../support/acknowledged.ts';

test('the last state is that of a command after which none was sent that was acknowledged', () => {
  const node = new Acknowledged();
  expect([node.allows(false), node.allows(true)]).toEqual([true, false]);

  // Two at once: either may be the last.
  const [start, stop] = [node.send(true), node.send(false)];
  expect(node.end(start, true)).toBe(true);
  expect(node.end(stop, true)).toBe(true);
  expect([node.allows(false), node.allows(true)]).toEqual([true, true]);

  // One that was sent after both settles it, and one that nobody answered opens it again.
  expect(node.end(node.send(true), true)).toBe(false);
  expect([node.allows(false), node.allows(true)]).toEqual([false, true]);
  node.end(node.send(false), false);
  expect([node.allows(false), node.allows(true)]).toEqual([true, true]);
  node.end(node.send(false), true);
  expect([node.allows(false), node.allows(true)]).toEqual([true, false]);
});
