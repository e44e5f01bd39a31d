import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn as spawnPty } from '@lydell/node-pty';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { bubbaloop } from '../support/command-line.ts';
import { removeFolder } from '../support/remove-folder.ts';
import { startRouter, type TestRouter } from '../support/router.ts';
import { drawing, type StillCamera, startStillCamera } from '../support/still-camera.ts';
import { Terminal, type TerminalOptions } from '../support/terminal.ts';

const MACHINE = 'robot_1';

let router: TestRouter;
let folder: string;
const cameras: StillCamera[] = [];
let terminal: Terminal | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-test-pictures-'));
  router = await startRouter();
  for (const name of ['front', 'rear', 'gripper']) {
    cameras.push(await startStillCamera(router.endpoint, MACHINE, name, drawing()));
  }
});

afterAll(async () => {
  for (const camera of cameras) await camera.close();
  await router.stop();
  removeFolder(folder);
});

afterEach(async () => {
  await terminal?.close();
  terminal = undefined;
});

/** A shell in which `top` is connected. */
async function top(options: TerminalOptions & { readonly flags?: string } = {}): Promise<Terminal> {
  terminal = await Terminal.open({ ...options, env: { BUBBALOOP_MACHINE_ID: MACHINE, ...options.env } });
  await terminal.run(
    `cd ${folder}; echo before-top; ${bubbaloop} top --endpoint ${router.endpoint} ${options.flags ?? ''}; echo code=$?`,
  );
  await terminal.until(/[●o] tcp/);
  return terminal;
}

const blocksIn = (lines: readonly string[]): number => lines.join('').match(/[▀▄█]/g)?.length ?? 0;

test('the wall shows every camera in blocks, and nothing of it stays', async () => {
  const at = await top();
  await at.press('c');
  await at.until((lines) => blocksIn(lines) > 150 && /shm.*shm/.test(lines.join('\n')));
  const wall = await at.until(/\d\.\d Hz {2}640x360/);
  expect(wall).toMatch(/front · robot_1.*gripper · robot_1/);
  expect(wall).toMatch(/half blocks.*CPU \d+%/);
  expect(wall).toMatch(/^ bubbaloop /);
  await at.press('Enter');
  await at.until((lines) => !lines.join('').includes('gripper') && blocksIn(lines) > 150);
  await at.press('Escape');
  await at.until(/gripper · robot_1/);
  await at.press('Escape');
  const overview = await at.until(/1 Nodes/);
  expect(blocksIn(overview.split('\n'))).toBe(0);
  await at.press('c');
  await at.until((lines) => blocksIn(lines) > 150);
  await at.press('C-c');
  await at.until(/code=0/);
  const { problems, screen } = await at.isRestored();
  expect(problems).toEqual([]);
  expect(screen).toContain('before-top');
  expect(blocksIn(screen.split('\n'))).toBe(0);
});

test('Ctrl-Z takes the pictures along, fg brings them back; a resize moves them', async () => {
  const at = await top();
  await at.press('c');
  await at.until((lines) => blocksIn(lines) > 150);
  await at.press('C-z');
  await at.until((lines) => lines.join('').includes('Stopped') && blocksIn(lines) === 0);
  await at.run('fg');
  await at.until((lines) => blocksIn(lines) > 150);
  await at.resize(80, 24);
  await at.until((lines) => blocksIn(lines) > 100 && areTilesWhole(lines));
  await at.press('q', 'q');
  // The shell said its code when it was stopped.
  await at.until(/before-top.*prompt-of-the-test\$fg.*prompt-of-the-test\$/s);
});

/** Whether every tile has its frame all around, and nothing is left between them or below. */
function areTilesWhole(lines: readonly string[]): boolean {
  const top = lines.findIndex((line) => line.startsWith('╭'));
  const bottom = lines.findIndex((line) => line.startsWith('╰'));
  const [upper = '', lower = ''] = [lines[top], lines[bottom]];
  const sides = [...upper].flatMap((sign, column) => ('╭╮'.includes(sign) ? [column] : []));
  const inside = lines.slice(top + 1, bottom);
  return (
    top >= 0 &&
    inside.length > 0 &&
    sides.every((column) => '╰╯'.includes(lower[column] ?? ' ')) &&
    inside.every((line) => sides.every((column) => line[column] === '│')) &&
    blocksIn(inside) === blocksIn(lines)
  );
}

