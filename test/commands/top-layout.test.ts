import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readKeymap } from '../../source/commands/top-keys.ts';
import { recallLayout, rememberLayout } from '../../source/commands/top-layout.ts';
import { UserError } from '../../source/errors.ts';
import { DEFAULT_KEYMAP } from '../../source/view/keymap.ts';
import { INITIAL_UI, withView } from '../../source/view/ui-state.ts';
import { removeFolder } from '../support/remove-folder.ts';

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'bubbaloop-test-memory-'));
});

afterEach(() => removeFolder(home));

test('what was left is there again; nothing else stays in the folder', () => {
  expect(recallLayout(home)).toEqual({ ui: INITIAL_UI });
  const left = withView({ ...INITIAL_UI, pane: 'peers' }, 'nodes', { filter: 'camera' });
  rememberLayout(join(home, 'new'), left);
  expect(recallLayout(join(home, 'new'))).toEqual({ ui: left });
  expect(readdirSync(join(home, 'new'))).toEqual(['top.json']);
});

test.each(['', '{', '[]', '{"version":9}', '\0\0\0', 'x'.repeat(70_000)])(
  '%.20j is ignored, and that is said',
  (text) => {
    writeFileSync(join(home, 'top.json'), text);
    const { ui, problem } = recallLayout(home);
    expect(ui).toBe(INITIAL_UI);
    expect(problem).toMatch(/top\.json is (damaged|too large).*ignored/);
    rememberLayout(home, ui);
    expect(recallLayout(home)).toEqual({ ui: INITIAL_UI });
  },
);

test('a folder in the place of the file hurts nobody', () => {
  mkdirSync(join(home, 'top.json'));
  expect(recallLayout(home).problem).toMatch(/cannot be read/);
  rememberLayout(home, INITIAL_UI);
  expect(readdirSync(home)).toEqual(['top.json']);
});

async function faultOf(text: string): Promise<UserError> {
  writeFileSync(join(home, 'keys.json5'), text);
  const error: unknown = await readKeymap(home).catch((reason: unknown) => reason);
  if (error instanceof UserError) return error;
  throw new Error('no fault was found');
}

test('keys of the user: file, line and column of what is wrong', async () => {
  expect(await readKeymap(home)).toBe(DEFAULT_KEYMAP);
  expect((await faultOf('{\n  stop: X }')).message).toMatch(/keys\.json5:2:9: not valid JSON5/);
  expect((await faultOf('[1]')).message).toMatch(/keys\.json5:1:1: it holds no object/);
  const unknown = await faultOf("{\n  // mine\n  stopp: 'X',\n}");
  expect(unknown.message).toMatch(/keys\.json5:3:3: there is no action "stopp"/);
  expect(unknown.exitCode).toBe(2);
  const two = await faultOf("{\n  stop: 's',\n  moon: '1' }");
  expect(`${two.message}\n${two.hint}`).toMatch(
    /:3:3: there is no action "moon"[\s\S]*:2:3: stop: the key "s" is already/,
  );
  writeFileSync(join(home, 'keys.json5'), "{ stop: 'X' } // yes");
  expect((await readKeymap(home)).bindingOf('X')?.action).toBe('stop');
});
