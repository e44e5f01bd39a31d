import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { bubbaloop } from '../support/command-line.ts';
import { startRouter, type TestRouter } from '../support/router.ts';
import { drawing, type StillCamera, startStillCamera } from '../support/still-camera.ts';
import { boundsOf, CELL, distance, type Shot, XtermScreen } from '../support/xterm-screen.ts';

const MACHINE = 'robot_1';
const MAGENTA = [255, 0, 255] as const;
/** Measured 0.007 for sixel, 0.16 for half blocks in the 16 colours that this xterm has; a black box is 0.5 away. */
const SIXEL_DISTANCE = 0.03;
const BLOCKS_DISTANCE = 0.25;

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

const view = (flags = ''): string =>
  `BUBBALOOP_MACHINE_ID=${MACHINE} ${bubbaloop} camera view still --endpoint ${router.endpoint} ${flags}; echo; sleep 60`;
const isThere = (shot: Shot): boolean => (boundsOf(shot, MAGENTA)?.width ?? 0) > 100;

test.each([
  ['sixel, as xterm says', '', true, SIXEL_DISTANCE],
  ['half blocks, in an xterm without sixel', '', false, BLOCKS_DISTANCE],
])(
  '%s: the picture stands in the corner in its colours, and is gone after q',
  async (_what, flags, hasSixel, limit) => {
    screen = await XtermScreen.open(view(flags), { hasSixel });
    await screen.until(isThere);
    // Once more: the first may have been there half.
    const shot = await screen.until(isThere);
    const box = boundsOf(shot, MAGENTA);
    expect(box).toMatchObject({ left: 0, top: 0 });
    expect(box?.height).toBeLessThanOrEqual(shot.height - CELL.heightPx);
    // Half a cell is not quite as wide as high.
    expect(Math.abs((box?.width ?? 0) / (box?.height ?? 1) / (picture.width / picture.height) - 1)).toBeLessThan(0.1);
    if (box !== undefined) expect(await distance(shot, box, picture)).toBeLessThan(limit);
    await screen.press('q');
    await screen.until((after) => boundsOf(after, MAGENTA) === undefined);
  },
);
