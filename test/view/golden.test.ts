/**
 * Whole screens against files that somebody has looked at. After a wanted change: `GOLDEN=write npx vitest run --config
 * test/vitest.config.ts test/view/golden.test.ts`, then look at what `git diff` has to say.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import stringWidth from 'string-width';
import { afterAll, expect, test } from 'vitest';
import type { FleetEvent } from '../../source/fleet/events.ts';
import { reduce } from '../../source/fleet/reduce.ts';
import { type FleetNode, type FleetState, initialState, type Router } from '../../source/fleet/state.ts';
import { createTheme, type Theme } from '../../source/view/theme.ts';
import { flatScreen } from '../support/flat-screen.ts';
import { Desk, fleetNode, fleetState, NOW_MS, ROUTER, SHM } from '../support/screen-input.ts';

// The clock on the screen is local.
process.env.TZ = 'UTC';

const folder = join(import.meta.dirname, 'golden');
const isWriting = process.env.GOLDEN === 'write';

const endpoint = 'tcp/127.0.0.1:7447';

function failed(name: string): FleetNode {
  return fleetNode({
    name,
    status: 'failed',
    health: 'unknown',
    pid: undefined,
    upSinceMs: undefined,
    restartCount: 3,
    lastExit: 'exit 1',
    lastLogLines: ['no such device /dev/ttyUSB0'],
  });
}

function stopped(name: string): FleetNode {
  return fleetNode({ name, status: 'stopped', health: 'unknown', pid: undefined, upSinceMs: undefined });
}

const one = fleetState({
  machines: {
    jetson_1: [
      fleetNode({ name: 'front_door', onZenoh: true, outputs: 'flowing', outputRateHz: 15 }),
      failed('gripper'),
      stopped('openmeteo'),
      fleetNode({ name: '東京カメラ', version: '0.4.1', onZenoh: true, outputs: 'unwanted' }),
      fleetNode({ name: 'robot🤖arm', health: 'unhealthy' }),
      fleetNode({ name: 'cafe\u0301', type: 'python', onZenoh: true, outputs: 'quiet' }),
    ],
  },
});

const noLink: FleetEvent = {
  type: 'link',
  link: { state: 'lost', sinceMs: NOW_MS - 4_000, retryAtMs: NOW_MS + 1_500, attempt: 3, reason: 'connection refused' },
  zid: '',
};

function many(): FleetState {
  const machines: Record<string, readonly FleetNode[]> = {};
  const routers: Router[] = [];
  for (let machine = 0; machine < 500; machine += 1) {
    const id = `robot_${String(machine).padStart(3, '0')}`;
    machines[id] = Array.from({ length: 20 }, (_, node) => {
      const name = `node_${String(node).padStart(2, '0')}`;
      if ((machine * 20 + node) % 97 === 5) return failed(name);
      return (machine + node) % 23 === 0 ? stopped(name) : fleetNode({ name });
    });
    routers.push({ ...ROUTER, zid: `c0ffee${id}`, name: id });
  }
  return fleetState({ machines, routers: [ROUTER, ...routers], shm: SHM });
}

const states: Readonly<Record<string, FleetState>> = {
  empty: fleetState({ machines: {} }),
  loading: initialState(endpoint, NOW_MS),
  'no-router': reduce(initialState(endpoint, NOW_MS), noLink),
  lost: reduce(one, noLink),
  'one-machine': one,
  '500-machines': many(),
};
const sizes = [
  [60, 16],
  [80, 24],
  [120, 40],
  [200, 60],
] as const;

const expected = new Set<string>();

const looks: Readonly<Record<string, Theme>> = {
  plain: createTheme('none'),
  colour: createTheme('256', undefined, 'dark'),
  light: createTheme('256', undefined, 'light'),
};

/** What is drawn on a light ground differs in its codes alone: two screens with all of them are enough. */
function looksOf(state: string, columns: number): readonly string[] {
  const isFull = columns === 120 && (state === 'one-machine' || state === '500-machines');
  return isFull ? ['plain', 'colour', 'light'] : ['plain', 'colour'];
}

const cases = Object.keys(states).flatMap((state) =>
  sizes.flatMap(([columns, rows]) =>
    looksOf(state, columns).map((look) => ({
      state,
      columns,
      rows,
      look,
      name: `${state}-${columns}x${rows}-${look}`,
    })),
  ),
);

test.each(cases)('$name', ({ state, columns, rows, look, name }) => {
  const fleet = states[state];
  const theme = looks[look];
  if (fleet === undefined || theme === undefined) throw new Error(`no ${state} that looks ${look}`);
  const desk = new Desk(fleet, { columns, rows });
  desk.theme = theme;
  const lines = flatScreen(desk.scene().screen);
  expect(lines).toHaveLength(rows);
  for (const line of lines) expect(stringWidth(line)).toBe(columns);
  // The selection's bar and bold letters are no colours; a file to read has neither.
  const text = `${lines.map((line) => (look === 'plain' ? line.replaceAll(/\x1b\[[\d;]*m/g, '').trimEnd() : line)).join('\n')}\n`;
  const file = `${name}.txt`;
  expected.add(file);
  if (isWriting) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  expect(text).toBe(readFileSync(join(folder, file), 'utf8'));
});

afterAll(() => {
  // A file that no test holds to anything says nothing. One test alone may be run.
  if (expected.size === cases.length) expect(readdirSync(folder).sort()).toEqual([...expected].sort());
});
