/** How the two ffmpegs of an rtsp-camera are called, and how what they say is made fit for a log. */
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Ffmpeg } from '../ffmpeg.ts';
import { plainText } from '../wire/plain-text.ts';
import type { RtspCameraConfig } from './rtsp-camera-config.ts';

const QUIET = ['-hide_banner', '-loglevel', 'error'];

/** Protocol only: the video as it comes, in FLV on stdout. `stdin` is what it is to read. */
export function streamCall(
  { url, latencyMs }: RtspCameraConfig,
  ffmpeg: Ffmpeg,
): { readonly words: readonly string[]; readonly stdin: string } {
  // TCP, because a packet lost over UDP is a picture broken until the next key frame; all cameras know it.
  const options = {
    rtsp_transport: 'tcp',
    max_delay: String(latencyMs * 1_000),
    // Some cameras give no time before the first report of their own.
    use_wallclock_as_timestamps: '1',
  };
  const fromStdin = hasSecret(url) && ffmpeg.readsUrlFromStdin;
  const input = fromStdin
    ? ['-protocol_whitelist', 'pipe,rtsp,rtsps,rtp,tcp,udp,tls,crypto', '-f', 'concat', '-safe', '0', '-i', 'pipe:0']
    : [...Object.entries(options).flatMap(([name, value]) => [`-${name}`, value]), '-i', url];
  // Half a second of looking is enough for what stands in the session's description anyway.
  const probe = ['-analyzeduration', '500000', '-fpsprobesize', '0'];
  const output = ['-map', '0:v:0', '-c', 'copy', '-flush_packets', '1', '-flvflags', 'no_duration_filesize'];
  const script = [
    'ffconcat version 1.0',
    `file '${url}'`,
    ...Object.entries(options).map(([name, value]) => `option ${name} ${value}`),
  ];
  return {
    words: [...QUIET, ...probe, ...input, ...output, '-f', 'flv', 'pipe:1'],
    stdin: fromStdin ? `${script.join('\n')}\n` : '',
  };
}

/** FLV on stdin, RGBA frames of the wanted size on stdout, one after the other. */
export function decoderCall(
  { rawWidth, rawHeight, maxRateHz }: Pick<RtspCameraConfig, 'rawWidth' | 'rawHeight' | 'maxRateHz'>,
  hwAccel: string | undefined,
  ffmpeg: Ffmpeg,
): readonly string[] {
  const scale = `scale=${rawWidth}:${rawHeight}:flags=fast_bilinear`;
  // Each time that the wanted rate has another whole number of frames the next one passes.
  const thin = `select=isnan(prev_selected_t)+gt(floor(t*${maxRateHz})\\,floor(prev_selected_t*${maxRateHz}))`;
  return [
    ...QUIET,
    // One thread on either side: more of them would each hold a frame back.
    ...['-threads', '1', '-probesize', '32', '-analyzeduration', '0'],
    ...(hwAccel === undefined ? [] : ['-hwaccel', hwAccel]),
    ...['-f', 'flv', '-i', 'pipe:0', '-map', '0:v:0'],
    ...['-vf', maxRateHz === undefined ? scale : `${thin},${scale}`],
    ...ffmpeg.passEachFrame,
    ...['-threads', '1', '-pix_fmt', 'rgba', '-f', 'rawvideo', 'pipe:1'],
  ];
}

/** Whether the URL tells a user's name or password. */
export function hasSecret(url: string): boolean {
  const { username, password } = new URL(url);
  return username !== '' || password !== '';
}

/** The URL without name and password, for people. */
export function publicUrl(url: string): string {
  return url.replace(/^(\w+:\/\/)[^/?#]*@/, '$1');
}

/** Takes name and password of `url` out of a text, as they stand there and as they are decoded; and escape sequences. */
export function createRedactor(url: string): (text: string) => string {
  const authority = /^\w+:\/\/([^/?#]*)@/.exec(url)?.[1] ?? '';
  const { username, password, search } = new URL(url);
  // Some cameras take them as parameters.
  const inQuery = [...new URLSearchParams(search)].filter(([name]) => /pass|pwd|token|auth|key|user/i.test(name));
  const secrets = [authority, ...authority.split(':').slice(1), password, ...inQuery.map(([, value]) => value)]
    .flatMap((secret) => [secret, decoded(secret), encodeURIComponent(secret)])
    // A name is no secret, and a short one would take pieces out of words.
    .concat(username.length > 3 ? [username, decoded(username)] : [])
    .filter((secret) => secret.length > 0)
    .sort((left, right) => right.length - left.length);
  return (text) => {
    const clean = secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
    return plainText(clean.replace(/(\w+:\/\/)[^/\s@]*@/g, '$1'));
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const MAX_LINES = 20;
const MAX_LINE_CHARACTERS = 300;

/** Keeps the newest lines that a child says on stderr. */
export function keepErrors(
  child: ChildProcess,
  redact: (text: string) => string,
): { readonly lines: readonly string[] } {
  const lines: string[] = [];
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on('line', (line) => {
      // `[rtsp @ 0x55cf] ` says nothing to people.
      lines.push(
        redact(line)
          .replace(/^\[[^\]]*\]\s*/, '')
          .slice(0, MAX_LINE_CHARACTERS),
      );
      if (lines.length > MAX_LINES) lines.shift();
    });
  }
  return { lines };
}
