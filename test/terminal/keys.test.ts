/** Every key of the key map, pressed in a real terminal. A binding without a case here fails. */
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type ActionId, KEYMAP, type KeyName } from '../../source/view/keymap.ts';
import { bubbaloop } from '../support/command-line.ts';
import { type RealFleet, startRealFleet } from '../support/real-fleet.ts';
import { removeFolder } from '../support/remove-folder.ts';
import { drawing, type StillCamera, startStillCamera } from '../support/still-camera.ts';
import { Terminal } from '../support/terminal.ts';

let fleet: RealFleet;
let camera: StillCamera;
let folder: string;
let terminal: Terminal | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-test-keys-'));
  fleet = await startRealFleet({
    alpha: 'sleep 100000',
    beta: 'sleep 100000',
    gamma: `python3 -c "import time; print('written by gamma'); print('second by gamma', flush=True); time.sleep(100000)"`,
  });
  camera = await startStillCamera(fleet.router.endpoint, fleet.machine, 'front', drawing());
});

afterAll(async () => {
  await camera.close();
  await fleet.end();
  removeFolder(folder);
});

afterEach(async () => {
  await terminal?.close();
  terminal = undefined;
});

/** In a small terminal, so that the list of keys has pages. */
const SIZE = { columns: 100, rows: 24 };
const AT_ALPHA = /▸ robot_1\s+alpha/;
const AT_BETA = /▸ robot_1\s+beta/;
const AT_GAMMA = /▸ robot_1\s+gamma/;
const HELP = /Keys ─/;

interface Desk {
  readonly at: Terminal;
  /** The key that is tried. */
  press(): Promise<void>;
}

type KeyCase = (desk: Desk) => Promise<void>;

/** The part of the help that is shown: `13-30 of 41`, its first number. */
function helpTop(lines: readonly string[]): number {
  return Number(/ (\d+)-\d+ of \d+ /.exec(lines.join('\n'))?.[1] ?? 0);
}

/** Nothing lies on top: the last line holds the usual keys. */
async function isMain(at: Terminal): Promise<void> {
  await at.until((lines) => (lines.at(-1) ?? '').includes('? help'));
}

/** Escape and the next key in one read would be Alt and that key. */
async function leave(at: Terminal): Promise<void> {
  await at.press('Escape');
  await isMain(at);
}

/** In the list of keys, from a line near its middle. */
function scrolls(holds: (before: number, after: number) => boolean): KeyCase {
  return async ({ at, press }) => {
    await at.press('?');
    await at.until(HELP);
    await at.press('Down', 'Down', 'Down');
    await at.until((lines) => helpTop(lines) === 4);
    await press();
    await at.until((lines) => holds(4, helpTop(lines)));
    await leave(at);
  };
}

/** From the second node. */
function moves(to: RegExp): KeyCase {
  return async ({ at, press }) => {
    await at.press('Down');
    await at.until(AT_BETA);
    await press();
    await at.until(to);
  };
}

function shows(pane: RegExp): KeyCase {
  return async ({ at, press }) => {
    await press();
    await at.until(pane);
  };
}

function asks(question: string): KeyCase {
  return async ({ at, press }) => {
    await press();
    await at.until(question);
    // Enter is the safe answer.
    await at.press('Enter');
    await at.until((lines) => !lines.join('').includes(question));
  };
}

/** In the last line. */
function says(words: RegExp): KeyCase {
  return async ({ at, press }) => {
    await press();
    await at.until((lines) => words.test(lines.at(-1) ?? ''));
  };
}

async function isUnsorted(at: Terminal): Promise<void> {
  await at.until((lines) => !lines.join('').includes('sort: '));
}

function chooses(count: number, choose: KeyCase): KeyCase {
  return async (desk) => {
    await choose(desk);
    await desk.at.until(new RegExp(` ${count} chosen`));
    await desk.at.press('Escape');
    await desk.at.until((lines) => !lines.join('').includes(' chosen'));
  };
}

async function openLog(at: Terminal): Promise<void> {
  await at.press('G');
  await at.until(AT_GAMMA);
  await at.press('l');
  await at.until(/written by gamma[\s\S]*second by gamma/);
}

