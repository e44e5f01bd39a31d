import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { bubbaloop } from '../support/command-line.ts';
import { type RealFleet, startRealFleet } from '../support/real-fleet.ts';
import { Terminal } from '../support/terminal.ts';

/** Of a machine that has other things to do: its daemon may take long to answer. */
const PATIENT_MS = 90_000;
const TEST_MS = 240_000;

let fleet: RealFleet;
let terminal: Terminal | undefined;

const TICKING = `python3 -u -c "import time
n = 0
while True:
    n += 1
    print('tick', n, 'of a long line ' + '-' * 200 + ' its end' if n % 2 else 'tock', flush=True)
    time.sleep(0.2)"`;

beforeAll(async () => {
  fleet = await startRealFleet({
    alpha: 'sleep 100000',
    beta: 'sleep 100000',
    crasher: 'ls /no/such/device',
    ticker: TICKING,
  });
});

afterAll(() => fleet.end());

afterEach(async () => {
  await terminal?.close();
  terminal = undefined;
});

async function top(flags = ''): Promise<Terminal> {
  terminal = await Terminal.open();
  await terminal.run(`${bubbaloop} top --endpoint ${fleet.router.endpoint} ${flags}; echo code=$?`);
  await terminal.until(/alpha\s+[●o] running/, PATIENT_MS);
  await terminal.until(/crasher\s+✗ failed/, PATIENT_MS);
  return terminal;
}

test(
  'finds by field, sorts by a column, goes to a pane by name',
  async () => {
    const at = await top();
    await at.press('/');
    await at.type('machine:robot status:fail');
    await at.until(/1 of 4/, PATIENT_MS);
    await at.press('Enter', 'Escape');
    await at.until(/1 Nodes 4 /, PATIENT_MS);
    await at.press('>', '>', '>', 'o');
    await at.until('sort: status ▼', PATIENT_MS);
    await at.until(/STATUS▼/, PATIENT_MS);
    await at.press(':');
    await at.type('pee');
    await at.until('pane Peers', PATIENT_MS);
    await at.press('Enter');
    await at.until(/▸ [0-9a-f]{8}\s+client/, PATIENT_MS);
  },
  TEST_MS,
);

test(
  'restarts several one after another after one question, and lists what came of each',
  async () => {
    const at = await top();
    await at.press('/');
    await at.type('/^(alpha|beta)$/');
    await at.until(/2 of 4/, PATIENT_MS);
    await at.press('Enter', '*');
    await at.until('+ 2 chosen', PATIENT_MS);
    await at.press('r');
    await at.until('Restart 2 nodes on 1 machine?', PATIENT_MS);
    await at.until('robot_1: alpha, beta', PATIENT_MS);
    await at.until('One after another, and none after the first failure.', PATIENT_MS);
    // Enter is the safe answer.
    await at.press('Enter');
    await at.until((lines) => !lines.join('').includes('Restart 2 nodes'), PATIENT_MS);
    await at.press('r');
    await at.until('Restart 2 nodes on 1 machine?', PATIENT_MS);
    await at.press('y', 'A');
    await at.until(/restart, one after another: 2 of 2 done/, PATIENT_MS);
    const text = await at.until(/● beta on robot_1/, PATIENT_MS);
    expect(text).toMatch(/● alpha on robot_1 +[\d.]+ m?s/);
  },
  TEST_MS,
);

test(
  'a node that falls over stops a rolling restart, and the rest is not tried',
  async () => {
    const at = await top();
    await at.press('*', 'r');
    await at.until('Restart 4 nodes on 1 machine?', PATIENT_MS);
    await at.press('y', 'A');
    await at.until('2 of 4 done, 1 failed, 1 not tried', PATIENT_MS);
    await at.until(/✗ crasher on robot_1 .*No such file|✗ crasher on robot_1 .*exit 2/, PATIENT_MS);
    await at.until(/- ticker on robot_1 +not tried: crasher on robot_1 failed/, PATIENT_MS);
  },
  TEST_MS,
);

test(
  'follows a log as it grows, searches, filters and breaks it',
  async () => {
    const at = await top();
    await at.press(':');
    await at.type('ticker');
    await at.until(/node, running on robot_1/, PATIENT_MS);
    await at.press('Enter');
    await at.until(/▸ robot_1\s+ticker/, PATIENT_MS);
    await at.press('l');
    await at.until('following', PATIENT_MS);
    const seen = /tick (\d+)/.exec(await at.until(/tick \d+/, PATIENT_MS))?.[1] ?? '0';
    const isFurther = (lines: readonly string[]) =>
      [...lines.join('\n').matchAll(/tick (\d+)/g)].some(([, count]) => Number(count) > Number(seen) + 9);
    await at.until(isFurther, PATIENT_MS);
    await at.press('&');
    await at.type('!tock');
    await at.press('Enter');
    await at.until((lines) => lines.join('').includes('&!tock') && !/out tock/.test(lines.join('')), PATIENT_MS);
    await at.press('w');
    await at.until('its end', PATIENT_MS);
    await at.press('/');
    await at.type('tick 1 ');
    await at.press('Enter');
    await at.until(/>\S+ out tick 1 of/, PATIENT_MS);
    await at.press('Escape', 'Escape');
    await at.until('1 Nodes 4', PATIENT_MS);
  },
  TEST_MS,
);

test(
  '--read-only: no key, no palette, not for one nor for several',
  async () => {
    const at = await top('--read-only');
    await at.press('*', 'x');
    await at.until('--read-only', PATIENT_MS);
    await at.press(':');
    await at.type('stop');
    await at.until('--read-only: it shows', PATIENT_MS);
    await at.press('Enter', 'y', 'A');
    await at.until('Nothing was ordered here yet.', PATIENT_MS);
  },
  TEST_MS,
);
