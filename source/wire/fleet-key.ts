import { createHash, createHmac, randomBytes } from 'node:crypto';
import { type Decoded, decoded, undecodable } from './decoded.ts';

const PREFIX = 'bfk1_';
const SECRET_BYTES = 32;
const CHECK_BYTES = 4;
const DIGITS = 2 * (SECRET_BYTES + CHECK_BYTES);

/**
 * The secret that the machines of a fleet share. It is printed as `bfk1_` and 72 hexadecimal digits: 32 random bytes and
 * 4 of a checksum, so that a mistyped key is told from another key. The bytes are private: no log or JSON shows them.
 */
export class FleetKey {
  readonly #secret: Uint8Array;
  /** 16 hexadecimal digits that name the key and do not give it away. */
  readonly fingerprint: string;

  private constructor(secret: Uint8Array) {
    this.#secret = secret;
    this.fingerprint = digest('fingerprint', secret).toString('hex', 0, 8);
  }

  static generate(): FleetKey {
    return new FleetKey(randomBytes(SECRET_BYTES));
  }

  /** Reads the printed form; blanks, line breaks and capitals do not matter. The reason never quotes the key. */
  static parse(text: string): Decoded<FleetKey> {
    const key = text.replaceAll(/\s/g, '').toLowerCase();
    if (key === '') return undecodable('it is empty');
    if (!key.startsWith(PREFIX)) return undecodable(`it does not begin with ${PREFIX}`);
    const digits = key.slice(PREFIX.length);
    if (!/^[0-9a-f]*$/.test(digits)) return undecodable('it has signs that are no hexadecimal digits');
    if (digits.length !== DIGITS) return undecodable(`it has ${digits.length} digits, a key has ${DIGITS}`);
    const bytes = Buffer.from(digits, 'hex');
    const secret = Uint8Array.from(bytes.subarray(0, SECRET_BYTES));
    if (!bytes.subarray(SECRET_BYTES).equals(checksum(secret))) {
      return undecodable('its checksum does not fit: a digit is mistyped, or two have changed places');
    }
    return decoded(new FleetKey(secret));
  }

  /** HMAC-SHA256, 32 bytes. */
  mac(bytes: Uint8Array): Uint8Array {
    return Uint8Array.from(createHmac('sha256', this.#secret).update(bytes).digest());
  }

  /** The printed form: the secret itself. */
  reveal(): string {
    return `${PREFIX}${Buffer.concat([this.#secret, checksum(this.#secret)]).toString('hex')}`;
  }
}

function checksum(secret: Uint8Array): Buffer {
  return digest('checksum', secret).subarray(0, CHECK_BYTES);
}

function digest(purpose: string, secret: Uint8Array): Buffer {
  return createHash('sha256').update(`bubbaloop fleet key ${purpose}\0`).update(secret).digest();
}
