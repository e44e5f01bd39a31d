import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { beginItems, endItem, orderBatch } from '../../source/fleet/batch-actions.ts';
import { countActionRows, drawActions } from '../../source/view/actions-list.ts';
import { PLAIN_THEME } from '../../source/view/theme.ts';
import { NOW_MS } from '../support/screen-input.ts';

const WORDS = `f_gone failed: exit 2, last line "${'no such device, '.repeat(12)}the end". \x1b[31m名前`;

function plain(line: string): string {
  return line.replaceAll(/\x1b\[[\d;]*m/g, '');
}

test.each([60, 80, 160])(
  'the daemon’s own words are there whole at %i columns, over as many rows as they take',
  (width) => {
    const targets = ['a', 'b'].map((node) => ({ machine: 'robot_1', node }));
    const ordered = orderBatch({ id: 1, action: 'restart', mode: 'together', who: 'ann', targets }, NOW_MS);
    const { batch } = beginItems(ordered, NOW_MS);
    const [first] = targets;
    if (first === undefined) throw new Error('no target');
    const ended = endItem(batch, first, { ok: false, message: WORDS, output: '' }, NOW_MS + 20);
    const rect = { x: 0, y: 0, width, height: 40 };
    const lines = drawActions([ended], 0, rect, PLAIN_THEME, NOW_MS).map(plain);
    expect(lines.every((line) => stringWidth(line) === width)).toBe(true);
    const told = lines.map((line) => line.slice(1, -1).trim()).join(' ');
    expect(told.replaceAll(/ +/g, ' ')).toContain('no such device, '.repeat(2));
    expect(told).toContain('the end". ');
    expect(told).toContain('名前');
    expect(lines.filter((line) => line.includes('b on robot_1'))).toHaveLength(1);
    // The heading of the batch, the rows of the first node, and the second.
    const rows = countActionRows([ended], width);
    expect(lines.slice(1, 1 + rows).every((line) => line.slice(1, -1).trim() !== '')).toBe(true);
    expect(lines[1 + rows]?.slice(1, -1).trim()).toBe('');
    const low = drawActions([ended], 2, { ...rect, height: 5 }, PLAIN_THEME, NOW_MS);
    expect(low).toHaveLength(5);
    expect(low.at(-1)).toMatch(/3-5 of \d/);
  },
);

test('words without an end are cut after some rows', () => {
  const target = { machine: 'robot_1', node: 'a' };
  const ordered = orderBatch({ id: 1, action: 'stop', mode: 'rolling', who: 'ann', targets: [target] }, NOW_MS);
  const { batch } = beginItems(ordered, NOW_MS);
  const ended = endItem(batch, target, { ok: false, message: 'word '.repeat(2_000), output: '' }, NOW_MS + 20);
  expect(countActionRows([ended], 80)).toBe(14);
});
