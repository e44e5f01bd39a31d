/** How `top` fits into the terminal, and into the habits, of who uses it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { bubbaloop, runBubbaloop } from '../support/command-line.ts';
import { type RealFleet, startRealFleet } from '../support/real-fleet.ts';
import { Terminal, type TerminalOptions } from '../support/terminal.ts';

let fleet: RealFleet;
let terminal: Terminal | undefined;

beforeAll(async () => {
  fleet = await startRealFleet({ alpha: 'sleep 100000', beta: 'sleep 100000' });
});

afterAll(() => fleet.end());

afterEach(async () => {
  await terminal?.close();
  terminal = undefined;
});

async function open(options: TerminalOptions = {}): Promise<Terminal> {
  terminal = await Terminal.open(options);
  return terminal;
}

async function top(at: Terminal, flags = ''): Promise<void> {
  await at.run(`clear; ${bubbaloop} top --endpoint ${fleet.router.endpoint} ${flags}; echo code=$?`);
  await at.until(/[●o] tcp/, 60_000);
}

async function quit(at: Terminal): Promise<void> {
  await at.press('q');
  await at.until(/code=0/);
}

function placeOf(lines: readonly string[], words: string): readonly [x: number, y: number] {
  const y = lines.findIndex((line) => line.includes(words));
  return [lines[y]?.indexOf(words) ?? -1, y];
}

test('mouse: rows, panes, keys of the last line; off when left, on again after Ctrl-Z', async () => {
  const at = await open();
  await top(at);
  await at.until(/beta\s+● running/, 60_000);
  expect(await at.isMouseOn()).toBe(true);
  await at.click(...placeOf(await at.lines(), 'beta'));
  await at.until(/▸ robot_1\s+beta/);
  await at.click(...placeOf(await at.lines(), 'beta'), 64);
  await at.until(/▸ robot_1\s+alpha/);
  await at.click(...placeOf(await at.lines(), 'x stop'));
  await at.until('Stop alpha on robot_1?');
  await at.click(...placeOf(await at.lines(), '  Cancel  '));
  await at.until((lines) => !lines.join('').includes('Stop alpha'));
  await at.press('C-z');
  await at.until('Stopped');
  expect(await at.isMouseOn()).toBe(false);
  await at.run('fg');
  await at.until(/▸ robot_1\s+alpha/);
  await expect.poll(() => at.isMouseOn()).toBe(true);
  process.kill(await at.programPid(), 'SIGTERM');
  // The shell has said the code when it was stopped.
  await at.until((lines) => !/Shared memory/.test(lines.join('')));
  await expect.poll(() => at.isMouseOn()).toBe(false);
});

test('--no-mouse leaves the mouse to the terminal', async () => {
  const at = await open();
  await top(at, '--no-mouse');
  expect(await at.isMouseOn()).toBe(false);
  await quit(at);
});

test('the next run begins where the last ended; what is damaged is said', async () => {
  const at = await open();
  await top(at);
  await at.press('/');
  await at.type('alpha');
  await at.press('Enter', '3');
  await at.until(/3 Routers/);
  await quit(at);
  await top(at);
  await at.until(/Nodes 1 of 2 \/alpha/, 60_000);
  await at.press('Enter');
  // Enter opens the details of what the pane that was chosen holds.
  await at.until(/│ what[\s\S]*│ test_router/);
  await at.press('Escape');
  await at.until((lines) => !lines.join('').includes('│ what'));
  await quit(at);
  writeFileSync(join(at.home, 'top.json'), '{"version":1,');
  await top(at);
  await at.until(/top\.json is damaged: it is ignored/);
  await at.press('j');
  await at.until(/1 Nodes 2 /, 60_000);
  await quit(at);
});

test('keys of the user’s own: in the last line, in the help, and in effect; a mistake is told before anything is shown', async () => {
  const at = await open();
  writeFileSync(join(at.home, 'keys.json5'), "{ stop: 'X', help: ['F', 'ctrl-e'] }");
  await top(at);
  await at.until(/X stop.*F help/, 60_000);
  await at.press('x');
  await at.press('X');
  await at.until('Stop alpha on robot_1?');
  await at.press('Escape');
  await at.until((lines) => !lines.join('').includes('Stop alpha'));
  await at.press('C-e');
  await at.until(/ X +stop the selected node/);
  await at.press('Escape');
  await at.until(/1 Nodes/);
  await quit(at);
  writeFileSync(join(at.home, 'keys.json5'), "{\n  stop: 's',\n}");
  await at.run(`clear; ${bubbaloop} top --endpoint ${fleet.router.endpoint}; echo code=$?`);
  await at.until(/keys\.json5:2:3: stop: the key "s" is already[\s\S]*code=2/);
});

test.each(['cols 0 rows 0', 'cols 1 rows 1', 'cols 10000 rows 10000'])(
  'a terminal that says it has %s is survived',
  async (size) => {
    const at = await open();
    await at.run(`clear; stty ${size}; ${bubbaloop} top --endpoint ${fleet.router.endpoint}; echo code=$?`);
    await at.until((lines) => lines.join('').trim().length > 0 && !lines.join('').includes('stty'), 60_000);
    await at.press('q');
    await at.until(/code=0/, 60_000);
  },
);

test('themes: 16 colours, none, and what the ground asks for', async () => {
  const at = await open();
  await top(at, '--theme 16');
  expect(await at.styled()).toMatch(/\x1b\[(?:\d+;)*36m/);
  expect(await at.styled()).not.toMatch(/38;5;/);
  await quit(at);
  await top(at, '--theme light');
  expect(await at.styled()).toMatch(/38;5;24/);
  // The terminal answers late, and in two pieces.
  await quit(at);
  await top(at);
  expect(await at.styled()).toMatch(/38;5;37/);
  await at.type('\x1b]11;rgb:ff');
  await at.type('ff/ffff/ffff\x1b\\');
  await at.until((lines) => lines.length > 0);
  await expect.poll(() => at.styled(), { timeout: 20_000 }).toMatch(/38;5;24/);
  await quit(at);
  await top(at, '--theme none');
  expect(await at.styled()).not.toMatch(/\x1b\[(?:[\d;]*;)?(?:3[0-8]|4[0-8])m/);
  await quit(at);
});

test('one line, once: the fleet on stdout; without a router too, with exit code 1', async () => {
  await expect
    .poll(
      async () => {
        const { stdout, code } = await runBubbaloop(['top', '--line', '--once', '-e', fleet.router.endpoint]);
        return `${code} ${stdout}`;
      },
      { timeout: 60_000 },
    )
    .toMatch(/^0 ● 1 machine, 2 nodes: 2 running\n$/);
  const away = await runBubbaloop(['top', '--line', '--once', '-e', 'tcp/127.0.0.1:1']);
  expect(away.stdout).toMatch(/^[✗◌] .*tcp\/127\.0\.0\.1:1.*\n$/);
  expect(away.code).toBe(1);
});

test('sentences for a screen reader: nothing is drawn over, words are answered', async () => {
  const at = await open();
  await at.run(`clear; ${bubbaloop} top --screen-reader -e ${fleet.router.endpoint}; echo code=$?`);
  await at.until(/Connected to tcp.*: 1 machine, 2 nodes: 2 running/, 60_000);
  await at.run('nodes alpha');
  await at.until(/alpha on robot_1: running for/);
  expect(await at.styled()).not.toMatch(/[╭│╰]|\x1b\[\?1049/);
  await at.run('quit');
  await at.until(/code=0/);
});
