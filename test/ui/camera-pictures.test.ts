import { afterEach, expect, test } from 'vitest';
import { TerminalInquiry } from '../../source/graphics/terminal-inquiry.ts';
import type { ImagesChoice } from '../../source/graphics/terminal-pictures.ts';
import { CameraPictures } from '../../source/ui/camera-pictures.ts';
import { FakeCameras, letterEncoder } from '../support/fake-cameras.ts';
import { PictureScreen } from '../support/picture-screen.ts';

const RECT = { x: 2, y: 1, width: 8, height: 2 };
const PLACE = { key: 'robot_1/front', rect: RECT, isCovered: false };

let opened: CameraPictures | undefined;

afterEach(() => {
  opened?.close();
  opened = undefined;
});

async function rig(
  options: { readonly images?: ImagesChoice; readonly budgetBytesPerSecond?: number; readonly answers?: boolean } = {},
) {
  const screen = new PictureScreen(40, 10);
  const cameras = new FakeCameras('front', 'rear');
  const inquiry = new TerminalInquiry({
    images: options.images ?? 'blocks',
    env: { TERM: 'xterm-256color', LANG: 'C.UTF-8' },
    size: () => ({ columns: 40, rows: 10 }),
    askTmux: () => Promise.resolve(undefined),
    askWindowPixels: () => Promise.resolve(undefined),
  });
  inquiry.begin();
  if (options.answers === true) inquiry.take([{ kind: 'attributes', attributes: [62] }]);
  const photos: number[] = [];
  const pictures = new CameraPictures({
    layer: screen.layer,
    output: screen.output,
    inquiry,
    cameras,
    makeEncoder: letterEncoder,
    budgetBytesPerSecond: options.budgetBytesPerSecond,
    savePhoto: (_camera, pixels) => {
      photos.push(pixels.width);
      return Promise.resolve('/tmp/photo.png');
    },
  });
  opened = pictures;
  pictures.show([], true);
  await until(() => pictures.view().isLooked);
  return { screen, cameras, inquiry, pictures, photos };
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + 5_000;
  while (!(await holds())) {
    if (Date.now() > deadlineMs) throw new Error('not within 5 s');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('a feed is open as long as its box is on the screen', async () => {
  const { screen, cameras, pictures } = await rig();
  expect(cameras.feeds).toHaveLength(0);
  pictures.show([PLACE], true);
  screen.frame(['text']);
  expect(cameras.open).toHaveLength(1);
  // Half blocks: a pixel a column, two a row.
  expect(cameras.open[0]?.wish).toEqual({ maxWidth: 8, maxHeight: 4, maxRateHz: 10 });
  cameras.open[0]?.show(1);
  await until(async () => (await screen.lines())[1] === '  bbbbbbb');
  cameras.open[0]?.show(2);
  await until(async () => (await screen.lines())[1] === '  ccccccc');
  pictures.show([], false);
  screen.frame(['text']);
  await until(async () => (await screen.lines())[1] === '');
  expect(cameras.open).toHaveLength(0);
  expect(cameras.restCount).toBe(1);
});

test('a camera in whose place words stand is watched, and sends nothing', async () => {
  const { screen, cameras, pictures } = await rig();
  pictures.show([{ ...PLACE, isCovered: true }], true);
  screen.frame(['text']);
  cameras.open[0]?.show(1);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(screen.sent.join('')).not.toMatch(/b{4}/);
  pictures.show([PLACE], true);
  expect(cameras.feeds).toHaveLength(1);
  screen.frame(['other']);
  await until(async () => (await screen.lines())[1] === '  bbbbbbb');
});

test('the same picture is not sent again', async () => {
  const { screen, cameras, pictures } = await rig();
  pictures.show([PLACE], true);
  screen.frame(['text']);
  const [feed] = cameras.open;
  feed?.show(1);
  await until(async () => (await screen.lines())[1] === '  bbbbbbb');
  screen.sent.length = 0;
  for (let look = 0; look < 20; look += 1) {
    feed?.change({ receivedAtMs: Date.now() });
    pictures.show([PLACE], true);
  }
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(screen.sent.join('')).not.toContain('b');
});

test('a camera of 100 pictures a second gives ten, the newest', async () => {
  const { screen, cameras, pictures } = await rig();
  pictures.show([PLACE], true);
  screen.frame(['text']);
  const [feed] = cameras.open;
  for (let shade = 0; shade < 26; shade += 1) {
    feed?.show(shade);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await until(async () => (await screen.lines())[1] === '  zzzzzzz');
  const pictured = screen.sent.filter((text) => /([a-z])\1{6}/.test(text)).length;
  expect(pictured).toBeGreaterThanOrEqual(3);
  expect(pictured).toBeLessThanOrEqual(10);
});

test('a terminal that takes nothing gets one picture and no more; memory does not grow', async () => {
  const { screen, cameras, pictures } = await rig();
  pictures.show([PLACE], true);
  screen.frame(['text']);
  await screen.lines();
  screen.isReading = false;
  const [feed] = cameras.open;
  feed?.show(1);
  const waiting = screen.output.pendingBytes;
  for (let shade = 2; shade < 20; shade += 1) {
    feed?.show(shade);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(screen.output.pendingBytes).toBe(waiting);
  screen.readOn();
  await until(async () => (await screen.lines())[1] === '  ttttttt');
});

test('a terminal that answers is asked for a sign of life, and waited for', async () => {
  const { screen, cameras, inquiry, pictures } = await rig({ answers: true });
  await until(() => inquiry.isSettled);
  pictures.show([PLACE], true);
  screen.frame(['text']);
  await screen.lines();
  expect(screen.sent.join('')).toContain('\x1b[5n');
  pictures.take([{ kind: 'alive' }]);
  cameras.open[0]?.show(1);
  await until(async () => (await screen.lines())[1] === '  bbbbbbb');
});

test('a budget lowers the rate that cameras are asked for, and says so', async () => {
  const { screen, cameras, pictures } = await rig({ budgetBytesPerSecond: 200 });
  pictures.show([PLACE], true);
  screen.frame(['text']);
  const [feed] = cameras.open;
  const timer = setInterval(() => feed?.show(Math.floor(Math.random() * 20)), 50);
  await until(() => (feed?.wish.maxRateHz ?? 10) < 10);
  clearInterval(timer);
  const { status } = pictures.view();
  expect(status).toMatchObject({ askedHz: 10, budgetBytesPerSecond: 200, limitedBy: 'budget' });
  expect(status?.rateHz).toBeLessThan(10);
});

test('a photo is as large as the camera, where that comes in time', async () => {
  const { screen, cameras, pictures, photos } = await rig();
  pictures.show([PLACE], true);
  screen.frame(['text']);
  const camera = { machine: 'robot_1', node: 'front' };
  expect(await pictures.photo(camera)).toMatchObject({ ok: false });
  const [feed] = cameras.open;
  feed?.show(1);
  const photo = pictures.photo(camera);
  feed?.show(2);
  expect(await photo).toEqual({ ok: true, message: '1600x900 in /tmp/photo.png' });
  expect(photos).toEqual([1600]);
  expect(feed?.wish.maxWidth).toBe(8);
});

test('off: no feed sends anything, and the reason is told', async () => {
  const { screen, cameras, pictures } = await rig({ images: 'off' });
  expect(pictures.view().offReason).toBe('--images');
  pictures.show([PLACE], true);
  screen.frame(['text']);
  cameras.open[0]?.show(1);
  await screen.lines();
  expect(screen.sent.join('')).not.toMatch(/b{4}/);
});

test('what the terminal says later counts: other pictures in the same boxes', async () => {
  const { screen, cameras, inquiry, pictures } = await rig({ images: 'auto' });
  pictures.show([PLACE], true);
  screen.frame(['text']);
  expect(cameras.open[0]?.wish.maxWidth).toBe(8);
  inquiry.take([
    { kind: 'cell', widthPx: 10, heightPx: 20 },
    { kind: 'attributes', attributes: [62, 4] },
  ]);
  await until(() => inquiry.pictures.protocol === 'sixel');
  expect(pictures.view().cell).toEqual({ widthPx: 10, heightPx: 20 });
  pictures.show([PLACE], true);
  expect(cameras.open[0]?.wish).toMatchObject({ maxWidth: 80, maxHeight: 40 });
});
