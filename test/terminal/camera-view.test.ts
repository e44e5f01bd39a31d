import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { bubbaloop, runBubbaloop } from '../support/command-line.ts';
import { type RealFleet, startRealFleet } from '../support/real-fleet.ts';
import { Terminal } from '../support/terminal.ts';

let fleet: RealFleet;
let terminal: Terminal;

beforeAll(async () => {
  fleet = await startRealFleet({ test: `${bubbaloop} node run test-camera` });
  const list = () => runBubbaloop(['camera', 'list', '--endpoint', fleet.router.endpoint]);
  await vi.waitFor(async () => expect((await list()).stdout).toContain('robot_1'), { timeout: 40_000, interval: 200 });
  terminal = await Terminal.open({ columns: 80, rows: 24, env: { COLORTERM: 'truecolor' } });
});
afterAll(async () => {
  await terminal.close();
  await fleet.end();
});

test('plays a camera on the whole terminal, follows its size, and leaves no trace', async () => {
  await terminal.run(`${bubbaloop} camera view test --images blocks --endpoint ${fleet.router.endpoint}`);
  await terminal.until(/robot_1\/test {2}1920x1080 {2}[\d.]+\/s {2}thumbnail .*q quits/);
  const screen = await terminal.lines();
  // 80 columns: 45 pixels high, two a row.
  expect(screen.slice(0, 22).every((line) => /^[▀▄█ ]{70,80}$/.test(line))).toBe(true);
  // Grey bars at the left, blue ones at the right: a red, green or blue part of at least 100, told apart by place.
  const [first = ''] = (await terminal.styled()).split('\n');
  const colours = [...first.matchAll(/38;2;(\d+);(\d+);(\d+)/g)].map(([, ...rgb]) => rgb.map(Number));
  const [left = [], right = []] = [colours[0], colours.at(-1)];
  expect(Math.max(...left) - Math.min(...left)).toBeLessThan(30);
  expect(right[2]).toBeGreaterThan((right[0] ?? 0) + 80);

  await terminal.resize(40, 12);
  await terminal.until(
    (lines) => lines.length <= 12 && /robot_1\/test/.test(lines.at(-1) ?? '') && /▀{30,40}/.test(lines[0] ?? ''),
  );
  await terminal.resize(80, 24);
  await terminal.press('q');
  expect((await terminal.isRestored()).problems).toEqual([]);
});

test('says so where the terminal is to show no pictures, and where there is no terminal', async () => {
  await terminal.run('clear');
  await terminal.run(`${bubbaloop} camera view test --images off --endpoint ${fleet.router.endpoint}`);
  await terminal.until(/shows no pictures/);
  expect((await terminal.isRestored()).problems).toEqual([]);
  expect(await runBubbaloop(['camera', 'view', 'test', '--endpoint', fleet.router.endpoint])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('needs a terminal'),
  });
});
