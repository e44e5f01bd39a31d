import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { reduce } from '../../source/fleet/reduce.ts';
import { type FleetState, initialState } from '../../source/fleet/state.ts';
import { plainSnapshot } from '../../source/view/plain.ts';
import { createTheme } from '../../source/view/theme.ts';
import { alertsOf, Desk, fleetNode, fleetState, NOW_MS, ROUTER, SHM } from '../support/screen-input.ts';

const NASTY = 'évil\x1b[31m名前\u202e\x1b]0;title\x07 very long name that goes on and on and on';

const busy = fleetState({
  machines: {
    jetson_1: [
      fleetNode({ name: 'front_door' }),
      fleetNode({ name: 'openmeteo', status: 'stopped', upSinceMs: undefined, pid: undefined }),
      fleetNode({ name: NASTY, status: 'failed', lastExit: `exit 1 ${NASTY}`, restartCount: 3, lastLogLines: [NASTY] }),
      ...Array.from({ length: 60 }, (_, index) => fleetNode({ name: `worker_${index}` })),
    ],
    [NASTY]: [fleetNode({ name: 'hung', health: 'unhealthy', restartCount: undefined })],
  },
  routers: [ROUTER, { ...ROUTER, zid: 'bb22', name: NASTY, locators: [NASTY, NASTY] }],
  shm: {
    ...SHM,
    freeBytes: 1,
    segments: [{ name: NASTY, sizeBytes: 1 << 20, readers: [{ pid: 1, name: NASTY }], isOrphan: true }],
  },
});

const lost: FleetState = reduce(busy, {
  type: 'link',
  link: { state: 'lost', sinceMs: NOW_MS - 4_000, retryAtMs: NOW_MS + 1_500, attempt: 3, reason: NASTY },
  zid: '',
});

const states: Readonly<Record<string, FleetState>> = {
  busy,
  lost,
  connecting: initialState('tcp/127.0.0.1:7447', NOW_MS),
  'nobody there': fleetState({ machines: {}, routers: [] }),
};

const places: Readonly<Record<string, readonly string[]>> = {
  panes: [],
  dialog: ['j', 'x'],
  'details of a node': ['enter'],
  'details of shared memory': ['2', 'enter'],
  'details of a router': ['3', 'enter'],
  'details of a peer': ['4', 'enter'],
  logs: ['l'],
  help: ['?'],
  filtering: ['/', 'w', 'o', 'r'],
  filtered: ['/', 'w', 'o', 'r', 'enter'],
  'bad filter': ['/', 'x', '=', '1'],
};

test.each(Object.keys(states))(
  '%s: at every size each line is exactly as wide as the screen, and they fill it',
  (name) => {
    const state = states[name] ?? busy;
    for (const [columns, rows] of [
      [60, 16],
      [61, 17],
      [79, 24],
      [80, 24],
      [109, 27],
      [110, 28],
      [120, 32],
      [200, 60],
      [300, 100],
    ] as const) {
      for (const [place, keys] of Object.entries(places)) {
        for (const theme of [createTheme('none'), createTheme('16'), createTheme('256')]) {
          const desk = new Desk(state, { columns, rows });
          desk.theme = theme;
          desk.press(...keys);
          const { screen } = desk.scene();
          if (screen.kind !== 'full') throw new Error('a sentence');
          const where = `${place} at ${columns}x${rows}`;
          for (const line of [...screen.above, screen.footer]) expect(stringWidth(line), where).toBe(columns);
          for (const { rect, lines } of [...screen.panes, ...(screen.dialog ? [screen.dialog] : [])]) {
            expect(lines, where).toHaveLength(rect.height);
            for (const line of lines) expect(stringWidth(line), `${where}: ${line}`).toBe(rect.width);
            expect(rect.y + rect.height, where).toBeLessThanOrEqual(rows);
          }
          if (screen.details !== undefined) {
            const { table, rect } = screen.details;
            const width = table.columns.reduce((sum, column) => {
              const cells = table.rows.map((row) => stringWidth(row[column] ?? ''));
              return sum + Math.max(stringWidth(column), ...cells) + 3;
            }, 1);
            expect(width, where).toBeLessThanOrEqual(columns);
            expect(4 + table.rows.length, where).toBeLessThanOrEqual(rect.height);
          } else {
            const below = Math.max(...screen.panes.map(({ rect }) => rect.y + rect.height));
            expect(below, where).toBe(rows - 1);
          }
        }
      }
    }
  },
);