/** The first Esc takes the search or the filter away. */
async function leaveLog(at: Terminal): Promise<void> {
  await at.press('Escape');
  await at.until((lines) => /Esc\s+back/.test(lines.at(-1) ?? ''));
  await leave(at);
}

/** From the last of two places to the first, whichever way round. */
function finds(): KeyCase {
  return async ({ at, press }) => {
    await openLog(at);
    await at.press('/');
    await at.type('by gamma');
    await at.press('Enter');
    await at.until(/>\S.*second by gamma/);
    await press();
    await at.until(/>\S.*written by gamma/);
    await leaveLog(at);
  };
}

/** Each begins and ends among the nodes, on the first, with nothing on top. */
const CASES: Readonly<Partial<Record<ActionId, KeyCase>>> = {
  up: moves(AT_ALPHA),
  down: moves(AT_GAMMA),
  first: moves(AT_ALPHA),
  last: moves(AT_GAMMA),
  'page-up': scrolls((_, after) => after === 1),
  'page-down': scrolls((before, after) => after > before + 10),
  'half-up': scrolls((_, after) => after === 1),
  'half-down': scrolls((before, after) => after > before + 5 && after < before + 15),
  'next-pane': shows(/╭ 2 Shared memory/),
  'previous-pane': shows(/╭ 9 Events/),
  'pane-nodes': async ({ at, press }) => {
    await at.press('2');
    await at.until(/╭ 2 Shared memory/);
    await press();
    await at.until(/╭ 1 Nodes/);
  },
  'pane-shm': shows(/╭ 2 Shared memory/),
  'pane-routers': shows(/╭ 3 Routers/),
  'pane-peers': shows(/╭ 4 Peers/),
  'pane-machines': shows(/╭ 5 Machines/),
  'pane-topics': shows(/╭ 6 Topics/),
  'pane-tree': shows(/╭ 7 Topology/),
  'pane-alerts': shows(/╭ 8 Alerts/),
  'pane-events': shows(/╭ 9 Events/),
  start: shows(/alpha is already running/),
  stop: asks('Stop alpha on robot_1?'),
  restart: asks('Restart alpha on robot_1?'),
  // Its outcome, not that it is under way: that would take the place of what the next key says.
  build: says(/build alpha on robot_1:/),
  // Whatever an earlier try left.
  enable: says(/alpha starts with its daemon already|enable alpha on robot_1:/),
  disable: says(/disable alpha on robot_1:|alpha does not start with its daemon as it is/),
  actions: async ({ at, press }) => {
    await press();
    await at.until(/╭ Actions/);
    await leave(at);
  },
  palette: async ({ at, press }) => {
    await press();
    await at.type('peers');
    await at.until('pane Peers');
    await at.press('Enter');
    await at.until(/╭ 4 Peers/);
  },
  'sort-next': async ({ at, press }) => {
    await press();
    await at.until(/sort: machine ▲/);
    await at.press('<');
    await isUnsorted(at);
  },
  'sort-previous': async ({ at, press }) => {
    await press();
    await at.until(/sort: \w+ ▲/);
    await at.press('>');
    await isUnsorted(at);
  },
  'sort-reverse': async ({ at, press }) => {
    await at.press('>');
    await at.until(/sort: machine ▲/);
    await press();
    await at.until(/sort: machine ▼/);
    await at.press('<');
    await isUnsorted(at);
  },
  mark: chooses(1, async ({ press }) => press()),
  'mark-range': chooses(2, async ({ at, press }) => {
    await press();
    await at.until(/1 chosen/);
    await at.press('Down');
  }),
  'mark-up': chooses(2, async ({ at, press }) => {
    await at.press('G');
    await at.until(AT_GAMMA);
    await press();
  }),
  'mark-down': chooses(2, async ({ press }) => press()),
  'mark-all': chooses(3, async ({ press }) => press()),
  'log-next': finds(),
  'log-previous': finds(),
  'log-filter': async ({ at, press }) => {
    await openLog(at);
    await press();
    await at.type('out second');
    await at.press('Enter');
    await at.until((lines) => !lines.join('').includes('out written') && lines.join('').includes('&out second'));
    await leaveLog(at);
  },
  'log-wrap': async ({ at, press }) => {
    await openLog(at);
    await press();
    await at.until((lines) => /w\s+cut/.test(lines.at(-1) ?? ''));
    await leave(at);
  },
  logs: async ({ at, press }) => {
    await at.press('G');
    await at.until(AT_GAMMA);
    await press();
    await at.until(/Logs of gamma on robot_1[\s\S]*written by gamma/);
    await leave(at);
  },
  details: async ({ at, press }) => {
    await press();
    await at.until(/alpha on robot_1[\s\S]*│ Status +│ running/);
    await leave(at);
  },
  cameras: async ({ at, press }) => {
    await press();
    await at.until(/front · robot_1/);
    await leave(at);
  },
  photo: async ({ at, press }) => {
    await press();
    await at.until(/taken among the cameras: key c goes there/);
    await at.press('c');
    await at.until(/\d\.\d Hz {2}640x360/);
    await press();
    await at.until(/Photo of front: 640x360/);
    await leave(at);
    expect(readdirSync(folder).filter((name) => name.endsWith('.png'))).not.toEqual([]);
  },
  filter: async ({ at, press }) => {
    await press();
    await at.type('gam');
    await at.until(/Nodes 1 of 3/);
    await leave(at);
  },
  help: async ({ at, press }) => {
    await press();
    await at.until(HELP);
    await press();
    await isMain(at);
  },
  back: async ({ at, press }) => {
    await at.press('?');
    await at.until(HELP);
    await press();
    await isMain(at);
  },
  suspend: async ({ at, press }) => {
    await press();
    await at.until((lines) => lines.join('').includes('Stopped'));
    await at.run('fg');
  },
  quit: async ({ at, press }) => {
    await press();
    await isShell(at);
    await at.run('clear');
    await run(at);
  },
};

