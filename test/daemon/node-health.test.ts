import { expect, it } from 'vitest';
import { judgeHealth, SILENCE_MS } from '../../source/daemon/node-health.ts';

it('knows nothing before the first heartbeat, and gives up 30 s after the last', () => {
  expect(judgeHealth(undefined, 1e9)).toBe('unknown');
  expect(judgeHealth(1_000, 1_000)).toBe('healthy');
  expect(judgeHealth(1_000, 1_000 + SILENCE_MS)).toBe('healthy');
  expect(judgeHealth(1_000, 1_001 + SILENCE_MS)).toBe('unhealthy');
  expect(SILENCE_MS).toBe(30_000);
});
