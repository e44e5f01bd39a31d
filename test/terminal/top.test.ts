import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { bubbaloop } from '../support/command-line.ts';
import { isAlive, type RealFleet, startRealFleet } from '../support/real-fleet.ts';
import { Terminal, type TerminalOptions } from '../support/terminal.ts';

let fleet: RealFleet;
let terminal: Terminal | undefined;

beforeAll(async () => {
  fleet = await startRealFleet({
    alpha: 'sleep 100000',
    beta: 'sleep 100000',
    crasher: 'ls /no/such/device',
    noisy: `python3 -c "import time; print('\\x1b[2Jcleared'); print('x' * 1000000); print('last words', flush=True); time.sleep(100000)"`,
  });
});

afterAll(() => fleet.end());

afterEach(async () => {
  await terminal?.close();
  terminal = undefined;
});

/** A shell in which `top` shows the fleet. */
async function top(options: TerminalOptions & { readonly flags?: string } = {}): Promise<Terminal> {
  terminal = await Terminal.open(options);
  await terminal.run(
    `echo before-top; ${bubbaloop} top --endpoint ${fleet.router.endpoint} ${options.flags ?? ''}; echo code=$?`,
  );
  const isLarge = (options.columns ?? 120) >= 60 && (options.rows ?? 32) >= 16;
  if (isLarge) await terminal.until(/alpha\s+[●o] running/);
  return terminal;
}

/** Puts the selection on a node of the Nodes pane. */
async function select(at: Terminal, node: string): Promise<string> {
  await at.press('1', 'g');
  const pointed = new RegExp(`[▸>] robot_1\\s+${node}\\b.*`);
  for (let step = 0; step < 5; step += 1) {
    // A frame may still be on its way.
    const seen = await at.until(pointed, 1_000).catch(() => undefined);
    if (seen !== undefined) return pointed.exec(seen)?.[0] ?? '';
    await at.press('j');
  }
  throw new Error(`cannot select ${node}:\n${await at.text()}`);
}

async function quit(at: Terminal, key = 'q'): Promise<void> {
  await at.press(key);
  await at.until(/code=0/);
  const { problems, screen } = await at.isRestored();
  expect(problems).toEqual([]);
  // What stood there before stands there again.
  expect(screen).toContain('before-top');
  expect(screen).not.toContain('Shared memory');
}

test('starts, shows the fleet, moves, and gives the terminal back', async () => {
  const at = await top();
  await at.until(/crasher\s+✗ failed/);
  for (const word of [
    '1 Nodes 4',
    '2 Shared memory 1',
    '3 Routers 1',
    '4 Peers',
    'test_router',
    'robot_1 daemon',
    'this top',
  ]) {
    // Who a session belongs to is known a moment later.
    await at.until(word);
  }
  await at.until(/▲ robot_1\/crasher failed/);
  await at.until(`● ${fleet.router.endpoint}`);
  await select(at, 'beta');
  await at.press('Up');
  await at.until(/▸ robot_1\s+alpha/);
  await at.press('G');
  await at.until(/▸ robot_1\s+noisy/);
  await at.press('Tab');
  await at.until(/▸ robot_1\s+\d/);
  await at.press('BTab', '4');
  await at.until(/▸ [0-9a-f]{8}\s+client/);
  await quit(at);
});

test.each(['C-c', 'q'])('%s leaves at once, in the middle of a question too', async (key) => {
  const at = await top();
  await select(at, 'alpha');
  await at.press('x');
  await at.until('Stop alpha on robot_1?');
  if (key === 'q') {
    await at.press('Escape');
    // Escape and a key in one read would be Alt and that key.
    await at.until((lines) => !lines.join('').includes('Stop alpha'));
  }
  await quit(at, key);
});

test('stops a node after the question, whose process is really gone, and starts it again', async () => {
  const at = await top({ columns: 140 });
  const row = await select(at, 'beta');
  const pid = Number(/healthy|no beat|unhealthy|-/.test(row) ? /\s(\d{2,})\s+python/.exec(row)?.[1] : 0);
  expect(isAlive(pid)).toBe(true);

  await at.press('x');
  await at.until('Stop beta on robot_1?');
  // Enter is the safe answer.
  await at.press('Enter');
  await at.until((lines) => !lines.join('').includes('Stop beta'));
  expect(isAlive(pid)).toBe(true);

  await at.press('x');
  await at.until('Stop beta on robot_1?');
  await at.press('Tab', 'Enter');
  await at.until(/beta\s+- stopped/);
  expect(isAlive(pid)).toBe(false);
  await at.until(/[●✗] stop beta on robot_1: /);

  await at.press('s');
  await at.until(/[●✗] start beta on robot_1: /);
  const again = await at.until(/beta\s+● running.*/);
  const newPid = Number(/beta\s+● running.*?\s(\d{2,})\s+python/.exec(again)?.[1]);
  expect(isAlive(newPid)).toBe(true);
  expect(newPid).not.toBe(pid);

  await at.press('r');
  await at.until('Restart beta on robot_1?');
  await at.press('y');
  await at.until((lines) => {
    const now = Number(/beta\s+● running.*?\s(\d{2,})\s+python/.exec(lines.join('\n'))?.[1]);
    return now > 0 && now !== newPid;
  });
  expect(isAlive(newPid)).toBe(false);
  await quit(at);
});

