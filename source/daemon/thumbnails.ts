import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { ThumbnailViewers } from '../camera/thumbnail-viewers.ts';
import { projectRoot } from '../project-root.ts';
import { thumbnailKey } from '../wire/keys.ts';
import type { Session } from '../zenoh/session.ts';

export interface ThumbnailsOptions {
  readonly session: Session;
  readonly machineId: string;
  /** Router for the process that makes them. */
  readonly endpoint: string;
  readonly say: (message: string) => void;
  /** The process stays so long after the last viewer; default 10 s. */
  readonly lingerMs?: number;
  /** Default: this program's own. It ends when its IPC channel does. */
  readonly start?: () => ChildProcess;
}

const RESTART_MS = { initial: 1_000, max: 60_000 } as const;
/** One that lived so long begins with the first delay again. */
const HEALTHY_MS = 60_000;
const KILL_MS = 3_000;

/**
 * Watches whether anyone listens to a thumbnail of this machine, whichever camera's, and has a process make them as long.
 * Without a viewer that is one declaration at the router, and nothing else. Returns the function that takes it back.
 */
export async function openThumbnails(options: ThumbnailsOptions): Promise<() => Promise<void>> {
  const { session, machineId } = options;
  const keeper = new ThumbnailerKeeper(options);
  // Of all cameras at once: the daemon need not know them.
  const anyThumbnail = thumbnailKey(machineId, '**');
  const publisher = await session.declarePublisher(anyThumbnail);
  const viewers = new ThumbnailViewers(session, () => keeper.want(viewers.watch(anyThumbnail)));
  const stopMatching = publisher.onMatching((isMatched) => viewers.match(isMatched));
  viewers.match(publisher.matching);
  return async () => {
    stopMatching();
    viewers.close();
    await Promise.all([keeper.close(), publisher.undeclare()]);
  };
}

class ThumbnailerKeeper {
  readonly #options: ThumbnailsOptions;
  #child: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isWanted = false;
  #delayMs: number = RESTART_MS.initial;

  constructor(options: ThumbnailsOptions) {
    this.#options = options;
  }

  want(isWanted: boolean): void {
    if (isWanted === this.#isWanted) return;
    this.#isWanted = isWanted;
    clearTimeout(this.#timer);
    if (!isWanted) this.#timer = setTimeout(() => void this.#end(), this.#options.lingerMs ?? 10_000);
    else if (this.#child === undefined) this.#start();
  }

  async close(): Promise<void> {
    this.#isWanted = false;
    clearTimeout(this.#timer);
    await this.#end();
  }

  #start(): void {
    const { say, start = () => startOwn(this.#options) } = this.#options;
    const startedAtMs = performance.now();
    const child = start();
    this.#child = child;
    let hasEnded = false;
    const ended = (how: string): void => {
      if (hasEnded) return;
      hasEnded = true;
      if (child !== this.#child) return;
      this.#child = undefined;
      if (!this.#isWanted) return;
      if (performance.now() - startedAtMs > HEALTHY_MS) this.#delayMs = RESTART_MS.initial;
      say(`What makes thumbnails ended (${how}); it is started again in ${this.#delayMs / 1_000} s.`);
      this.#timer = setTimeout(() => this.#start(), this.#delayMs);
      this.#delayMs = Math.min(RESTART_MS.max, this.#delayMs * 2);
    };
    child.once('exit', (code, signal) => ended(signal ?? `exit code ${code}`));
    child.once('error', (error) => ended(error.message));
  }

  async #end(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => child.kill('SIGKILL'), KILL_MS);
      child.once('exit', () => {
        clearTimeout(timer);
        resolve();
      });
      if (child.connected) child.disconnect();
      else child.kill('SIGTERM');
    });
  }
}

function startOwn({ endpoint, machineId }: ThumbnailsOptions): ChildProcess {
  const words = ['camera', 'thumbnailer', '--endpoint', endpoint];
  return spawn(join(projectRoot, 'bin', 'bubbaloop'), words, {
    env: { ...process.env, BUBBALOOP_MACHINE_ID: machineId },
    // Its life hangs on the channel: it ends with this process, whatever ends that.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}
