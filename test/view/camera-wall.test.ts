import { expect, test } from 'vitest';
import { type CameraSight, fitPicture } from '../../source/view/camera-tile.ts';
import { layoutWall, type PicturesView, wallFooter } from '../../source/view/camera-wall.ts';
import { resolveTheme } from '../../source/view/resolve-theme.ts';
import { createTheme } from '../../source/view/theme.ts';
import { Desk, fleetNode, fleetState, NOW_MS } from '../support/screen-input.ts';

const CELL = { widthPx: 10, heightPx: 20 };

const GOOD: CameraSight = {
  source: 'shm',
  version: 7,
  width: 1920,
  height: 1080,
  rateHz: 15,
  latencyMs: 34,
  receivedAtMs: NOW_MS - 40,
};

function view(sights: readonly (CameraSight | undefined)[], change: Partial<PicturesView> = {}): PicturesView {
  return {
    cameras: sights.map((sight, index) => ({
      key: `robot_1/camera_${index + 1}`,
      machine: 'robot_1',
      node: `camera_${index + 1}`,
      sight,
    })),
    isLooked: true,
    cell: CELL,
    maxTiles: 24,
    status: {
      protocol: 'sixel',
      colours: 128,
      rateHz: 6,
      askedHz: 10,
      scale: 1,
      bytesPerSecond: 740_000,
      budgetBytesPerSecond: 1_000_000,
      cpuShare: 0.12,
      limitedBy: 'budget',
    },
    ...change,
  };
}

function wall(pictures: PicturesView, columns = 120, rows = 32): Desk {
  const desk = new Desk(fleetState({ machines: { robot_1: [fleetNode({ name: 'camera_1' })] } }), { columns, rows });
  desk.pictures = pictures;
  desk.press('c');
  return desk;
}

function places(desk: Desk) {
  const { screen } = desk.scene();
  if (screen.kind !== 'full') throw new Error('a sentence');
  return screen.pictures;
}

test.each([
  [60, 16],
  [80, 24],
  [120, 40],
  [200, 60],
])('%dx%d: lines fill the screen, boxes lie on blank cells inside it, sides in proportion', (columns, rows) => {
  for (const theme of [
    createTheme('256'),
    createTheme('none'),
    resolveTheme({ TERM: 'xterm', LANG: 'C', NO_COLOR: '1' }),
  ]) {
    for (const count of [1, 2, 3, 6, 14]) {
      const desk = wall(view(Array.from({ length: count }, () => GOOD)), columns, rows);
      desk.theme = theme;
      const lines = desk.text().split('\n');
      expect(lines).toHaveLength(rows);
      for (const line of lines) expect(line).toHaveLength(columns);
      const boxes = places(desk);
      expect(boxes.length).toBeGreaterThan(0);
      for (const { rect } of boxes) {
        for (let row = rect.y; row < rect.y + rect.height; row += 1) {
          expect(lines[row]?.slice(rect.x, rect.x + rect.width)).toBe(' '.repeat(rect.width));
        }
        const ratio = (rect.width * CELL.widthPx) / (rect.height * CELL.heightPx);
        // A whole cell more or less on the shorter side.
        expect(Math.abs(ratio / (16 / 9) - 1)).toBeLessThan(1.2 / rect.height);
      }
    }
  }
});

test('a tile says name, rate, resolution, source, age and latency; the footer what it costs', () => {
  const text = wall(view([GOOD, GOOD])).text();
  expect(text).toMatch(/╭ camera_1 · robot_1 ─+╮╭ camera_2 · robot_1 ─+╮/);
  expect(text).toMatch(/15\.0 Hz {2}1920x1080 {2}shm {2}age 40 ms {2}late 30 ms/);
  expect(text).toMatch(
    /sixel 128 colours, 6 Hz of 10 asked, 740 kB\/s of 1 MB\/s budget, CPU 12%.* Esc back {2}⏎ one camera {2}p photo/,
  );
});

test('frozen, black, stale and broken are words; a picture that is worth seeing stays', () => {
  const since = { flaggedSinceMs: NOW_MS - 12_000 };
  const desk = wall(
    view([
      { ...GOOD, ...since, flag: 'frozen' },
      { ...GOOD, ...since, flag: 'black' },
      { ...GOOD, ...since, flag: 'stale', problem: 'no picture comes any more' },
      { ...GOOD, ...since, flag: 'broken', problem: 'pixel encoding "\x1b[2Jyuv" is not known' },
      { version: 0 },
      undefined,
    ]),
    150,
    40,
  );
  const text = desk.text();
  expect(text).toContain('▲ FROZEN for 12s');
  expect(text).toMatch(/ BLACK for 12s/);
  expect(text).toContain('▲ STALE for 12s');
  expect(text).toMatch(/BROKEN: pixel encoding "yuv"/);
  expect(text).toContain('Waiting for its first picture');
  const open = places(desk).filter(({ isCovered }) => !isCovered);
  expect(open.map(({ key }) => key)).toEqual(['robot_1/camera_1', 'robot_1/camera_3']);
  // What is wrong may pass: all of them are watched.
  expect(places(desk)).toHaveLength(6);
});

