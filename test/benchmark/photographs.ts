import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Pixels } from '../../source/graphics/pixels.ts';

/** Debian's package of photographs; fetched and unpacked once, not installed. */
const PACKAGE = 'mate-backgrounds';
const PHOTOGRAPHS = ['Garden', 'Storm', 'LadyBird', 'TwoWings', 'Dune', 'Wood'] as const;
/** How much wider the photograph is than the picture that moves over it. */
const PAN = 1.15;

function photographFolder(): string {
  const folder = join(tmpdir(), `bubbaloop-${PACKAGE}`);
  const photographs = join(folder, 'usr', 'share', 'backgrounds', 'mate', 'nature');
  if (existsSync(join(photographs, 'Garden.jpg'))) return photographs;
  mkdirSync(folder, { recursive: true });
  execFileSync('sh', ['-c', `apt-get download ${PACKAGE} && dpkg-deb -x ${PACKAGE}_*.deb .`], {
    cwd: folder,
    stdio: 'ignore',
  });
  return photographs;
}

/** A short stretch of moving picture over each photograph. */
export async function movingPictures(width: number, height: number, count: number): Promise<readonly Pixels[][]> {
  const folder = photographFolder();
  return Promise.all(PHOTOGRAPHS.map((name) => pan(join(folder, `${name}.jpg`), width, height, count)));
}

/** The whole photograph, cut to that size. */
export async function photograph(width: number, height: number): Promise<Pixels> {
  const file = join(photographFolder(), 'Garden.jpg');
  const data = await sharp(file).resize(width, height).ensureAlpha().raw().toBuffer();
  return { width, height, data };
}

async function pan(file: string, width: number, height: number, count: number): Promise<Pixels[]> {
  const [wide, high] = [Math.ceil(width * PAN), Math.ceil(height * PAN)];
  const { data } = await sharp(file)
    .resize(wide, high, { fit: 'cover' })
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return Array.from({ length: count }, (_, index) => {
    const left = Math.floor(((wide - width) * index) / count);
    const top = Math.floor(((high - height) * index) / count);
    const out = new Uint8Array(width * height * 4);
    for (let y = 0; y < height; y += 1) {
      const from = ((top + y) * wide + left) * 4;
      out.set(data.subarray(from, from + width * 4), y * width * 4);
    }
    return { width, height, data: out };
  });
}