test('nothing but text and colours reaches the terminal', () => {
  for (const state of Object.values(states)) {
    const desk = new Desk(state, { columns: 300, rows: 100 });
    desk.theme = createTheme('256');
    for (const keys of Object.values(places)) {
      desk.press(...keys);
      for (const line of desk.lines()) {
        expect(line.replaceAll(/\x1b\[[\d;]*m/g, '')).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202a-\u202e]/);
      }
      desk.press('escape', 'escape');
    }
  }
});

test('under 60x16 one sentence says so, at any size', () => {
  for (let columns = 1; columns <= 60; columns += 1) {
    for (const rows of [1, 5, 15]) {
      const lines = new Desk(busy, { columns, rows }).lines();
      expect(lines.length).toBeLessThanOrEqual(rows);
      for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(columns);
    }
  }
  expect(new Desk(busy, { columns: 20, rows: 5 }).text()).toBe(
    'bubbaloop needs\n60x16; this terminal\nis 20x5. Enlarge it,\nor q quits.',
  );
});

test('the states before there is a fleet each say what to do', () => {
  const begin = initialState('tcp/10.0.0.1:7447', NOW_MS);
  expect(new Desk(begin).text()).toContain('Connecting to tcp/10.0.0.1:7447');
  const refused = reduce(begin, {
    type: 'link',
    link: { state: 'lost', sinceMs: NOW_MS, retryAtMs: NOW_MS + 2_500, attempt: 2, reason: 'connection refused' },
    zid: '',
  });
  const text = new Desk(refused).text();
  expect(text).toContain('No router at tcp/10.0.0.1:7447 (connection refused).');
  expect(text).toContain('`bubbaloop router standalone`');
  expect(text).toContain('Trying again in 3 s.');
  expect(text).toContain('no router, retry in 3 s');
  const alone = reduce(fleetState({ machines: {} }), { type: 'round', atMs: NOW_MS });
  expect(new Desk(alone).text()).toContain('Connected, but no daemon answers.');
  const bare = fleetState({ machines: { jetson_1: [] } });
  expect(new Desk(bare).text()).toContain('bubbaloop node add PATH');
});

test('a lost link is said in the header and in the alert; what is shown is marked as old', () => {
  const text = new Desk(lost).text();
  expect(text).toMatch(/lost 4s, retry in 2 s/);
  expect(text).toMatch(/No link to tcp\/127\.0\.0\.1:7447 for 4s \(/);
  expect(text).toContain('? running');
  expect(text).not.toContain('● running');
});

test('alerts come worst first and name what failed and why', () => {
  const state = fleetState({
    machines: {
      jetson_2: [
        fleetNode({
          name: 'gripper',
          status: 'failed',
          lastExit: 'exit 1',
          restartCount: 3,
          lastLogLines: ['no such device'],
        }),
        fleetNode({ name: 'hung', health: 'unhealthy' }),
      ],
    },
    shm: { ...SHM, segments: [{ name: '1.zenoh', sizeBytes: 2 ** 20, readers: [], isOrphan: true }] },
  });
  const texts = alertsOf(state);
  expect(texts).toEqual([
    'bad jetson_2/gripper failed: exit 1 after 3 restarts, last line "no such device"',
    'bad jetson_2/hung runs but has sent no heartbeat: it may hang.',
    'warn jetson_2: 1 orphan segment of 1.0M left in shared memory by processes that crashed',
  ]);
});

test('a node whose heartbeats stop looks wrong before its daemon says so', () => {
  const state = reduce(fleetState({ machines: { m: [fleetNode({ name: 'a' })] } }), {
    type: 'heartbeats',
    atMs: NOW_MS - 31_000,
    beats: [{ machine: 'm', node: 'a' }],
  });
  expect(new Desk(state).text()).toMatch(/● running\s+✗ 31s/);
});

test('the plain snapshot holds every pane and no escape sequence', () => {
  const text = plainSnapshot(busy, NOW_MS);
  for (const word of ['Nodes 64', 'Shared memory 2', 'Routers 2', 'Peers 4', 'front_door', 'worker_59', 'central']) {
    expect(text).toContain(word);
  }
  expect(text).not.toContain('\x1b');
});

test('a second that passes changes no line when no age shows seconds', () => {
  const desk = new Desk(fleetState({ machines: { m: [fleetNode({ name: 'a' })] } }));
  const before = desk.text();
  desk.nowMs += 1_000;
  expect(desk.text()).toBe(before);
});
