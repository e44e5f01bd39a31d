/**
 * Whether a signed command may be carried out. A command counts once: within {@link WINDOW_MS} its nonce is remembered,
 * and what is older than the window, or than a nonce that was forgotten, is refused. So a clock that is set back brings
 * no old command to life. Over a restart nonces are forgotten, but not the time of the newest command that was accepted
 * (the mark, on disk before the command is carried out): what was signed up to then is refused.
 */
import type { CborMap } from '../wire/cbor.ts';
import type { Refusal } from '../wire/command.ts';
import { plainText } from '../wire/plain-text.ts';
import { isSignedWith, readSignature } from '../wire/signature.ts';
import { CommandMark } from './command-mark.ts';
import type { KeyState } from './fleet-key-file.ts';

/** How far the clocks of sender and daemon may be apart, the way included. */
export const WINDOW_MS = 30_000;
/** Only who has the key can fill this; 333 commands a second for the whole window. */
const MAX_NONCES = 10_000;

export interface CommandGuardOptions {
  readonly key: () => KeyState;
  readonly allowUnsigned: boolean;
  readonly markFile: string;
  readonly say: (message: string) => void;
  /** Wall clock, Unix milliseconds; default `Date.now`. */
  readonly now?: () => number;
}

export type Verdict =
  /** `keyId` and `sender` where a signature was found good. */
  | { readonly ok: true; readonly keyId?: string; readonly sender?: string }
  | { readonly ok: false; readonly refusal: Refusal; readonly reason: string };

export class CommandGuard {
  readonly #options: CommandGuardOptions;
  readonly #now: () => number;
  /** Nonce to the time at which it was signed. */
  readonly #nonces = new Map<string, number>();
  /** What was signed up to then is refused: it may have been carried out, and nobody would remember. */
  #forgottenUpToMs: number;
  readonly #mark: CommandMark;

  constructor(options: CommandGuardOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#mark = new CommandMark(options.markFile, this.#now(), options.say);
    this.#forgottenUpToMs = this.#mark.timeMs;
  }

  /** Nonces remembered now. */
  get nonceCount(): number {
    return this.#nonces.size;
  }

  /** A command without a signature: may it pass? */
  checkUnsigned(): Verdict {
    const state = this.#options.key();
    if (state.kind === 'unusable') return refused('not-ready', `This daemon takes no commands now. ${state.reason}`);
    if (state.kind === 'none' || this.#options.allowUnsigned) return { ok: true };
    return refused(
      'unsigned',
      'The command is not signed, and this daemon takes signed ones only: send it from a machine that has the fleet key (`bubbaloop key import`).',
    );
  }

  /** `map`: the whole command; `timeMs`: its `timestamp_ms`. A command that is accepted is accepted once. Never throws. */
  check(map: CborMap, timeMs: number): Verdict {
    const signature = readSignature(map);
    const state = this.#options.key();
    // Without a key nothing can be checked: as with daemons that know no signatures, everybody may command.
    if (signature.kind === 'absent' || state.kind !== 'key') return this.checkUnsigned();
    const { key } = state;
    if (signature.kind === 'malformed') return refused('altered', 'The command’s signature is damaged.');
    if (signature.keyId !== key.fingerprint) {
      const theirs = plainText(signature.keyId).slice(0, 16);
      return refused(
        'other-key',
        `The command is signed with another key (${theirs}) than this machine’s (${key.fingerprint}): import the same key on both with \`bubbaloop key import\`.`,
      );
    }
    if (!isSignedWith(map, signature.mac, key)) {
      return refused('altered', 'The command’s signature does not fit it: it was changed on its way.');
    }
    return this.#checkTime(timeMs, signature.nonce) ?? this.#remember(timeMs, signature);
  }

  #checkTime(timeMs: number, nonce: string): Verdict | undefined {
    const nowMs = this.#now();
    const apartMs = timeMs - nowMs;
    if (Math.abs(apartMs) > WINDOW_MS) {
      const direction = apartMs < 0 ? 'before' : 'after';
      return refused(
        'stale',
        `The command was signed ${seconds(Math.abs(apartMs))} s ${direction} this machine’s clock (signed ${clock(timeMs)}, here ${clock(nowMs)}), and ${WINDOW_MS / 1_000} s are allowed: send it again, or set the clock that is wrong.`,
      );
    }
    if (this.#nonces.has(nonce)) return refused('replayed', 'This very command was accepted before: it counts once.');
    if (timeMs > this.#forgottenUpToMs) return undefined;
    return refused(
      'stale',
      `The command was signed at ${clock(timeMs)}, but one signed at ${clock(this.#forgottenUpToMs)} was accepted before this daemon began or its clock was set back: send it again, or, where that time was wrong, delete ${this.#options.markFile} and restart the daemon.`,
    );
  }

  #remember(timeMs: number, { nonce, keyId, sender }: { nonce: string; keyId: string; sender: string }): Verdict {
    this.#mark.raise(timeMs);
    this.#nonces.set(nonce, timeMs);
    if (this.#nonces.size > MAX_NONCES) this.#forget();
    return { ok: true, keyId, sender: plainText(sender).slice(0, 200) };
  }

  /** Forgets what is out of the window, and at least the older half. */
  #forget(): void {
    const times = [...this.#nonces.values()].sort((left, right) => left - right);
    const middleMs = times[Math.floor(times.length / 2)] ?? 0;
    const upToMs = Math.max(middleMs, this.#now() - WINDOW_MS);
    for (const [nonce, timeMs] of this.#nonces) if (timeMs <= upToMs) this.#nonces.delete(nonce);
    this.#forgottenUpToMs = Math.max(this.#forgottenUpToMs, upToMs);
  }
}

function refused(refusal: Refusal, reason: string): Verdict {
  return { ok: false, refusal, reason };
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}

function clock(ms: number): string {
  return Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString() : `${ms} ms`;
}