test('SIGTERM in the middle of pictures leaves a clean terminal', async () => {
  const at = await top();
  await at.press('c');
  await at.until((lines) => blocksIn(lines) > 150);
  process.kill(await at.programPid(), 'SIGTERM');
  await at.until(/code=0/);
  expect(blocksIn(await at.lines())).toBe(0);
});

test.each([
  ['no colours', { NO_COLOR: '1' }, 'No pictures here: NO_COLOR is set'],
  ['no UTF-8', { LANG: 'C', LC_ALL: 'C' }, 'No pictures here: the locale is not UTF-8'],
])('%s: words in the place of pictures, figures below', async (_name, env, words) => {
  const at = await top({ env, columns: 60, rows: 16 });
  await at.press('c');
  await at.until((lines) =>
    lines
      .join(' ')
      .replaceAll(/[│|\s]+/g, ' ')
      .includes(words),
  );
  await at.until('640x360');
  await at.press('q', 'q');
  await at.until(/code=0/);
});

test('p writes a PNG file of the camera’s size and says where', async () => {
  const at = await top({ columns: 150 });
  await at.press('c');
  // The picture of the selected camera: the others' may be there before.
  await at.until((lines) => blocksIn(lines.map((line) => line.slice(0, 48))) > 150);
  await at.press('p');
  await at.until(/Photo of \w+: 640x360 in .*\.png/);
  const [file] = readdirSync(folder).filter((name) => name.endsWith('.png'));
  expect(file).toMatch(/^robot_1-front-\d{8}-\d{6}\.png$/);
  expect(existsSync(join(folder, file ?? ''))).toBe(true);
  await at.press('q', 'q');
});

test('through tmux: the terminal around it gets sixels at their place; where that is not allowed, it gets none', async () => {
  for (const passthrough of ['on', 'off']) {
    const socket = `bubbaloop-passthrough-${process.pid}-${passthrough}`;
    const command = `${bubbaloop} top --endpoint ${router.endpoint} --images sixel`;
    const env = {
      ...process.env,
      TMUX: '',
      LANG: 'C.UTF-8',
      BUBBALOOP_MACHINE_ID: MACHINE,
      BUBBALOOP_HOME: folder,
      NO_COLOR: '',
    };
    const words = [
      '-L',
      socket,
      '-f',
      '/dev/null',
      'set',
      '-g',
      'allow-passthrough',
      passthrough,
      ';',
      'new-session',
      command,
    ];
    const pty = spawnPty('tmux', words, { cols: 120, rows: 40, name: 'xterm-256color', env });
    let seen = '';
    pty.onData((data) => {
      seen += data;
    });
    const until = async (holds: () => boolean): Promise<void> => {
      const deadlineMs = Date.now() + 20_000;
      while (!holds()) {
        if (Date.now() > deadlineMs) throw new Error(`not within 20 s: ${JSON.stringify(seen.slice(-2_000))}`);
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    };
    try {
      await until(() => seen.includes('cameras'));
      pty.write('c');
      await until(() => seen.includes('640x360'));
      if (passthrough === 'on') {
        // Saved cursor, absolute place, then the picture as the terminal wants it: single escapes again.
        await until(() => /\x1b7\x1b\[\d+;\d+H\x1bP[\d;]*q"1;1;\d+;\d+/.test(seen));
      } else {
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        expect(seen).not.toContain('\x1bP0;1');
      }
      expect(seen.replaceAll('\x1b', '')).not.toContain('Gi=31');
    } finally {
      execFileSync('tmux', ['-L', socket, 'kill-server']);
      pty.kill();
    }
  }
});
