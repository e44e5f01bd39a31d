import xterm from '@xterm/headless';
import { expect, test } from 'vitest';
import { ScreenWriter } from '../../source/ui/screen-writer.ts';
import type { Screen } from '../../source/view/screen.ts';
import { createTheme } from '../../source/view/theme.ts';
import { seededRandom } from '../support/seeded-random.ts';

const SIZE = { columns: 20, rows: 4 };
const theme = createTheme('256');

function screenOf(above: readonly string[], change: Partial<Extract<Screen, { kind: 'full' }>> = {}): Screen {
  return { kind: 'full', size: SIZE, above, panes: [], footer: 'keys', pictures: [], ...change };
}

/** A terminal that shows what the frames of one writer say. */
class Shown {
  readonly writer = new ScreenWriter();
  readonly #terminal = new xterm.Terminal({ cols: SIZE.columns, rows: SIZE.rows, allowProposedApi: true });

  async draw(screen: Screen, details: readonly string[] = []): Promise<string> {
    const text = this.writer.frame(screen, details)?.text ?? '';
    await new Promise<void>((resolve) => this.#terminal.write(text, resolve));
    return text;
  }

  lines(): string[] {
    return Array.from(
      { length: SIZE.rows },
      (_, y) => this.#terminal.buffer.active.getLine(y)?.translateToString(true) ?? '',
    );
  }

  /** Letter, colours and looks of each cell. */
  cells(): string[] {
    const cells: string[] = [];
    for (let y = 0; y < SIZE.rows; y += 1)
      for (let x = 0; x < SIZE.columns; x += 1) {
        const cell = this.#terminal.buffer.active.getLine(y)?.getCell(x);
        cells.push(
          [cell?.getChars() || ' ', cell?.getFgColor(), cell?.getBgColor(), cell?.isBold(), cell?.isInverse()].join(
            ' ',
          ),
        );
      }
    return cells;
  }
}

test('the first frame is whole, the next holds what changed, the same screen nothing', async () => {
  const shown = new Shown();
  const first = screenOf([
    theme.paint([
      { text: 'up ', style: 'dim' },
      { text: '12s', style: 'good' },
    ]),
  ]);
  expect(await shown.draw(first)).toMatch(/^\x1b\[0m\x1b\[2J/);
  expect(shown.lines()).toEqual(['up 12s', '', '', 'keys']);
  const next = screenOf([
    theme.paint([
      { text: 'up ', style: 'dim' },
      { text: '13s', style: 'good' },
    ]),
  ]);
  expect(await shown.draw(next)).toBe('\x1b[1;5H\x1b[38;5;71m3\x1b[m');
  expect(shown.writer.frame(next, [])).toBeUndefined();
});

test('damage: the columns that were written, by row', () => {
  const writer = new ScreenWriter();
  expect(writer.frame(screenOf(['abcdefghijklmnopqrst', 'x']), [])?.damage).toBe('everything');
  // A gap of six columns is jumped over by writing it again, one of seven is not.
  expect(writer.frame(screenOf(['Abcdefgh', 'x']), [])?.damage).toEqual(
    new Map([
      [
        0,
        [
          { from: 0, to: 1 },
          { from: 8, to: 20 },
        ],
      ],
    ]),
  );
  expect(writer.frame(screenOf(['AbcdefgH', 'y']), [])?.damage).toEqual(
    new Map([
      [0, [{ from: 7, to: 8 }]],
      [1, [{ from: 0, to: 1 }]],
    ]),
  );
});

test('what lies on top hides what is below, and shows it again when it goes', async () => {
  const shown = new Shown();
  const panes = [
    { rect: { x: 0, y: 1, width: 20, height: 2 }, lines: ['the first of the row', 'the second of these.'] },
  ];
  await shown.draw(screenOf(['top'], { panes }));
  await shown.draw(
    screenOf(['top'], { panes, dialog: { rect: { x: 4, y: 1, width: 5, height: 1 }, lines: ['[yes]'] } }),
  );
  expect(shown.lines()).toEqual(
    ['top', 'the [yes]of the row', 'the second of these.', 'keys'].map((line, y) =>
      y === 1 ? 'the [yes] of the row' : line,
    ),
  );
  await shown.draw(screenOf(['top'], { panes }));
  expect(shown.lines()[1]).toBe('the first of the row');
});

test('details go no further than their box', async () => {
  const shown = new Shown();
  const details = {
    rect: { x: 2, y: 1, width: 6, height: 1 },
    table: { title: '', columns: [], rows: [] },
    remark: '',
    look: { hasColour: true, isAscii: false },
  };
  await shown.draw(screenOf([''], { details }), ['longer than this', 'and more']);
  expect(shown.lines()).toEqual(['', '  longer', '', 'keys']);
});

test('a wide character goes as a whole', async () => {
  const shown = new Shown();
  await shown.draw(screenOf(['a機b機c']));
  expect(shown.lines()[0]).toBe('a機b機c');
  await shown.draw(screenOf(['a機bxyc']));
  expect(shown.lines()[0]).toBe('a機bxyc');
  await shown.draw(screenOf(['axybxyc']));
  await shown.draw(screenOf(['ax機bxc']));
  expect(shown.lines()[0]).toBe('ax機bxc');
  // Half of one is covered by what lies on top.
  await shown.draw(screenOf(['ax機bxc'], { panes: [{ rect: { x: 3, y: 0, width: 1, height: 1 }, lines: ['|'] }] }));
  expect(shown.lines()[0]).toBe('ax |bxc');
});

test('a forgotten screen is written whole, and so is one of another size', () => {
  const writer = new ScreenWriter();
  writer.frame(screenOf(['abc']), []);
  writer.forget();
  expect(writer.frame(screenOf(['abc']), [])?.damage).toBe('everything');
  expect(writer.frame(screenOf(['abc'], { size: { columns: 30, rows: 4 } }), [])?.damage).toBe('everything');
});

test('after any run of screens the terminal shows what a whole frame of the last would show', async () => {
  const random = seededRandom(11);
  const pieces = ['a', 'bc', '機', '  ', 'Ω', '│', '0123'] as const;
  const styles = ['plain', 'strong', 'dim', 'good', 'bad', 'choice', 'key'] as const;
  const line = () =>
    theme.paint(
      Array.from({ length: random.below(7) }, () => ({
        text: pieces[random.below(pieces.length)] ?? '',
        style: styles[random.below(styles.length)],
      })),
      random.below(3) === 0,
    );
  const incremental = new Shown();
  for (let round = 0; round < 200; round += 1) {
    const box = { x: random.below(15), y: random.below(3), width: 1 + random.below(8), height: 2 };
    const screen = screenOf([line(), line(), line()], {
      panes: [{ rect: box, lines: [line(), line()] }],
      dialog: random.below(2) === 0 ? undefined : { rect: { ...box, x: box.x + 1 }, lines: [line()] },
    });
    await incremental.draw(screen);
    const whole = new Shown();
    await whole.draw(screen);
    expect(incremental.cells()).toEqual(whole.cells());
  }
});
