import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { openSession } from '../../source/zenoh/open-session.ts';
import type { Publisher, Session } from '../../source/zenoh/session.ts';
import { bubbaloop } from '../support/command-line.ts';
import { type RealFleet, startRealFleet } from '../support/real-fleet.ts';
import { Terminal } from '../support/terminal.ts';

let fleet: RealFleet;
let robot: Session;
let state: Publisher;
let talking: NodeJS.Timeout;
let terminal: Terminal | undefined;

beforeAll(async () => {
  fleet = await startRealFleet({ alpha: 'sleep 100000', beta: 'sleep 100000' });
  robot = openSession(fleet.router.endpoint, { shm: false });
  await robot.connected({ timeoutMs: 20_000 });
  state = await robot.declarePublisher('bubbaloop/global/robot_1/alpha/state');
  await robot.declarePublisher('bubbaloop/local/robot_1/alpha/raw');
  // A link that goes at the end of the test refuses it: that is no matter then.
  talking = setInterval(() => void state.put('x'.repeat(100)).catch(() => clearInterval(talking)), 100);
});

afterAll(async () => {
  clearInterval(talking);
  await robot.close();
  await fleet.end();
});

afterEach(async () => {
  await terminal?.close();
  terminal = undefined;
});

async function top(columns: number, rows: number): Promise<Terminal> {
  terminal = await Terminal.open({ columns, rows });
  await terminal.run(`${bubbaloop} top --endpoint ${fleet.router.endpoint}`);
  await terminal.until(/alpha\s+[●o] running/, 60_000);
  return terminal;
}

test.each([
  [60, 16],
  [120, 40],
])('t shows the network as a tree, 6 what flows and nothing once it is left (%ix%i)', async (columns, rows) => {
  const at = await top(columns, rows);
  await at.press('t');
  await at.until(/7 Topology/);
  await at.until(/├ machine robot_1 .*\n.*│ ├ alpha +● running.*\n.*│ └ beta/);
  expect(state.matching).toBe(false);
  await at.press('6');
  await at.until(/6 Topics \d+ .* of 500 kB\/s/);
  await at.until(/▸.*\n(.*\n)*.*alpha\/state +\d+\.\d Hz +[\d.]+ (k?)B\/s/, 60_000);
  await at.until(/local alpha\/raw +local/);
  expect(state.matching).toBe(true);
  await at.press('1');
  await at.until(/ALIVE|STATUS/);
  await expect.poll(() => state.matching, { timeout: 30_000 }).toBe(false);
});

test('digits lead from the details of a node to its machine and its log, Esc back the same way', async () => {
  const at = await top(120, 40);
  await at.press('Enter');
  await at.until(/1 machine robot_1 {2}2 log {2}3 topics/);
  await at.press('1');
  await at.until(/ machine robot_1\n/);
  await at.until(/1 nodes {2}2 shared memory/);
  await at.press('Escape');
  await at.until(/^ alpha on robot_1\b/m);
  await at.press('2');
  await at.until(/Logs of alpha on robot_1/);
  await at.press('Escape');
  await at.until(/^ alpha on robot_1\b/m);
  await at.press('3');
  await at.until(/machine=robot_1 key:alpha/);
  await at.until(/alpha\/state/);
  await at.press('Escape');
  await at.until(/^ alpha on robot_1\b/m);
  await at.press('Escape');
  await at.until(/1 Nodes 2/);
});
