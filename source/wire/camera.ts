import type { CborValue, Encodable } from './cbor.ts';
import { decodeCbor } from './cbor-decode.ts';
import { encodeCbor } from './cbor-encode.ts';
import { type Decoded, undecodable } from './decoded.ts';
import { type Fields, readRecord } from './fields.ts';

/** Header of a camera body. */
export interface CameraHeader {
  /** When the picture was taken and when it was sent; Unix nanoseconds. */
  readonly acqTimeNs: bigint;
  readonly pubTimeNs: bigint;
  readonly sequence: number;
  readonly frameId: string;
  readonly machineId: string;
}

/** Body on `…/{camera}/compressed`. */
export interface CompressedFrame {
  readonly header: CameraHeader;
  /** `h264` is Annex B with SPS and PPS before each key frame; a word of a newer camera stays itself. */
  readonly format: 'h264' | 'jpeg' | (string & {});
  readonly data: Uint8Array;
  /** Size of the frame that a thumbnail was made of. Ours: other senders leave it out. */
  readonly sourceWidth?: number | undefined;
  readonly sourceHeight?: number | undefined;
}

const BYTES_PER_PIXEL = { rgba8: 4, rgb8: 3, bgr8: 3, mono8: 1 } as const;
export type PixelEncoding = keyof typeof BYTES_PER_PIXEL;

/** Body on `bubbaloop/local/…/{camera}/raw`. Rows are `step` bytes apart; `data` is a view of the payload. */
export interface RawFrame {
  readonly header: CameraHeader;
  readonly width: number;
  readonly height: number;
  readonly encoding: PixelEncoding;
  readonly step: number;
  readonly data: Uint8Array;
}

/** Largest side that is believed; the fleet's cameras go to 1920x1080. */
const MAX_SIDE = 16_384;

export function bytesPerPixel(encoding: PixelEncoding): number {
  return BYTES_PER_PIXEL[encoding];
}

function readHeader(fields: Fields): CameraHeader {
  return {
    acqTimeNs: fields.uint64('acq_time', 0n),
    pubTimeNs: fields.uint64('pub_time', 0n),
    sequence: fields.integer('sequence', 0),
    frameId: fields.text('frame_id', ''),
    machineId: fields.text('machine_id', ''),
  };
}

/** The camera body, whether it stands alone or inside an envelope. */
function bodyOf(bytes: Uint8Array): Decoded<CborValue> {
  const item = decodeCbor(bytes);
  if (!item.ok) return item;
  return readRecord(item.value, (fields) =>
    fields.has('body') && !fields.has('data') ? fields.get('body') : fields.map,
  );
}

/** Also takes the body within the common envelope. */
export function decodeCompressedFrame(bytes: Uint8Array): Decoded<CompressedFrame> {
  const body = bodyOf(bytes);
  if (!body.ok) return body;
  return readRecord(body.value, (fields) => ({
    header: readHeader(fields.fields('header')),
    format: fields.text('format'),
    data: fields.bytes('data'),
    sourceWidth: fields.has('source_width') ? fields.integer('source_width') : undefined,
    sourceHeight: fields.has('source_height') ? fields.integer('source_height') : undefined,
  }));
}

/**
 * Also takes the body within the common envelope. Fails where size, encoding and step do not fit the bytes that came,
 * so that whoever reads pixels needs no bounds of its own.
 */
export function decodeRawFrame(bytes: Uint8Array): Decoded<RawFrame> {
  const body = bodyOf(bytes);
  if (!body.ok) return body;
  const raw = readRecord(body.value, (fields) => {
    const encoding = fields.text('encoding');
    return {
      header: readHeader(fields.fields('header')),
      width: fields.integer('width'),
      height: fields.integer('height'),
      encoding,
      step: fields.integer('step', 0),
      data: fields.bytes('data'),
    };
  });
  if (!raw.ok) return raw;
  const { width, height, encoding, data } = raw.value;
  if (!isPixelEncoding(encoding)) return undecodable(`pixel encoding "${encoding}" is not known`);
  if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE) {
    return undecodable(`a picture of ${width}x${height} is not believable`);
  }
  const rowBytes = width * bytesPerPixel(encoding);
  const step = raw.value.step === 0 ? rowBytes : raw.value.step;
  if (step < rowBytes) return undecodable(`step ${step} is less than a row of ${rowBytes} bytes`);
  if (step * (height - 1) + rowBytes > data.length) {
    return undecodable(`${width}x${height} ${encoding} does not fit ${data.length} bytes`);
  }
  return { ok: true, value: { ...raw.value, encoding, step } };
}

function isPixelEncoding(encoding: string): encoding is PixelEncoding {
  return Object.hasOwn(BYTES_PER_PIXEL, encoding);
}

function headerToWire(header: CameraHeader): { readonly [key: string]: Encodable } {
  return {
    acq_time: header.acqTimeNs,
    pub_time: header.pubTimeNs,
    sequence: header.sequence,
    frame_id: header.frameId,
    machine_id: header.machineId,
  };
}

export function encodeCompressedFrame(frame: CompressedFrame): Uint8Array {
  return encodeCbor({
    header: headerToWire(frame.header),
    format: frame.format,
    data: frame.data,
    source_width: frame.sourceWidth,
    source_height: frame.sourceHeight,
  });
}

/**
 * All bytes of a raw frame but its pixels, which are the last field: `prefix` followed by `dataBytes` of pixels is the
 * payload. So a camera writes into shared memory without a copy of its own.
 */
export function rawFramePrefix(frame: Omit<RawFrame, 'data'>, dataBytes: number): Uint8Array {
  const head = encodeCbor({
    header: headerToWire(frame.header),
    width: frame.width,
    height: frame.height,
    encoding: frame.encoding,
    step: frame.step,
    data: new Uint8Array(0),
  });
  // The empty byte string at the end (0x40) gives way to the head of one of `dataBytes`, RFC 8949 section 3.1.
  const prefix = new Uint8Array(head.length + 4);
  prefix.set(head);
  prefix[head.length - 1] = 0x5a;
  new DataView(prefix.buffer).setUint32(head.length, dataBytes);
  return prefix;
}
