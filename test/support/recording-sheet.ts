/** A recording in memory, and what a replay makes of one. */
import { readRecording } from '../../source/fleet/recording.ts';
import { type FileWrite, RecordingWriter } from '../../source/fleet/recording-writer.ts';
import { USUAL_RULES } from '../../source/fleet/rules.ts';
import { Tape } from '../../source/fleet/tape.ts';
import { alertText } from '../../source/view/alerts.ts';

export class RecordingSheet {
  readonly writer: RecordingWriter;
  file: Buffer = Buffer.alloc(0);

  constructor(maxBytes: number) {
    this.writer = new RecordingWriter(maxBytes);
    this.#put([this.writer.header()]);
  }

  flush(): void {
    this.#put(this.writer.flush());
  }

  end(): void {
    this.#put(this.writer.end());
  }

  #put(writes: readonly FileWrite[]): void {
    for (const { position, bytes } of writes) {
      const size = Math.max(this.file.length, position + bytes.length);
      if (size > this.file.length) this.file = Buffer.concat([this.file, Buffer.alloc(size - this.file.length)]);
      this.file.set(bytes, position);
    }
  }
}

export function tapeOf(file: Uint8Array): Tape {
  const tape = unreadTape(file);
  tape.read(Number.POSITIVE_INFINITY);
  return tape;
}

/** Nothing of it has been read yet. */
export function unreadTape(file: Uint8Array): Tape {
  const recording = readRecording(file);
  if (!recording.ok) throw new Error(recording.reason);
  // Every piece a point of return: the seams are what may break.
  let clock = 0;
  return new Tape(recording.value, { rules: USUAL_RULES, words: alertText, clock: () => (clock += 10) });
}
