import { expect, it } from 'vitest';
import { type SeenSegment, ShmGrowthRecord } from '../../source/daemon/shm-growth.ts';

const seen = (name: string, owner: number | undefined, takenBytes: number, orphan = false): SeenSegment => ({
  key: name,
  takenBytes,
  segment: {
    name,
    sizeBytes: takenBytes,
    owner: owner === undefined ? undefined : { pid: owner, name: 'cam' },
    readers: [],
    orphan,
  },
});

it('counts what each run of a node takes, and what ended runs left behind', () => {
  const record = new ShmGrowthRecord();
  // 11 and 12 are two processes of one run; 50 is no node.
  const runOf = (pid: number) => (pid === 50 ? undefined : { node: 'cam', pid: pid - (pid % 10) });
  expect(record.take([seen('a', 11, 100), seen('b', 12, 50), seen('x', 50, 9)], runOf)).toEqual([
    {
      node: 'cam',
      runs: 1,
      liveBytes: 150,
      firstRunPeakBytes: 150,
      lastRunPeakBytes: 150,
      leftSegments: 0,
      leftBytes: 0,
    },
  ]);
  // Less than before is no new peak.
  expect(record.take([seen('a', 11, 100)], runOf)).toMatchObject([{ runs: 1, liveBytes: 100, lastRunPeakBytes: 150 }]);
  // Killed: it leaves one behind, which was known to be its.
  expect(record.take([seen('a', undefined, 100, true), seen('y', undefined, 7, true)], runOf)).toMatchObject([
    { runs: 1, liveBytes: 0, leftSegments: 1, leftBytes: 100 },
  ]);
  expect(record.take([seen('a', undefined, 100, true), seen('c', 21, 300)], runOf)).toMatchObject([
    { runs: 2, liveBytes: 300, firstRunPeakBytes: 150, lastRunPeakBytes: 300, leftBytes: 100 },
  ]);
  // No orphan, but left behind all the same: a reader holds it.
  expect(record.take([seen('a', undefined, 100, false), seen('c', 21, 300)], runOf)).toMatchObject([
    { liveBytes: 300, leftSegments: 1, leftBytes: 100 },
  ]);
  // Cleaned up.
  expect(record.take([seen('c', 21, 300)], runOf)).toMatchObject([{ leftSegments: 0, leftBytes: 0 }]);
});
