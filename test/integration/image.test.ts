import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bubbaloop, runBubbaloop } from '../support/command-line.ts';
import { makePicture } from '../support/pictures.ts';
import { decodeSixels } from '../support/sixel2png.ts';

const folder = mkdtempSync(join(tmpdir(), 'bubbaloop-image-'));
const photo = join(folder, 'photo.png');

beforeAll(async () => {
  const { width, height, data } = makePicture(200, 100, 'scene');
  await sharp(data, { raw: { width, height, channels: 4 } })
    .png()
    .toFile(photo);
});
afterAll(() => rmSync(folder, { recursive: true }));

function image(...words: readonly string[]): Buffer {
  const { status, stdout, stderr } = spawnSync(bubbaloop, ['image', ...words], {
    env: { ...process.env, NO_COLOR: '' },
  });
  expect([status, stderr.toString()]).toEqual([0, '']);
  return stdout;
}

it('prints a picture as sixels, in the size and colours asked for', async () => {
  const decoded = await decodeSixels(image(photo, '--images', 'sixel', '--size', '120x120', '--colors', '16'));
  expect([decoded.width, decoded.height]).toEqual([120, 60]);
  const small = image(photo, '--images', 'sixel', '--size', '120x120', '--colors', '2');
  expect(small.toString('latin1').match(/#\d+;2;/g)?.length).toBe(2);
});

it('prints the other ways, and words for none', () => {
  expect(image(photo, '--images', 'kitty').toString()).toContain('\x1b_Ga=T,');
  expect(image(photo, '--images', 'iterm').toString()).toContain('\x1b]1337;File=inline=1;');
  expect(image(photo, '--images', 'blocks').toString()).toMatch(/\x1b\[38;2;\d+;\d+;\d+m/);
  expect(image(photo).toString()).toContain('▀');
  expect(image(photo, '--images', 'off').toString()).toBe(`${photo}: png 200x100\n`);
});

it('says what is wrong: no file, no picture, a truncated one, words that mean nothing', async () => {
  const broken = join(folder, 'broken.png');
  writeFileSync(broken, readFileSync(photo).subarray(0, 500));
  for (const file of [join(folder, 'absent.png'), broken, import.meta.filename]) {
    const { code, stderr } = await runBubbaloop(['image', file]);
    expect(code).toBe(1);
    expect(stderr).toContain(`${file} cannot be shown`);
    expect(stderr).not.toContain('    at ');
  }
  for (const words of [
    [],
    [photo, photo],
    [photo, '--images', 'ascii'],
    [photo, '--size', '0x10'],
    [photo, '--size', '99999x1'],
    [photo, '--size', 'big'],
    [photo, '--colors', '1'],
    [photo, '--colors', '257'],
  ]) {
    expect((await runBubbaloop(['image', ...words])).code, words.join(' ')).toBe(2);
  }
});

it('bench sixel measures every encoder', { timeout: 120_000 }, async () => {
  const { code, stdout } = await runBubbaloop(['bench', 'sixel', '--json'], { timeoutMs: 100_000 });
  expect(code).toBe(0);
  const { results }: { results: Record<string, unknown>[] } = JSON.parse(stdout);
  for (const row of results) {
    expect(Object.keys(row)).toEqual(['encoder', 'palette', 'width', 'height', 'msMedian', 'bytes']);
    expect(row.msMedian).toBeGreaterThan(0);
  }
  const kinds = results.map(({ encoder, palette, width }) => `${encoder} ${palette} ${width}`);
  for (const kind of ['sixel fresh 320', 'sixel reused 640', 'sixel-js reused 320', 'frame-sixel reused 320']) {
    expect(kinds).toContain(kind);
  }
});
