import { existsSync, mkdtempSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { bubbaloop } from '../support/command-line.ts';
import { type RealFleet, startRealFleet } from '../support/real-fleet.ts';
import { removeFolder } from '../support/remove-folder.ts';
import { Terminal, type TerminalOptions } from '../support/terminal.ts';

let fleet: RealFleet;
let folder: string;
let terminal: Terminal | undefined;

beforeAll(async () => {
  fleet = await startRealFleet({ alpha: 'sleep 100000', crasher: 'ls /no/such/device' });
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-replay-'));
});

afterAll(async () => {
  removeFolder(folder);
  await fleet.end();
});

afterEach(async () => {
  await terminal?.close();
  terminal = undefined;
});

async function top(words: string, options: TerminalOptions = {}): Promise<Terminal> {
  terminal = await Terminal.open(options);
  await terminal.run(`${bubbaloop} top ${words}; echo code=$?`);
  return terminal;
}

/** So that the small bars have room beside all else. */
const WIDE = { columns: 170, rows: 40 };

test('what was recorded until kill -9 is shown, and can be walked through', async () => {
  const file = join(folder, 'incident.rec');
  const recording = await top(`--record ${file} --endpoint ${fleet.router.endpoint}`, WIDE);
  await recording.until(/alpha\s+[●o] running/, 60_000);
  await recording.until(/crasher\s+✗ failed/);
  await recording.until(/rec \d/);
  // Figures are noted each five seconds: one must have been, before the end.
  await recording.press('2');
  await recording.until(/robot_1 .*[▁▂▃▄▅▆▇█] +\d+ +\d/, 30_000);
  await recording.press('6');
  await recording.until(/robot_1\s+daemon\/command/);
  await recording.press('9');
  await recording.until(/Events \d/);
  await recording.press('8');
  await recording.until(/node-down\s+robot_1\s.*crasher failed/);
  // Flushed twice after that: all that was seen above, and a step more.
  for (const least of [100, 20]) {
    const before = least === 100 ? 0 : statSync(file).size;
    await vi.waitFor(() => expect(statSync(file).size).toBeGreaterThan(before + least), {
      timeout: 30_000,
      interval: 50,
    });
  }
  process.kill(await recording.programPid(), 'SIGKILL');
  await recording.until(/code=137/);
  await recording.close();

  const at = await top(`--replay ${file}`, WIDE);
  await at.until(/REPLAY .*1x/);
  await at.until('it has no end');
  await at.press('$');
  await at.until(/REPLAY .*paused/);
  await at.until(/alpha\s+● running/);
  await at.until(/crasher\s+✗ failed/);
  await at.until(/▲ robot_1\/crasher failed/);
  await at.press('0');
  await at.until(/ 0s of /);
  await at.press('+', '+');
  await at.until(/ 2x | 5x |paused/);
  await at.press('8');
  await at.press('$');
  await at.until(/node-down\s+robot_1\s.*crasher failed/);
  await at.press('2');
  await at.until(/robot_1 .*[▁▂▃▄▅▆▇█] +\d+ +\d/);
  await at.press('6');
  await at.until(/Topics \d+ · last looked at \d+s before/);
  await at.until(/robot_1\s+daemon\/command/);
  await at.press('0', 'Space');
  await at.until('This recording holds no keys up to here');
  await at.press('2');
  await at.until(/robot_1 +\S+ +\S+ +\d+% +\d+ +\d/);
  await at.press('$', '8', 'Enter');
  await at.until(/1 at \d\d:\d\d:\d\d {2}2 node crasher/);
  await at.press('1');
  await at.until((lines) => /REPLAY .*paused/.test(lines.join('')) && !lines.join('').includes('2 node crasher'));
  await at.press('1', 'g', 's');
  await at.until(/read-only: it shows, it does not act|takes no commands/);
  await at.press('l');
  await at.until(/This is a recording/);
  await at.press('q', 'q');
  await at.until(/code=0/);
});

test.each([
  [60, 16],
  [80, 24],
  [200, 60],
])('at %ix%i the line of the replay stands under the first', async (columns, rows) => {
  const file = join(folder, 'incident.rec');
  expect(existsSync(file)).toBe(true);
  const at = await top(`--replay ${file}`, { columns, rows });
  const text = await at.until(/REPLAY {2}\d{4}-\d\d-\d\d/);
  expect(text.split('\n')[1]).toContain('REPLAY');
  await at.press('$');
  await at.until(/alpha\s+● running/);
  await at.press('q');
  await at.until(/code=0/);
});

test('one that is cut short is shown as far as it goes; what is none is refused with a sentence', async () => {
  const file = join(folder, 'incident.rec');
  truncateSync(file, statSync(file).size - 10);
  const at = await top(`--replay ${file}`);
  await at.until('it has no end: it was cut short');
  await at.press('q');
  await at.until(/code=0/);
  await at.run(`clear; ${bubbaloop} top --replay /etc/passwd; echo again=$?`);
  await at.until(/it is no recording of bubbaloop/);
  await at.until(/again=1/);
  await at.run(`clear; ${bubbaloop} top --record ${file}; echo third=$?`);
  await at.until(/is there already/);
  await at.until(/third=2/);
});