async function run(at: Terminal): Promise<void> {
  await at.run(`cd ${folder}; ${bubbaloop} top --endpoint ${fleet.router.endpoint}; echo code=$?`);
}

/** The shell waits for a command; that `top` ended well is others' to test: this shell has said a code when it stopped. */
async function isShell(at: Terminal): Promise<void> {
  await at.until((lines) => lines.join('\n').trimEnd().endsWith('$') && !lines.join('').includes('╭'));
}

async function isHome(at: Terminal): Promise<void> {
  await at.press('1', 'g');
  await at.until((lines) => /╭ 1 Nodes 3 ─/.test(lines.join('\n')) && AT_ALPHA.test(lines.join('\n')));
}

/** A key in tmux's words. */
function tmuxKey(key: KeyName): string {
  const named: Readonly<Record<string, string>> = {
    up: 'Up',
    down: 'Down',
    left: 'Left',
    right: 'Right',
    pageup: 'PPage',
    pagedown: 'NPage',
    home: 'Home',
    end: 'End',
    enter: 'Enter',
    escape: 'Escape',
    tab: 'Tab',
    'shift-tab': 'BTab',
    'shift-up': 'S-Up',
    'shift-down': 'S-Down',
    ' ': 'Space',
  };
  return named[key] ?? key.replace(/^ctrl-/, 'C-');
}

test('every binding of the key map has a case', () => {
  expect(KEYMAP.filter(({ action }) => CASES[action] === undefined).map(({ action }) => action)).toEqual([]);
});

test('every key does what the key map says', async () => {
  terminal = await Terminal.open({ ...SIZE, env: { BUBBALOOP_MACHINE_ID: fleet.machine } });
  const at = terminal;
  await run(at);
  await at.until(/gamma\s+● running/, 60_000);
  for (const { action, keys } of KEYMAP) {
    const check = CASES[action];
    for (const key of check === undefined ? [] : keys) {
      await isHome(at);
      await check?.({ at, press: () => at.press(tmuxKey(key)) }).catch((error: unknown) => {
        throw new Error(`${action} by ${key}`, { cause: error });
      });
    }
  }
  await at.press('q');
  await isShell(at);
}, 240_000);

test('tmux’s own prefix and the terminal’s flow control are nobody’s keys', () => {
  const keys = KEYMAP.flatMap((binding) => binding.keys);
  for (const taken of ['ctrl-b', 'ctrl-a', 'ctrl-s', 'ctrl-q']) expect(keys).not.toContain(taken);
});
