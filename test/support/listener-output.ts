import type { HostProcess } from './hosts.ts';
import type { Heard } from './listener.ts';

/** What listener.ts said last. */
export function heard(listener: HostProcess): Heard {
  const whole = listener.output().split('\n').slice(0, -1);
  const line = whole.findLast((candidate) => candidate.startsWith('{'));
  return line === undefined ? { samples: {}, replies: {}, longestGapMs: 0 } : JSON.parse(line);
}
