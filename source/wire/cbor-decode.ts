import { type DecodeOptions, decode, type TagDecodeControl, type Token, Tokenizer } from 'cborg';
import type { CborValue } from './cbor.ts';
import { type Decoded, decoded, undecodable } from './decoded.ts';

/** A one-byte item can cost 50 bytes of heap; this bounds what a payload of any size can make of itself. */
const MAX_ITEMS = 1_000_000;

/** Reads past the tag to what it tags: a date stays its number or text, self-described CBOR (55799) is plain CBOR. */
const untag = (content: TagDecodeControl): unknown => content();

// Said in full: a tokenizer of one's own does not see cborg's defaults.
const options: DecodeOptions = {
  allowBigInt: true,
  allowUndefined: true,
  allowIndefinite: true,
  // Tags that carry no new kind of value, RFC 8949 section 3.4: dates 0 and 1, URI 32, base64 33 and 34, self-described.
  tags: { 0: untag, 1: untag, 32: untag, 33: untag, 34: untag, 55799: untag },
};

/** V8 copies what is put together shorter than this, and keeps longer texts as a chain of their pieces. */
const CHAIN_LENGTH = 13;
/** Up to here cborg puts a text together letter by letter. */
const LETTERS_LENGTH = 31;

/** Counts what it hands out, so that a hostile payload is refused before it has filled the heap. */
class BoundedTokenizer extends Tokenizer {
  readonly #bytes: Buffer;
  #count = 0;

  constructor(bytes: Buffer, options: DecodeOptions) {
    super(bytes, options);
    this.#bytes = bytes;
  }

  override next(): Token {
    this.#count += 1;
    if (this.#count > MAX_ITEMS) throw new Error(`more than ${MAX_ITEMS} items`);
    const token = super.next();
    const { value } = token;
    if (typeof value === 'string' && value.length >= CHAIN_LENGTH && value.length <= LETTERS_LENGTH) {
      token.value = this.#inOnePiece(value);
      return token;
    }
    // A plain Uint8Array over the same memory: a Buffer would be told apart by those who compare or print it.
    if (Buffer.isBuffer(token.value)) {
      token.value = new Uint8Array(token.value.buffer, token.value.byteOffset, token.value.byteLength);
    }
    return token;
  }

  /** Records are kept for as long as their fleet is watched, and a chain takes ten times the memory of its text. */
  #inOnePiece(text: string): string {
    const end = this.pos();
    // Not so for text that is more than ASCII, or comes in chunks.
    const piece = this.#bytes.toString('latin1', end - text.length, end);
    return piece === text ? piece : text;
  }
}

/**
 * One item and nothing after it. Never throws; the reason says what is wrong with the bytes. Claimed lengths are held
 * against the bytes that are there before anything is allocated.
 */
export function decodeCbor(bytes: Uint8Array): Decoded<CborValue> {
  // cborg takes byte strings out by slice(), which on a Buffer is a view: a camera frame is not copied.
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return decoded(decode(buffer, { ...options, tokenizer: new BoundedTokenizer(buffer, options) }) as CborValue);
  } catch (error) {
    return undecodable(`no CBOR: ${reasonOf(error)}`);
  }
}

function reasonOf(error: unknown): string {
  // cborg recurses: a nesting deep enough to use up the stack ends here.
  if (error instanceof RangeError) return 'nests too deep';
  return error instanceof Error ? error.message.replace(/^CBOR decode error: /, '') : String(error);
}
