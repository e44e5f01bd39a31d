import { expect, test } from 'vitest';
import { touches } from '../../source/ui/screen-damage.ts';
import { letterPicture, PictureScreen } from '../support/picture-screen.ts';

const RECT = { x: 2, y: 1, width: 4, height: 2 };
const EMPTY = new Uint8Array(0);

function picture(letter: string, change: { readonly id?: string; readonly rect?: typeof RECT } = {}) {
  const rect = change.rect ?? RECT;
  const bytes = letterPicture(letter, rect.width, rect.height);
  return { id: change.id ?? 'a', rect, bytes, erase: EMPTY, widthPx: rect.width, heightPx: rect.height };
}

/** A screen full of dots with one blank box, whose picture is drawn. */
async function shown(): Promise<PictureScreen> {
  const screen = new PictureScreen(20, 5);
  screen.layer.place([{ id: 'a', rect: RECT }]);
  screen.frame(['.'.repeat(20), '..    ..............', '..    ..............', '.'.repeat(20), 'keys']);
  screen.layer.draw(picture('A'));
  expect(await screen.lines()).toEqual([
    '.'.repeat(20),
    '..AAAA..............',
    '..AAAA..............',
    '.'.repeat(20),
    'keys',
  ]);
  return screen;
}

test('a picture is drawn in its box, and the cursor stays where the text left it', async () => {
  const screen = await shown();
  expect(screen.cursor()).toEqual({ x: 4, y: 4 });
  for (const text of screen.sent) {
    // Each write is one whole update: nothing on the screen is ever half of one.
    expect(text.startsWith('\x1b[?2026h') && text.endsWith('\x1b[?2026l')).toBe(true);
  }
});

test('a picture that was drawn over comes again in the same update, one beside the change does not', async () => {
  const screen = await shown();
  screen.sent.length = 0;
  screen.frame(['new text'], 1, 10);
  screen.frame(['ab'], 1, 0);
  expect((await screen.lines())[1]).toBe('abAAAA....new text..');
  expect(screen.sent.join('')).not.toContain('AAAA');
  screen.frame(['..    changed'], 1);
  expect((await screen.lines()).slice(1, 3)).toEqual(['..AAAAchanged text..', '..AAAA..............']);
  expect(screen.sent.at(-1)).toContain('AAAA');
});

test('a box that goes is blanked before the frame that takes its place is drawn', async () => {
  const screen = await shown();
  screen.layer.place([]);
  // The painter draws only what has changed: not the blanks where the picture was.
  screen.frame(['over'], 1, 7);
  expect((await screen.lines()).slice(1, 3)).toEqual(['..    .over.........', '..    ..............']);
});

test('a box that moves takes its picture along when the new one is there', async () => {
  const screen = await shown();
  const rect = { ...RECT, x: 10 };
  screen.layer.place([{ id: 'a', rect }]);
  screen.layer.draw(picture('B', { rect }));
  screen.frame([]);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect((await screen.lines())[1]).toBe('..    ....BBBB......');
});

test('boxes change by themselves when no frame comes', async () => {
  const screen = await shown();
  screen.layer.place([]);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect((await screen.lines())[1]).toBe('..    ..............');
});

test('a picture for a place that is no longer there is not drawn', async () => {
  const screen = await shown();
  screen.layer.draw(picture('B', { rect: { ...RECT, x: 9 } }));
  screen.layer.draw(picture('C', { id: 'other' }));
  expect((await screen.lines())[1]).toBe('..AAAA..............');
});

test('suspended: the pictures go and come again; closed: they go', async () => {
  const screen = await shown();
  screen.layer.suspend();
  expect((await screen.lines())[1]).toBe('..    ..............');
  screen.layer.draw(picture('B'));
  expect((await screen.lines())[1]).toBe('..    ..............');
  screen.layer.resume();
  expect((await screen.lines())[1]).toBe('..BBBB..............');
  screen.layer.close();
  expect((await screen.lines())[1]).toBe('..    ..............');
});

test('kitty: what removes the picture is sent with the blanks', async () => {
  const screen = await shown();
  screen.layer.draw({ ...picture('A'), erase: Buffer.from('\x1b_Ga=d\x1b\\') });
  screen.layer.clear('a');
  await screen.lines();
  expect(screen.sent.at(-1)).toContain('\x1b_Ga=d\x1b\\');
});

test('a terminal that reads nothing gets no pictures on top of what waits, and the newest when it reads again', async () => {
  const screen = await shown();
  screen.sent.length = 0;
  screen.isReading = false;
  for (const letter of 'BCDEFG') screen.layer.draw(picture(letter));
  const waiting = screen.output.pendingBytes;
  for (const letter of 'HIJKLM') screen.layer.draw(picture(letter));
  expect(screen.output.pendingBytes).toBe(waiting);
  screen.readOn();
  expect((await screen.lines())[1]).toBe('..MMMM..............');
  // B was on its way, M is the newest; those between were never sent.
  expect(screen.sent.join('')).not.toMatch(/[C-L]{4}/);
});

test('closing while the terminal reads nothing leaves it in order', async () => {
  const screen = await shown();
  screen.isReading = false;
  screen.layer.draw(picture('B'));
  screen.frame(['text'], 1, 10);
  screen.readOn();
  screen.layer.close();
  expect((await screen.lines())[1]).toBe('..    ....text......');
});

test('through tmux: wrapped, at absolute places of the terminal around', async () => {
  const screen = new PictureScreen(20, 5);
  screen.layer.route = { left: 10, top: 3, isWrapped: true };
  screen.layer.place([{ id: 'a', rect: RECT }]);
  screen.frame(['x']);
  screen.layer.draw(picture('A'));
  await screen.lines();
  expect(screen.sent.join('')).toContain('\x1bPtmux;\x1b\x1b7\x1b\x1b[5;13HAAAA');
});

test('what Ink draws ends in the layer, its modes go on', async () => {
  const screen = new PictureScreen(20, 5);
  for (const text of [
    '\x1b[?1049h',
    '\x1b[?2026h',
    '\x1b[2Jsomething',
    '\x1b[?2026l',
    '\x1b[2K\x1b[1A\x1b[G',
    '\x1b[?25l',
  ])
    screen.layer.stdout.write(text);
  await screen.lines();
  expect(screen.sent).toEqual(['\x1b[?1049h', '\x1b[?25l']);
});

test('damage: a box is touched by what lies in its rows and columns', () => {
  const box = { x: 2, y: 1, width: 4, height: 2 };
  expect(touches(new Map([[2, [{ from: 6, to: 9 }]]]), box)).toBe(false);
  expect(touches(new Map([[2, [{ from: 0, to: 2 }]]]), box)).toBe(false);
  expect(touches(new Map([[3, [{ from: 0, to: 9 }]]]), box)).toBe(false);
  expect(
    touches(
      new Map([
        [
          2,
          [
            { from: 0, to: 1 },
            { from: 5, to: 6 },
          ],
        ],
      ]),
      box,
    ),
  ).toBe(true);
  expect(touches('everything', { x: 0, y: 0, width: 1, height: 1 })).toBe(true);
});
