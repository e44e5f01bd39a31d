/** The flight recorder: what `top` learns of the fleet, in a file that stays under its bound. */
import { type FileHandle, open } from 'node:fs/promises';
import { EXIT_USAGE, UserError } from '../errors.ts';
import { type FileWrite, RecordingTooSmall, RecordingWriter } from '../fleet/recording-writer.ts';
import type { FleetState } from '../fleet/state.ts';
import type { TopicsView } from '../fleet/topics.ts';
import type { TopicsPort } from '../ui/top-ports.ts';
import { formatBytes } from '../view/format.ts';

/** States that follow faster than this are one step. */
const STEP_MS = 200;
/** What is lost at most where the program is killed. */
const FLUSH_MS = 1_000;
/** A disk that takes nothing must not fill the memory. */
const MAX_WAITING_BYTES = 32 << 20;

export class FleetRecorder {
  readonly #handle: FileHandle;
  readonly #writer: RecordingWriter;
  readonly #timer: NodeJS.Timeout;
  #state: FleetState | undefined;
  #topics: { readonly view: TopicsView; readonly isShown: boolean } | undefined;
  #stepTimer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #waitingBytes = 0;
  #failure: string | undefined;

  private constructor(handle: FileHandle, maxBytes: number) {
    this.#handle = handle;
    this.#writer = new RecordingWriter(maxBytes);
    this.#write([this.#writer.header()]);
    this.#timer = setInterval(() => this.#flush(), FLUSH_MS);
    this.#timer.unref();
  }

  /** Throws UserError where the file cannot be made, or is there: a recording is never written over. */
  static async open(file: string, maxBytes: number): Promise<FleetRecorder> {
    try {
      return new FleetRecorder(await open(file, 'wx', 0o600), maxBytes);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') {
        throw new UserError(`${file} is there already.`, {
          hint: 'A recording is never written over: name another file, or remove that one.',
          exitCode: EXIT_USAGE,
        });
      }
      throw new UserError(`The recording cannot be written: ${message}.`, { exitCode: EXIT_USAGE, cause: error });
    }
  }

  readonly take = (state: FleetState): void => {
    this.#state = state;
    this.#plan();
  };

  /** The same keys for the screen, noted on their way; what nobody looks at is not asked for a recording's sake. */
  follow(topics: TopicsPort): TopicsPort {
    let isShown = false;
    const note = (): void => {
      this.#topics = { view: topics.view(), isShown };
      this.#plan();
    };
    topics.onChange(note);
    return {
      view: () => topics.view(),
      show: (wish) => {
        const wasShown = isShown;
        isShown = wish !== undefined;
        topics.show(wish);
        if (isShown !== wasShown) note();
      },
      onChange: (listener) => topics.onChange(listener),
    };
  }

  #plan(): void {
    this.#stepTimer ??= setTimeout(() => this.#step(), STEP_MS);
    this.#stepTimer.unref();
  }

  /** A word for the screen: `rec 1.2M`. */
  readonly status = (): string =>
    this.#failure === undefined ? `rec ${formatBytes(this.#writer.sizeBytes)}` : 'not recording';

  /** A sentence where there is no recording any more. */
  readonly trouble = (): string | undefined =>
    this.#failure === undefined ? undefined : `The recording has ended early: ${this.#failure}.`;

  get failure(): string | undefined {
    return this.#failure;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#step();
    this.#guarded(() => this.#writer.end());
    await this.#writing;
    await this.#handle.close();
  }

  #step(): void {
    clearTimeout(this.#stepTimer);
    this.#stepTimer = undefined;
    if (this.#failure !== undefined) return;
    const nowMs = Date.now();
    if (this.#state !== undefined) this.#writer.record(this.#state, nowMs);
    if (this.#topics !== undefined) this.#writer.recordTopics(this.#topics.view, this.#topics.isShown, nowMs);
  }

  #flush(): void {
    this.#guarded(() => this.#writer.flush());
  }

  #guarded(make: () => readonly FileWrite[]): void {
    if (this.#failure !== undefined) return;
    try {
      this.#write(make());
    } catch (error) {
      if (!(error instanceof RecordingTooSmall)) throw error;
      this.#failure = `${error.message}; give it more with --record-size`;
    }
  }

  #write(writes: readonly FileWrite[]): void {
    for (const { position, bytes } of writes) {
      this.#waitingBytes += bytes.length;
      if (this.#waitingBytes > MAX_WAITING_BYTES) {
        this.#failure = 'the disk takes nothing';
        return;
      }
      this.#writing = this.#writing.then(async () => {
        try {
          if (this.#failure === undefined) await this.#handle.write(bytes, 0, bytes.length, position);
        } catch (error) {
          this.#failure = error instanceof Error ? error.message : String(error);
        } finally {
          this.#waitingBytes -= bytes.length;
        }
      });
    }
  }
}
