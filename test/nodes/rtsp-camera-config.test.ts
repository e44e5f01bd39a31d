import { expect, it } from 'vitest';
import { UserError } from '../../source/errors.ts';
import { readRtspCameraConfig } from '../../source/nodes/rtsp-camera-config.ts';
import { createRedactor, publicUrl, streamCall } from '../../source/nodes/rtsp-ffmpeg.ts';

const url = 'rtsp://me:s3cr%40t@cam.local/one?x=1';

it('fills in the defaults and knows the older names of decoders', () => {
  expect(readRtspCameraConfig({ url })).toEqual({
    name: undefined,
    url,
    latencyMs: 200,
    maxRateHz: undefined,
    rawWidth: 560,
    rawHeight: 560,
    hwAccel: undefined,
  });
  expect(readRtspCameraConfig({ url, hw_accel: 'nvidia' }).hwAccel).toBe('cuda');
  expect(readRtspCameraConfig({ url, hw_accel: 'cpu' }).hwAccel).toBeUndefined();
});

it.each([
  [{}, /^url .* is missing/],
  [{ url: 'http://me:s3cret@x/' }, /^url .* no URL of a camera/],
  [{ url: "rtsp://me:s3cret@x/'" }, /^url/],
  [{ url: 'rtsp://me:s3cret@x/\nfile evil' }, /^url/],
  [{ url: 'rtsp://me:s3cret@[x/' }, /^url/],
  [{ url, raw_width: 561.5 }, /^raw_width .* whole number/],
  [{ url, raw_height: 100_000 }, /^raw_height .* from 16 to 4096/],
  [{ url, frame_rate: 'fast' }, /^frame_rate/],
  [{ url, hw_accel: '-i /etc/passwd' }, /^hw_accel/],
  [{ url, name: 'a/b' }, /^name .*letters/],
  [{ url, framerate: 3 }, /no field "framerate"/],
])('refuses %j by field and rule, without the password', (config, message) => {
  try {
    readRtspCameraConfig(config);
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(message);
    expect((error as UserError).message).not.toContain('s3cret');
  }
});

it('takes name and password out of what ffmpeg says, in every form', () => {
  const redact = createRedactor(url);
  const said = [`${url}: Server returned 401`, 'user me:s3cr@t refused', 'pass s3cr%40t', 'rtsp://other:pw@x/ moved'];
  for (const line of said) expect(redact(line)).not.toMatch(/s3cr|pw@/);
  expect(publicUrl(url)).toBe('rtsp://cam.local/one?x=1');
});

it('puts a URL with a password on stdin, where ps does not show it', () => {
  const config = readRtspCameraConfig({ url });
  const modern = { program: 'ffmpeg', passEachFrame: [], readsUrlFromStdin: true };
  expect(streamCall(config, modern).words.join(' ')).not.toContain('s3cr');
  expect(streamCall(config, modern).stdin).toContain(`file '${url}'`);
  const open = readRtspCameraConfig({ url: 'rtsp://cam.local/one' });
  expect(streamCall(open, modern)).toMatchObject({
    stdin: '',
    words: expect.arrayContaining(['rtsp://cam.local/one']),
  });
});
