import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { FlvError, type FlvItem, FlvReader } from '../../source/nodes/flv.ts';
import { NAL, nalType } from '../../source/wire/h264.ts';
import { mutated, seededRandom } from '../support/seeded-random.ts';

const flv: Uint8Array = execFileSync(
  'ffmpeg',
  '-hide_banner -loglevel error -f lavfi -i testsrc=size=160x90:rate=5 -frames:v 8 -g 4 -c:v libx264 -f flv pipe:1'.split(
    ' ',
  ),
);

function readInPieces(bytes: Uint8Array, pieceBytes: number): FlvItem[] {
  const reader = new FlvReader();
  const items: FlvItem[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) items.push(...reader.push(bytes.slice(at, at + pieceBytes)));
  return items;
}

it.each([1, 7, 1_000, 1_000_000])('reads what ffmpeg writes, in pieces of %d bytes', (pieceBytes) => {
  const items = readInPieces(flv, pieceBytes);
  expect(items[0]?.kind === 'configuration' && items[0].units.map(nalType)).toEqual([NAL.sps, NAL.pps]);
  const pictures = items.filter((item) => item.kind === 'picture');
  expect(pictures.map(({ isKey }) => isKey)).toEqual([true, false, false, false, true, false, false, false]);
  expect(pictures[4]?.units.map(nalType)).toContain(NAL.keySlice);
});

it('names another codec', () => {
  const other: Uint8Array = execFileSync(
    'ffmpeg',
    '-hide_banner -loglevel error -f lavfi -i testsrc=size=160x90:rate=5 -frames:v 1 -c:v flv1 -f flv pipe:1'.split(
      ' ',
    ),
  );
  expect(readInPieces(other, 500)).toEqual([{ kind: 'other-codec', codec: 'codec 2' }]);
});

it('refuses what is no FLV, and takes damaged and cut streams without a crash', () => {
  expect(() => new FlvReader().push(Buffer.from('RIFF, and so on'))).toThrow(FlvError);
  const random = seededRandom(11);
  for (let round = 0; round < 300; round += 1) {
    try {
      readInPieces(mutated(flv.subarray(0, 200 + random.below(5_000)), random), 1 + random.below(3_000));
    } catch (error) {
      expect(error).toBeInstanceOf(FlvError);
    }
  }
});
