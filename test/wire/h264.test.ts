import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { joinAnnexB, NAL, nalType, splitAnnexB, spsForKeyFrames, spsSize } from '../../source/wire/h264.ts';
import { seededRandom } from '../support/seeded-random.ts';

function encode(size: string, ...words: string[]): Buffer {
  return execFileSync(
    'ffmpeg',
    ['-hide_banner', '-loglevel', 'error', '-f', 'lavfi', '-i', `testsrc=size=${size}:rate=5`, '-frames:v', '3'].concat(
      ['-c:v', 'libx264', ...words, '-f', 'h264', 'pipe:1'],
    ),
    { maxBuffer: 1 << 26 },
  );
}

it.each([
  ['320x180', '-pix_fmt', 'yuv420p'],
  ['1920x1080', '-pix_fmt', 'yuv420p'],
  ['322x182', '-pix_fmt', 'yuv420p', '-profile:v', 'baseline'],
  ['321x181', '-pix_fmt', 'yuv444p'],
  ['322x180', '-pix_fmt', 'yuv422p'],
  ['1920x1080', '-pix_fmt', 'yuv420p', '-flags', '+ildct+ilme'],
])('reads %s from the SPS of what ffmpeg encodes (%j)', (size, ...words) => {
  const units = splitAnnexB(encode(size, ...words));
  expect(units.map(nalType)).toEqual(expect.arrayContaining([NAL.sps, NAL.pps, NAL.keySlice]));
  const sps = units.find((unit) => nalType(unit) === NAL.sps) ?? new Uint8Array(0);
  const { width, height } = spsSize(sps) ?? {};
  expect(`${width}x${height}`).toBe(size);
  // Shorter, and still the same picture.
  const short = spsForKeyFrames(sps);
  expect(spsSize(short)).toEqual({ width, height });
  expect(short.length).toBeLessThan(sps.length);
});

it('splits and joins without a change, and takes any bytes', () => {
  const bytes = encode('160x90', '-pix_fmt', 'yuv420p');
  const units = splitAnnexB(bytes);
  expect(splitAnnexB(joinAnnexB(units)).map((unit) => Buffer.from(unit))).toEqual(
    units.map((unit) => Buffer.from(unit)),
  );
  const random = seededRandom(5);
  for (let round = 0; round < 500; round += 1) {
    const junk = Uint8Array.from({ length: random.below(60) }, () => random.below(4) * random.below(86));
    for (const unit of splitAnnexB(junk)) spsSize(unit);
    spsForKeyFrames(Uint8Array.of(0x67, ...junk));
    spsSize(bytes.subarray(4, 4 + random.below(30)));
  }
});
