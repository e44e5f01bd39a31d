import { expect, test } from 'vitest';
import {
  type BudgetLevel,
  type BudgetLimits,
  type BudgetState,
  budgetLevel,
  parseBytesPerSecond,
  startBudget,
  stepBudget,
} from '../../source/graphics/budget.ts';

const ROOMY: BudgetLimits = { bytesPerSecond: 1e6, cpuShare: 0.5, pictureBytes: 1e6 };

/** A wall of cameras on a line: what each level costs follows from the level. */
function run(
  state: BudgetState,
  seconds: number,
  world: {
    readonly cameras: number;
    readonly cameraHz: number;
    readonly limits: BudgetLimits;
    readonly bytes?: number;
    readonly cpuPerPicture?: number;
  },
  from = 0,
): { readonly state: BudgetState; readonly seen: readonly BudgetLevel[]; readonly bytesPerSecond: number } {
  const seen: BudgetLevel[] = [];
  let bytesPerSecond = 0;
  let now = state;
  for (let second = 0; second < seconds; second += 1) {
    const { rateHz, colours, scale } = budgetLevel(now);
    const picturesPerSecond = world.cameras * Math.min(rateHz, world.cameraHz);
    const bytesPerPicture = (((world.bytes ?? 25_000) * Math.log2(colours)) / 8) * scale ** 2;
    bytesPerSecond = picturesPerSecond * bytesPerPicture;
    now = stepBudget(now, {
      atMs: (from + second) * 1_000,
      bytesPerSecond,
      bytesPerPicture,
      picturesPerSecond,
      cpuShare: 0.01 + picturesPerSecond * (world.cpuPerPicture ?? 0.001),
      limits: world.limits,
    });
    seen.push(budgetLevel(now));
  }
  return { state: now, seen, bytesPerSecond };
}

const start = () => startBudget({ rateHz: 10, colours: 256, protocol: 'sixel' }, 0);

test('what fits stays as it is', () => {
  const { seen } = run(start(), 60, { cameras: 2, cameraHz: 10, limits: ROOMY });
  expect(new Set(seen.map((level) => JSON.stringify(level)))).toEqual(
    new Set(['{"rateHz":10,"colours":256,"scale":1}']),
  );
});

test('first fewer a second, then fewer colours, then smaller', () => {
  const [best, ...worse] = start().levels;
  expect(best).toEqual({ rateHz: 10, colours: 256, scale: 1 });
  let before = best;
  const order: string[] = [];
  for (const level of worse) {
    if (before === undefined) throw new Error('no level');
    const changed = (['rateHz', 'colours', 'scale'] as const).filter((what) => level[what] !== before?.[what]);
    expect(changed).toHaveLength(1);
    order.push(changed[0] ?? '');
    before = level;
  }
  expect([...new Set(order)]).toEqual(['rateHz', 'colours', 'scale']);
  expect(order.join()).toBe(
    [...order]
      .sort((a, b) => ['rateHz', 'colours', 'scale'].indexOf(a) - ['rateHz', 'colours', 'scale'].indexOf(b))
      .join(),
  );
});

test.each([1e6, 500e3, 100e3, 50e3])('%d B/s are kept within two seconds, and do not swing', (bytesPerSecond) => {
  const world = { cameras: 6, cameraHz: 10, limits: { ...ROOMY, bytesPerSecond } };
  const { state, seen } = run(start(), 5, world);
  const later = run(state, 300, world, 5);
  expect(later.bytesPerSecond).toBeLessThanOrEqual(bytesPerSecond);
  // It used what it was given, as far as the steps allow.
  expect(later.bytesPerSecond).toBeGreaterThan(bytesPerSecond * 0.4);
  expect(new Set(later.seen.map((level) => JSON.stringify(level))).size).toBeLessThanOrEqual(2);
  expect(seen[1]).toEqual(seen[4]);
  expect(later.state.limitedBy).toBe('budget');
});

test('it comes back step by step when there is room again', () => {
  const tight = run(start(), 5, { cameras: 6, cameraHz: 10, limits: { ...ROOMY, bytesPerSecond: 100e3 } });
  const short = run(tight.state, 4, { cameras: 6, cameraHz: 10, limits: { ...ROOMY, bytesPerSecond: 1e9 } }, 5);
  expect(budgetLevel(short.state)).toEqual(budgetLevel(tight.state));
  const long = run(short.state, 120, { cameras: 6, cameraHz: 10, limits: { ...ROOMY, bytesPerSecond: 1e9 } }, 9);
  expect(budgetLevel(long.state)).toEqual({ rateHz: 10, colours: 256, scale: 1 });
  expect(long.state.limitedBy).toBeUndefined();
  for (let index = 1; index < long.seen.length; index += 1) {
    expect(long.seen[index]?.rateHz).toBeGreaterThanOrEqual(long.seen[index - 1]?.rateHz ?? 0);
  }
});

test('a picture that would keep a key waiting becomes smaller, whatever the rate', () => {
  const { state } = run(start(), 10, { cameras: 1, cameraHz: 1, limits: { ...ROOMY, pictureBytes: 8_000 } });
  expect(budgetLevel(state).scale).toBeLessThan(1);
  expect(state.limitedBy).toBe('terminal');
});

test('the processor counts as well', () => {
  const { state } = run(start(), 10, {
    cameras: 6,
    cameraHz: 10,
    limits: { ...ROOMY, bytesPerSecond: 1e9, cpuShare: 0.3 },
    cpuPerPicture: 0.02,
  });
  expect(budgetLevel(state).rateHz).toBeLessThan(10);
  expect(budgetLevel(state).rateHz).toBeGreaterThanOrEqual(1);
  expect(state.limitedBy).toBe('cpu');
});

test('kitty has no colours to save', () => {
  const { levels } = startBudget({ rateHz: 5, colours: 256, protocol: 'kitty' }, 0);
  expect(levels.every(({ colours }) => colours === 256)).toBe(true);
});

test('--budget is read as people write it', () => {
  expect(parseBytesPerSecond('500k')).toBe(500_000);
  expect(parseBytesPerSecond('1M')).toBe(1_000_000);
  expect(parseBytesPerSecond('1.5 MB/s')).toBe(1_500_000);
  expect(parseBytesPerSecond('20000')).toBe(20_000);
  for (const bad of ['', '0', '-1', 'fast', '1x', '1e9']) expect(parseBytesPerSecond(bad)).toBeUndefined();
});