test('filters as it is typed', async () => {
  const at = await top();
  await at.press('/');
  await at.type('status!=running');
  await at.until(/Nodes 1 of 4/);
  expect(await at.text()).not.toMatch(/alpha\s+● running/);
  await at.press('Enter');
  await at.until(/1 Nodes 1 of 4 \/status!=running/);
  await at.press('Escape');
  await at.until(/1 Nodes 4/);
  await quit(at);
});

test('shows the log of a node, its escape sequences without effect and its 1 MB line cut', async () => {
  const at = await top();
  await select(at, 'noisy');
  await at.press('l');
  const text = await at.until(/Logs of noisy on robot_1[\s\S]*last words/);
  expect(text).toContain('cleared');
  expect(text).toContain('xxxxxxxxxx');
  await at.press('Escape');
  await at.until(/1 Nodes 4/);
  await quit(at);
});

test('shows details and help, and comes back', async () => {
  const at = await top();
  await select(at, 'alpha');
  await at.press('Enter');
  await at.until(/alpha on robot_1[\s\S]*│ Status +│ running/);
  await at.press('Escape');
  await at.until(/1 Nodes 4/);
  await at.press('2', 'Enter');
  await at.until(/shared memory of robot_1[\s\S]*│ segment/);
  await at.press('q', '?');
  await at.until(/restart the selected node, or all that are chosen \(asks first\)/);
  await at.press('?');
  await at.until(/1 Nodes 4/);
  await quit(at);
});

test('fits every size it is made to, and says so where it cannot', async () => {
  const at = await top({ columns: 100, rows: 30 });
  for (const [columns, rows] of [
    [60, 16],
    [80, 24],
    [200, 60],
    [20, 5],
    [120, 32],
    [300, 100],
    [61, 17],
  ] as const) {
    await at.resize(columns, rows);
    if (columns < 60) {
      await at.until('bubbaloop needs');
      continue;
    }
    await at.until((lines) => isWhole(lines, columns, rows));
    // The next frame must not break it.
    await at.press('j');
    await at.until((lines) => isWhole(lines, columns, rows));
  }
  await quit(at);
});

/** A frame drawn for this size: header first, footer last, every border where it belongs, nothing left of another size. */
function isWhole(lines: readonly string[], columns: number, rows: number): boolean {
  if (lines.length !== rows || !/^ bubbaloop .*\d\d:\d\d$/.test(lines[0] ?? '')) return false;
  if (!/q quit$|help$/.test(lines.at(-1) ?? '')) return false;
  const body = lines.slice(1, -1).filter((line) => /[╭│╰]/.test(line));
  const isClosed = body.every((line) => /[╮│╯]$/.test(line) && line.length === columns);
  const corners = lines.join('').match(/╭/g)?.length;
  return isClosed && corners === (columns >= 110 && rows >= 28 ? 4 : 1);
}

test('20x5 from the start is a sentence and can be left', async () => {
  const at = await top({ columns: 20, rows: 5 });
  await at.until('bubbaloop needs');
  await at.press('q');
  await at.until(/code=0/);
});

test('NO_COLOR sets no colour', async () => {
  const at = await top({ env: { NO_COLOR: '1' } });
  await at.until(/crasher\s+✗ failed/);
  expect(await at.styled()).not.toMatch(/\x1b\[(?:[\d;]*;)?(?:3[0-8]|4[0-8]|9\d|10\d)(?:;[\d;]*)?m/);
  await quit(at);
});

test('--read-only says so and does nothing', async () => {
  const at = await top({ flags: '--read-only' });
  await select(at, 'alpha');
  await at.until('read-only');
  for (const key of ['s', 'x', 'r']) {
    await at.press('j', 'k', key);
    await at.until(/--read-only: it shows, it does not act/);
  }
  await quit(at);
});

test('Ctrl-Z gives the shell, fg the screen', async () => {
  const at = await top();
  await at.press('C-z');
  await at.until((lines) => !lines.join('').includes('Shared memory') && /\$$/.test(lines.join('\n').trimEnd()));
  await at.run('fg; echo code=$?');
  await at.until(/alpha\s+● running/);
  await quit(at);
});

test.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)('%s from outside gives the terminal back', async (signal) => {
  const at = await top();
  process.kill(await at.programPid(), signal);
  await at.until(/code=0/);
  const { problems, screen } = await at.isRestored();
  expect(problems).toEqual([]);
  expect(screen).toContain('before-top');
});

test('kill -9 of the router is said, and when it is back the fleet is', async () => {
  const at = await top();
  await fleet.router.kill();
  await at.until(/✗ .*(lost|no router)/, 5_000);
  await at.until('? running');
  await at.until(/No link to \S+ for \d+s \(/);
  await at.until(/retry in \d+ s|retrying/);
  await fleet.router.restartOnSamePorts();
  await at.until(/alpha\s+● running/, 10_000);
  await at.until((lines) => !/lost/.test(lines.join('\n')));
  await quit(at);
});

test('without a router it says what to do, and finds one that comes later', async () => {
  await fleet.router.kill();
  terminal = await Terminal.open();
  const at = terminal;
  await at.run(`echo before-top; ${bubbaloop} top --endpoint ${fleet.router.endpoint}; echo code=$?`);
  const text = await at.until(/No router at tcp\/127\.0\.0\.1:\d+ \(/);
  expect(text).toContain('bubbaloop router standalone');
  await fleet.router.restartOnSamePorts();
  await at.until(/alpha\s+● running/);
  await quit(at);
});
