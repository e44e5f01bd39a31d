import { expect, it } from 'vitest';
import { camerasOf } from '../../source/camera/discover-cameras.ts';
import { flvBegin, flvKeyFrame } from '../../source/camera/flv-writer.ts';
import { PamReader } from '../../source/camera/pam-reader.ts';
import { scaleFrame } from '../../source/camera/scale.ts';
import { decodeCompressedFrame, decodeRawFrame, encodeCompressedFrame } from '../../source/wire/camera.ts';
import { splitAnnexB, spsForKeyFrames, spsSize } from '../../source/wire/h264.ts';
import { decodeNodeManifest, encodeNodeManifest } from '../../source/wire/manifest.ts';
import { decodeGrant, encodeGrant, parseWish } from '../../source/wire/thumbnail-wish.ts';
import { headerOf, rawPayload } from '../support/cameras.ts';
import { mutated, seededRandom } from '../support/seeded-random.ts';

const ROUNDS = 3_000;

it('raw frames with changed bytes are refused or scaled, never read past their end', () => {
  const random = seededRandom(1);
  const seeds = (['rgba8', 'rgb8', 'bgr8', 'mono8'] as const).map((encoding) =>
    rawPayload({ width: 20, height: 10, value: 9, sequence: 1, encoding }),
  );
  let accepted = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const frame = decodeRawFrame(mutated(seeds[round % seeds.length] ?? new Uint8Array(0), random));
    if (!frame.ok) continue;
    accepted += 1;
    const { width, height } = { width: 1 + random.below(40), height: 1 + random.below(40) };
    expect(scaleFrame(frame.value, width, height).data.length).toBe(width * height * 4);
  }
  expect(accepted).toBeGreaterThan(ROUNDS / 20);
});

it('compressed frames, grants, manifests and H.264 with changed bytes throw nothing', () => {
  const random = seededRandom(2);
  // SPS of 1920x1080 by x264, PPS, and the beginning of a slice.
  const video = Buffer.from(
    '0000000167640028acd940780227e5c04400000fa40003a98 23c60c6580000000168ebe3cb22c0000000016588840037'.replaceAll(
      ' ',
      '',
    ),
    'hex',
  );
  const topics = ['cam/raw', 'bubbaloop/local/m/x/raw'].map((topic) => ({
    ...{ topic, everFired: false, stillLive: false, declaredAtNs: 0n },
  }));
  const manifest = encodeNodeManifest({
    ...{ instanceName: 'cam', machineId: 'm', role: 'source', inputs: [], outputs: topics },
    ...{ schemaVersion: 2, startedAtNs: 0n, nodeKind: 'camera' },
  });
  const compressed = encodeCompressedFrame({ header: headerOf(1), format: 'h264', data: video, sourceWidth: 3 });
  const grant = encodeGrant({ width: 1, height: 2, rateHz: 3, problem: 'none' });
  for (let round = 0; round < ROUNDS; round += 1) {
    const frame = decodeCompressedFrame(mutated(compressed, random));
    const units = splitAnnexB(frame.ok ? frame.value.data : mutated(video, random));
    for (const unit of units) spsSize(spsForKeyFrames(unit));
    flvBegin(units);
    flvKeyFrame(units, round);
    decodeGrant(mutated(grant, random));
    parseWish(Buffer.from(mutated(Buffer.from('w=320;h=180;hz=5'), random)).toString('latin1'));
    const node = decodeNodeManifest(mutated(manifest, random));
    if (!node.ok) continue;
    for (const camera of camerasOf(node.value, { machine: 'm', node: 'cam' })) {
      // What becomes part of a key expression can hold no wildcard.
      expect(camera.node).not.toMatch(/[*$#?\s]|^\/|\/$|\/\//);
    }
  }
});

it('pictures in PAM with changed bytes are refused or have the size that they say', () => {
  const random = seededRandom(3);
  const head = Buffer.from('P7\nWIDTH 3\nHEIGHT 2\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n');
  const stream = Buffer.concat([head, Buffer.alloc(24), head, Buffer.alloc(24)]);
  for (let round = 0; round < ROUNDS; round += 1) {
    try {
      for (const { width, height, data } of new PamReader().push(mutated(stream, random))) {
        expect(data.length).toBe(width * height * 4);
      }
    } catch (error) {
      expect(String(error)).toMatch(/PAM/);
    }
  }
});
