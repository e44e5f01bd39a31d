/** Writes recordings: what has changed since the last step, in the places of the file in turn. */
import { crc32, deflateRawSync } from 'node:zlib';
import {
  NOTHING_RECORDED,
  type RecordedTopics,
  TOPICS_SHARES,
  type TopicsShare,
  topicsToRecord,
} from './recorded-topics.ts';
import {
  dictionaryAfter,
  dictionaryOf,
  HEADER_BYTES,
  MAGIC,
  MIN_PLACE_BYTES,
  PIECE_HEAD_BYTES,
  PLACES,
  RECORDING_VERSION,
} from './recording.ts';
import { framesBetween, topicFrames } from './recording-frame.ts';
import type { FleetState } from './state.ts';
import type { TopicsView } from './topics.ts';

/** Of the room that the fleet leaves: keys that were looked at must leave some for what happens. */
const MAX_SHARE_OF_TOPICS = 0.5;

/** Bytes that belong at a position of the file. */
export interface FileWrite {
  readonly position: number;
  readonly bytes: Uint8Array;
}

/** The fleet is larger than a place: nothing can be kept that could be read again. */
export class RecordingTooSmall extends Error {}

/** Turns states into writes. Between {@link record} and {@link flush} nothing is written. */
export class RecordingWriter {
  readonly placeBytes: number;
  #place = -1;
  #piece = 0;
  #used = 0;
  #dictionary: Uint8Array = new Uint8Array();
  #last: FleetState | undefined;
  #pending: Uint8Array[] = [];
  #pendingAtMs = 0;
  #topics: RecordedTopics = NOTHING_RECORDED;
  #topicsView: TopicsView | undefined;
  #topicsShare: TopicsShare = 'all';
  #highest = HEADER_BYTES;

  /** @param maxBytes of the whole file, from 256 KiB on. */
  constructor(maxBytes: number) {
    this.placeBytes = Math.max(MIN_PLACE_BYTES, Math.floor((maxBytes - HEADER_BYTES) / PLACES));
  }

  /** What the file has come to. */
  get sizeBytes(): number {
    return this.#highest;
  }

  header(): FileWrite {
    const line = `bubbaloop-recording ${RECORDING_VERSION} ${this.placeBytes}`;
    return { position: 0, bytes: Buffer.from(`${line.padEnd(HEADER_BYTES - 1)}\n`, 'latin1') };
  }

  record(state: FleetState, atMs: number): void {
    if (state === this.#last) return;
    if (this.#last !== undefined) this.#pending.push(...framesBetween(this.#last, state, atMs));
    this.#last = state;
    this.#pendingAtMs = atMs;
  }

  /** What the Topics pane knows, and whether it is shown. Before it is shown for the first time nothing is kept. */
  recordTopics(view: TopicsView, isShown: boolean, atMs: number): void {
    const { recorded } = this.#topics;
    if (!isShown && this.#topicsView === undefined) return;
    if (view === this.#topicsView && isShown === recorded.isShown) return;
    const shownAtMs = recorded.isShown && !isShown ? atMs : recorded.shownAtMs;
    this.#topicsView = view;
    const topics = topicsToRecord(view, { isShown, shownAtMs }, this.#topicsShare);
    if (this.#last !== undefined) this.#pending.push(...topicFrames(this.#topics, topics, atMs));
    this.#topics = topics;
    this.#pendingAtMs = atMs;
  }

  /** Throws {@link RecordingTooSmall}. */
  flush(): readonly FileWrite[] {
    if (this.#last === undefined) return [];
    if (this.#place >= 0) {
      if (this.#pending.length === 0) return [];
      const text = joined(this.#pending);
      this.#pending = [];
      const piece = this.#fitting(text);
      if (piece !== undefined) return [piece];
    }
    this.#pending = [];
    this.#place += 1;
    this.#piece = 0;
    this.#used = 0;
    this.#dictionary = new Uint8Array();
    const all = this.#beginning(this.#last);
    if (all === undefined)
      throw new RecordingTooSmall(`all that is known of the fleet is more than ${this.placeBytes} bytes`);
    return [all];
  }

  /** What is left, and the mark of the end. */
  end(): readonly FileWrite[] {
    const writes = this.flush();
    if (this.#place < 0 || this.#used + PIECE_HEAD_BYTES > this.placeBytes) return writes;
    return [...writes, this.#write(new Uint8Array())];
  }

  /** All that is known, with as many of the keys as there is room for. */
  #beginning(state: FleetState): FileWrite | undefined {
    const frames = framesBetween(undefined, state, this.#pendingAtMs);
    if (this.#topicsView === undefined) return this.#fitting(joined(frames));
    const withoutBytes = deflateRawSync(joined(frames)).length;
    const room = withoutBytes + (this.placeBytes - withoutBytes) * MAX_SHARE_OF_TOPICS;
    for (const share of TOPICS_SHARES.slice(TOPICS_SHARES.indexOf(this.#topicsShare))) {
      if (share !== this.#topicsShare) {
        this.#topicsShare = share;
        this.#topics = topicsToRecord(this.#topicsView, this.#topics.recorded, share);
      }
      const keys = topicFrames(NOTHING_RECORDED, this.#topics, this.#pendingAtMs);
      const all = this.#fitting(joined([...frames, ...keys]), share === 'none' ? this.placeBytes : room);
      if (all !== undefined) return all;
    }
    return this.#fitting(joined(frames));
  }

  /** Undefined where the place, or what it may be filled up to, has no room for it. */
  #fitting(text: Buffer, room = this.placeBytes): FileWrite | undefined {
    const content = deflateRawSync(text, { dictionary: dictionaryOf(this.#dictionary) });
    if (this.#used + PIECE_HEAD_BYTES + content.length > room) return undefined;
    this.#dictionary = dictionaryAfter(this.#dictionary, text);
    return this.#write(content);
  }

  #write(content: Uint8Array): FileWrite {
    const head = Buffer.alloc(PIECE_HEAD_BYTES);
    head.writeUInt32LE(MAGIC, 0);
    head.writeUInt32LE(this.#place, 4);
    head.writeUInt32LE(this.#piece, 8);
    head.writeDoubleLE(this.#pendingAtMs, 12);
    head.writeUInt32LE(content.length, 20);
    head.writeUInt32LE(crc32(content, crc32(head.subarray(4, 24))), 24);
    const position = HEADER_BYTES + (this.#place % PLACES) * this.placeBytes + this.#used;
    const bytes = Buffer.concat([head, content]);
    this.#used += bytes.length;
    this.#piece += 1;
    this.#highest = Math.max(this.#highest, position + bytes.length);
    return { position, bytes };
  }
}

function joined(frames: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    frames.flatMap((frame) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(frame.length, 0);
      return [length, frame];
    }),
  );
}
