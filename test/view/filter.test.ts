import { expect, test } from 'vitest';
import { parseFilter } from '../../source/view/filter.ts';

const columns = [{ id: 'machine' }, { id: 'node' }, { id: 'status' }, { id: 'restarts', isNumber: true }];
const rows: readonly Readonly<Record<string, string>>[] = [
  { machine: 'jetson_1', node: 'front_door', status: 'running', restarts: '0' },
  { machine: 'jetson_2', node: 'gripper', status: 'failed', restarts: '12' },
  { machine: 'jetson_2', node: 'Terrace cam', status: 'stopped', restarts: '' },
];

function shown(text: string): string[] {
  const parsed = parseFilter(text, columns);
  if (!parsed.ok) throw new Error(parsed.reason);
  return rows.filter((row) => parsed.matches((id) => row[id] ?? '')).map((row) => row.node ?? '');
}

test.each([
  ['', ['front_door', 'gripper', 'Terrace cam']],
  ['door', ['front_door']],
  ['terr', ['Terrace cam']],
  ['!jetson_1', ['gripper', 'Terrace cam']],
  ['machine:jetson_2', ['gripper', 'Terrace cam']],
  ['status=failed', ['gripper']],
  ['status!=running', ['gripper', 'Terrace cam']],
  ['status!=running machine:2 terr', ['Terrace cam']],
  ['/^front|per$/', ['front_door', 'gripper']],
  ['STATUS=FAILED', ['gripper']],
  ['"terrace cam"', ['Terrace cam']],
  ['node="terrace cam"', ['Terrace cam']],
  ['node:"race c" status:stop', ['Terrace cam']],
  ['!"terrace cam"', ['front_door', 'gripper']],
  ['/race c/', ['Terrace cam']],
  ['machine:/_2$/ node:/^g/', ['gripper']],
  ['!machine:/_2$/', ['front_door']],
  ['!status:run', ['gripper', 'Terrace cam']],
  ['restarts>3', ['gripper']],
  ['restarts<=12', ['front_door', 'gripper']],
  ['restarts<0.5', ['front_door']],
  ['!restarts>=1', ['front_door', 'Terrace cam']],
  ['machine:jetson_1 status:failed', []],
  // As many are used to from elsewhere.
  ['-machine:jetson_1', ['gripper', 'Terrace cam']],
  ['status:failed -machine:jetson_1 /grip/', ['gripper']],
  ['-machine:/_2$/', ['front_door']],
  ['-"terrace cam" -front', ['gripper']],
  ['-/race c/', ['front_door', 'gripper']],
  // That is looked for as it stands.
  ['-9', []],
  // Half typed: nothing disappears yet.
  ['status=', ['front_door', 'gripper', 'Terrace cam']],
  ['restarts>', ['front_door', 'gripper', 'Terrace cam']],
  ['!status:', ['front_door', 'gripper', 'Terrace cam']],
  ['node:"', ['front_door', 'gripper', 'Terrace cam']],
  ['"', ['front_door', 'gripper', 'Terrace cam']],
  ['!', ['front_door', 'gripper', 'Terrace cam']],
])('%j shows %j', (text, nodes) => {
  expect(shown(text)).toEqual(nodes);
});

test('what cannot be understood is said, with what could be', () => {
  expect(parseFilter('colour=red', columns)).toEqual({
    ok: false,
    reason: 'no column "colour" here; there are machine, node, status, restarts',
  });
  expect(parseFilter('/(/', columns)).toMatchObject({
    ok: false,
    reason: expect.stringContaining('regular expression'),
  });
  expect(parseFilter('status>3', columns)).toEqual({ ok: false, reason: '"status" holds no numbers; restarts do' });
  expect(parseFilter('restarts>many', columns)).toEqual({ ok: false, reason: 'many is not a number' });
});