test('where nothing can be drawn it says why, and the figures stay', () => {
  const text = wall(view([GOOD], { offReason: 'NO_COLOR is set' })).text();
  expect(text).toContain('No pictures here: NO_COLOR is set.');
  expect(text).toContain('1920x1080');
});

test('no cameras: asked, and found none', () => {
  expect(wall(view([], { isLooked: false })).text()).toContain('Asking the fleet for its cameras');
  expect(wall(view([])).text()).toContain('No camera of the fleet is known');
});

test('keys: along the rows, one large, back, photo; pages where more than fit', () => {
  const desk = wall(view(Array.from({ length: 14 }, () => GOOD)), 80, 24);
  const chosen = (): string | undefined => (desk.ui.overlay.kind === 'cameras' ? desk.ui.overlay.key : undefined);
  const { wall: grid } = desk.scene();
  if (grid === undefined) throw new Error('no wall');
  expect(grid.perPage).toBeLessThan(14);
  expect(desk.text()).not.toContain('camera_14');
  desk.press('right');
  expect(chosen()).toBe('robot_1/camera_2');
  desk.press('down');
  expect(chosen()).toBe(`robot_1/camera_${2 + grid.columns}`);
  desk.press('up', 'up', 'left', 'left');
  expect(chosen()).toBe('robot_1/camera_1');
  desk.press('pagedown');
  expect(desk.text()).not.toContain('camera_1 ');
  desk.press('G');
  expect(chosen()).toBe('robot_1/camera_14');
  expect(desk.text()).toContain('camera_14');
  desk.press('enter');
  expect(places(desk)).toHaveLength(1);
  expect(places(desk)[0]?.rect.height).toBeGreaterThan(12);
  expect(desk.press('p')).toEqual([{ kind: 'photo', machine: 'robot_1', node: 'camera_14' }]);
  desk.press('escape');
  expect(places(desk).length).toBeGreaterThan(1);
  desk.press('q');
  expect(desk.ui.overlay.kind).toBe('none');
  expect(places(desk)).toEqual([]);
  desk.press('p');
  expect(desk.text()).toContain('key c goes there');
});

test('the picture of a camera stands beside its details, not over them', () => {
  for (const columns of [80, 120, 200]) {
    const desk = new Desk(fleetState({ machines: { robot_1: [fleetNode({ name: 'camera_1' })] } }), {
      columns,
      rows: 30,
    });
    desk.pictures = view([GOOD]);
    desk.press('1', 'enter');
    const { screen } = desk.scene();
    if (screen.kind !== 'full' || screen.details === undefined) throw new Error('no details');
    const [box] = screen.pictures;
    if (box === undefined) throw new Error('no picture');
    expect(screen.details.rect.x + screen.details.rect.width).toBeLessThan(box.rect.x);
    expect(box.rect.x + box.rect.width).toBeLessThan(columns);
    expect(screen.panes[0]?.lines.join('\n')).toContain('1920x1080');
  }
});

test('as many as fit, as large as they can be', () => {
  const area = { width: 120, height: 29 };
  expect(layoutWall(area, 3, CELL, 24)).toMatchObject({ perPage: 3 });
  expect(layoutWall(area, 6, CELL, 24)).toMatchObject({ columns: 3, rows: 2, perPage: 6 });
  expect(layoutWall(area, 30, CELL, 9).perPage).toBe(9);
  for (let count = 1; count < 40; count += 1) {
    const { columns, rows, tileWidth, tileHeight, perPage } = layoutWall(area, count, CELL, 24);
    expect(columns * tileWidth).toBeLessThanOrEqual(area.width);
    expect(rows * tileHeight).toBeLessThanOrEqual(area.height);
    expect(perPage).toBeLessThanOrEqual(columns * rows);
  }
});

test('a picture fits its box whatever its sides are', () => {
  const area = { x: 1, y: 2, width: 40, height: 10 };
  for (const [width, height] of [
    [1920, 1080],
    [1080, 1920],
    [560, 560],
    [8192, 1],
    [1, 8192],
  ] as const) {
    const rect = fitPicture(area, { width, height }, CELL);
    expect(rect.x).toBeGreaterThanOrEqual(1);
    expect(rect.y).toBeGreaterThanOrEqual(2);
    expect(rect.x + rect.width).toBeLessThanOrEqual(41);
    expect(rect.y + rect.height).toBeLessThanOrEqual(12);
  }
});

test('the footer says less where there is less room, and the keys as long as it can', () => {
  for (const width of [60, 80, 120, 200]) {
    const text = wallFooter(view([GOOD]), false, width, '⏎')
      .map((span) => span.text)
      .join('');
    expect(text).toHaveLength(width);
    expect(text).toContain('Esc');
    expect(text).toContain('12%');
    expect(text).toContain('kB/s');
  }
});
