/** What this program itself costs, in words for the end of the last line. */
import { formatByteRate } from './format.ts';

export interface OwnCost {
  /** Of one processor. */
  readonly cpuPercent: number;
  readonly memoryBytes: number;
  /** To the terminal. */
  readonly bytesPerSecond: number;
}

/** `top 0.6% 71M 290 B/s`. Rounded: a figure that flickers costs more than it tells. */
export function costWords({ cpuPercent, memoryBytes, bytesPerSecond }: OwnCost): string {
  const cpu = cpuPercent < 9.95 ? cpuPercent.toFixed(1) : cpuPercent.toFixed(0);
  const memory = Math.round(memoryBytes / 2 ** 20);
  const bytes = bytesPerSecond < 1_000 ? Math.round(bytesPerSecond / 10) * 10 : bytesPerSecond;
  return `top ${cpu}% ${memory}M ${formatByteRate(bytes)}`;
}
