/** The ffmpeg of this machine: nodes have it take in video, viewers have it decode key frames. */
import { execFile } from 'node:child_process';

/** What this machine's ffmpeg can do. */
export interface Ffmpeg {
  readonly program: string;
  /** Words that make it give out each frame once, whatever times it has; they are others from 5.1 on. */
  readonly passEachFrame: readonly string[];
  /** From 5.0 on a URL can be given on stdin with its options, where `ps` does not show it. */
  readonly readsUrlFromStdin: boolean;
}

const VERSION_LIMIT_MS = 10_000;

const found = new Map<string, Promise<Ffmpeg | undefined>>();

/** Undefined where there is none that runs. Asked once. */
export function findFfmpeg(program = 'ffmpeg'): Promise<Ffmpeg | undefined> {
  const known = found.get(program);
  if (known !== undefined) return known;
  const asked = askVersion(program);
  found.set(program, asked);
  return asked;
}

function askVersion(program: string): Promise<Ffmpeg | undefined> {
  return new Promise((resolve) => {
    execFile(program, ['-hide_banner', '-version'], { timeout: VERSION_LIMIT_MS }, (error, stdout) => {
      if (error !== null) return resolve(undefined);
      const [, major, minor] = /^ffmpeg version n?(\d+)\.(\d+)/.exec(stdout) ?? [];
      // A build from the sources has no number and is taken for a new one.
      const version = major === undefined ? 99 : Number(major) + Number(minor) / 100;
      resolve({
        program,
        passEachFrame: version >= 5.01 ? ['-fps_mode', 'passthrough'] : ['-vsync', 'passthrough'],
        readsUrlFromStdin: version >= 5,
      });
    });
  });
}
