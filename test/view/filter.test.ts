import { expect, test } from 'vitest';
import { parseFilter } from '../../source/view/filter.ts';

const columns = ['machine', 'node', 'status'];
const rows = [
  { machine: 'jetson_1', node: 'front_door', status: 'running' },
  { machine: 'jetson_2', node: 'gripper', status: 'failed' },
  { machine: 'jetson_2', node: 'Terrace', status: 'stopped' },
];

function shown(text: string): string[] {
  const parsed = parseFilter(text, columns);
  if (!parsed.ok) throw new Error(parsed.reason);
  return rows.filter((row) => parsed.matches(row)).map((row) => row.node);
}

test.each([
  ['', ['front_door', 'gripper', 'Terrace']],
  ['door', ['front_door']],
  ['terr', ['Terrace']],
  ['!jetson_1', ['gripper', 'Terrace']],
  ['machine:jetson_2', ['gripper', 'Terrace']],
  ['status=failed', ['gripper']],
  ['status!=running', ['gripper', 'Terrace']],
  ['status!=running machine:2 terr', ['Terrace']],
  ['/^front|per$/', ['front_door', 'gripper']],
  ['STATUS=FAILED', ['gripper']],
  // Half typed: nothing disappears yet.
  ['status=', ['front_door', 'gripper', 'Terrace']],
  ['!', ['front_door', 'gripper', 'Terrace']],
])('%j shows %j', (text, nodes) => {
  expect(shown(text)).toEqual(nodes);
});

test('what cannot be understood is said, with what could be', () => {
  expect(parseFilter('colour=red', columns)).toEqual({
    ok: false,
    reason: 'no column "colour" here; there are machine, node, status',
  });
  expect(parseFilter('/(/', columns)).toMatchObject({
    ok: false,
    reason: expect.stringContaining('regular expression'),
  });
});
