/** How the limits and times of rules are written. */
import type { LimitUnit } from './rules.ts';

const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A reader for each unit: the number, undefined for a text that is none. */
export const LIMIT_UNITS: Readonly<
  Record<LimitUnit, { read(text: string): number | undefined; readonly example: string }>
> = {
  hertz: { read: withUnit(/^([\d.]+)\s*(?:hz)?$/i), example: "messages per second, 5 or '5 Hz'" },
  percent: { read: withUnit(/^([\d.]+)\s*%?$/, 100), example: "a share, 90 or '90%'" },
  celsius: { read: withUnit(/^(-?[\d.]+)\s*(?:°?C)?$/i), example: "degrees Celsius, 85 or '85C'" },
  count: { read: withUnit(/^(\d+)$/), example: 'a whole number' },
  milliseconds: {
    read: (text) => {
      const [, figure, unit] = /^([\d.]+)\s*(ms|s|m|h|d)$/.exec(text) ?? [];
      const value = Number(figure) * (DURATION_UNITS[unit ?? ''] ?? Number.NaN);
      return Number.isFinite(value) ? value : undefined;
    },
    example: "a time such as '10s', '500ms', '2m', '1h'",
  },
};

function withUnit(pattern: RegExp, most = Number.POSITIVE_INFINITY): (text: string) => number | undefined {
  return (text) => {
    const value = Number(pattern.exec(text)?.[1] ?? Number.NaN);
    return Number.isFinite(value) && value <= most ? value : undefined;
  };
}
