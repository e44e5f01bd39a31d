import { UserError } from '../errors.ts';
import { nodeNameProblem } from '../wire/names.ts';

/** What an rtsp-camera is told, with its defaults filled in. */
export interface RtspCameraConfig {
  /** Of the camera, in its keys; undefined: that of the node. */
  readonly name: string | undefined;
  /** May hold a user's name and password. */
  readonly url: string;
  /** How long packets may wait for those before them; default 200. */
  readonly latencyMs: number;
  /** Raw frames a second at most; undefined: as many as the camera sends. The video itself is not thinned out. */
  readonly maxRateHz: number | undefined;
  /** Raw frames are scaled to this size; default 560x560. */
  readonly rawWidth: number;
  readonly rawHeight: number;
  /** ffmpeg's name of a hardware decoder, `auto`, or undefined: the processor decodes. */
  readonly hwAccel: string | undefined;
}

const FIELDS = ['name', 'url', 'latency', 'frame_rate', 'raw_width', 'raw_height', 'hw_accel'] as const;
/** Names of the deployed nodes for what ffmpeg calls otherwise. */
const HW_NAMES: Readonly<Record<string, string | undefined>> = { cpu: undefined, none: undefined, nvidia: 'cuda' };

type Raw = Readonly<Record<string, unknown>>;

/** Throws UserError that names the field and its rule. The URL is never quoted: it may hold a password. */
export function readRtspCameraConfig(config: Raw): RtspCameraConfig {
  const unknown = Object.keys(config).find((key) => !FIELDS.some((field) => field === key));
  if (unknown !== undefined) {
    throw new UserError(`The configuration has no field ${JSON.stringify(unknown)}.`, {
      hint: `It has: ${FIELDS.join(', ')}.`,
    });
  }
  return {
    name: readName(text(config, 'name')),
    url: readUrl(config.url),
    latencyMs: number(config, 'latency', 0, 60_000) ?? 200,
    maxRateHz: number(config, 'frame_rate', 0.01, 240),
    rawWidth: side(config, 'raw_width'),
    rawHeight: side(config, 'raw_height'),
    hwAccel: readHwAccel(text(config, 'hw_accel')),
  };
}

function readName(name: string | undefined): string | undefined {
  const problem = name === undefined ? undefined : nodeNameProblem(name);
  if (problem === undefined) return name;
  throw new UserError(`name in the configuration is ${JSON.stringify(name)}: ${problem}.`);
}

function readUrl(value: unknown): string {
  const url = typeof value === 'string' ? value.trim() : '';
  const isUsable = /^rtsps?:\/\/[^\s\p{Cc}'\\]+$/u.test(url) && URL.canParse(url);
  if (isUsable) return url;
  throw new UserError(
    `url in the configuration ${value === undefined ? 'is missing' : 'is no URL of a camera'}: it is rtsp://HOST[:PORT]/PATH.`,
    { hint: 'A password with other signs than letters and digits is written in percent-encoding: “@” is %40.' },
  );
}

function readHwAccel(word: string | undefined): string | undefined {
  if (word === undefined) return undefined;
  if (!/^[a-z0-9_]{1,32}$/.test(word)) {
    throw new UserError(
      `hw_accel in the configuration is ${JSON.stringify(word)}; it is a name of \`ffmpeg -hwaccels\`.`,
    );
  }
  return Object.hasOwn(HW_NAMES, word) ? HW_NAMES[word] : word;
}

function text(config: Raw, key: string): string | undefined {
  const value = config[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  throw new UserError(`${key} in the configuration is ${JSON.stringify(value)}; it is a text.`);
}

function number(config: Raw, key: string, min: number, max: number): number | undefined {
  const value = config[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && value >= min && value <= max) return value;
  throw new UserError(`${key} in the configuration is ${JSON.stringify(value)}; it is a number from ${min} to ${max}.`);
}

function side(config: Raw, key: string): number {
  const value = number(config, key, 16, 4_096) ?? 560;
  if (Number.isInteger(value)) return value;
  throw new UserError(`${key} in the configuration is ${value}; it is a whole number from 16 to 4096.`);
}
