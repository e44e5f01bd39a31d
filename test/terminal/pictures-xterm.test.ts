import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { bubbaloop } from '../support/command-line.ts';
import { startRouter, type TestRouter } from '../support/router.ts';
import { drawing, type StillCamera, startStillCamera } from '../support/still-camera.ts';
import { boundsOf, CELL, distance, type Shot, XtermScreen } from '../support/xterm-screen.ts';

const MACHINE = 'robot_1';
const MAGENTA = [255, 0, 255] as const;
/** Measured 0.005; half blocks 0.08, and 0.15 in 256 colours on a busy machine; a black box is 0.5 away, other colours 0.3. */
const SIXEL_DISTANCE = 0.03;
const BLOCKS_DISTANCE = 0.2;

const picture = drawing();
let router: TestRouter;
let camera: StillCamera;
let screen: XtermScreen | undefined;

beforeAll(async () => {
  router = await startRouter();
  camera = await startStillCamera(router.endpoint, MACHINE, 'still', picture);
});

afterAll(async () => {
  await camera.close();
  await router.stop();
});

afterEach(async () => {
  await screen?.close();
  screen = undefined;
});

function top(flags = ''): string {
  return `BUBBALOOP_MACHINE_ID=${MACHINE} ${bubbaloop} top --endpoint ${router.endpoint} ${flags}`;
}

/** Through a tmux of its own, in which `allow-passthrough` is as said, and which ends with its terminal. */
function inTmux(command: string, passthrough: 'on' | 'off'): string {
  const socket = `bubbaloop-xterm-${process.pid}`;
  const settings = ['status on', `allow-passthrough ${passthrough}`, 'destroy-unattached on'];
  const words = [...settings.map((setting) => `set -g ${setting}`), `new-session '${command}'`];
  return `env -u TMUX tmux -L ${socket} -f /dev/null ${words.join(' \\; ')}; tmux -L ${socket} kill-server`;
}

/** Waits for the picture on the open wall, and says how far it is from its source. */
async function lookAt(at: XtermScreen): Promise<{ readonly shot: Shot; readonly far: number }> {
  await at.until((shot) => isTextThere(shot));
  await at.press('c');
  const isWhole = (shot: Shot): boolean => (boundsOf(shot, MAGENTA)?.width ?? 0) > 100;
  await at.until(isWhole);
  // Once more: the first may have been there half.
  const shot = await at.until(isWhole);
  const box = boundsOf(shot, MAGENTA);
  if (box === undefined) throw new Error('gone again');
  // Its corner is a cell's, its sides are in proportion, and it stays between header and footer.
  expect(box.left % CELL.widthPx).toBe(0);
  expect(box.top % CELL.heightPx).toBe(0);
  expect(box.top).toBeGreaterThanOrEqual(2 * CELL.heightPx);
  expect(box.top + box.height).toBeLessThanOrEqual(shot.height - 2 * CELL.heightPx);
  expect(box.width / box.height / (picture.width / picture.height)).toBeGreaterThan(0.9);
  expect(box.width / box.height / (picture.width / picture.height)).toBeLessThan(1.1);
  return { shot, far: await distance(shot, box, picture) };
}

/** A screen full of text was drawn, more than a cursor or a line of the shell. */
function isTextThere({ data }: Shot): boolean {
  return data.reduce((count, byte) => count + (byte > 100 ? 1 : 0), 0) > 10_000;
}

const isGone = (shot: Shot): boolean => boundsOf(shot, MAGENTA) === undefined;

test('xterm with sixel: in its place, in the right colours, gone after q', async () => {
  screen = await XtermScreen.open(`${top()}; echo ended; sleep 1000`);
  const { far } = await lookAt(screen);
  expect(far).toBeLessThan(SIXEL_DISTANCE);
  await screen.press('q');
  const overview = await screen.until((shot) => isGone(shot));
  expect(isTextThere(overview)).toBe(true);
  await screen.press('c');
  await screen.until((shot) => !isGone(shot));
  await screen.press('q', 'q');
  await screen.until((shot) => isGone(shot));
});

test('tmux that passes through: as well as without it', async () => {
  screen = await XtermScreen.open(inTmux(top('--images sixel'), 'on'));
  const { far } = await lookAt(screen);
  expect(far).toBeLessThan(SIXEL_DISTANCE);
  // Another window of tmux has none of it; back in the first, it comes again.
  await screen.press('ctrl+b', 'c');
  await screen.until((shot) => isGone(shot));
  await screen.press('ctrl+b', 'p');
  await screen.until((shot) => !isGone(shot));
  await screen.press('q');
  await screen.until((shot) => isGone(shot));
});

test('tmux that passes nothing through: half blocks', async () => {
  screen = await XtermScreen.open(inTmux(top(), 'off'), { env: { COLORTERM: 'truecolor' } });
  const { far } = await lookAt(screen);
  expect(far).toBeLessThan(BLOCKS_DISTANCE);
  await screen.press('q');
  await screen.until((shot) => isGone(shot));
});

test('xterm without sixel: half blocks', async () => {
  screen = await XtermScreen.open(top(), { hasSixel: false, env: { COLORTERM: 'truecolor' } });
  const { far } = await lookAt(screen);
  expect(far).toBeLessThan(BLOCKS_DISTANCE);
  await screen.press('q');
  await screen.until((shot) => isGone(shot));
});
