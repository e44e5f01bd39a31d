/** What goes wrong again and again is said once, and once that it is over. */
import { plainText } from '../../wire/plain-text.ts';

interface Trouble {
  readonly sinceMs: number;
  readonly reasons: Set<string>;
  count: number;
}

/** So many different reasons of one trouble are said; a source that finds ever new words is not listened to for ever. */
const MAX_REASONS = 5;

export class Troubles {
  readonly #open = new Map<string, Trouble>();
  readonly #say: (message: string) => void;
  readonly #nowMs: () => number;

  /** `nowMs` is a monotonic clock. */
  constructor(say: (message: string) => void, nowMs: () => number = () => performance.now()) {
    this.#say = say;
    this.#nowMs = nowMs;
  }

  /** Without a reason the trouble is over. Reasons are untrusted text. */
  report(subject: string, reason?: string): void {
    const trouble = this.#open.get(subject);
    if (reason === undefined) {
      if (trouble === undefined) return;
      this.#open.delete(subject);
      this.#say(`${subject}: well again after ${describe(this.#nowMs() - trouble.sinceMs)}, ${trouble.count} failures`);
      return;
    }
    const now = trouble ?? { sinceMs: this.#nowMs(), reasons: new Set<string>(), count: 0 };
    this.#open.set(subject, now);
    now.count += 1;
    const said = plainText(reason).slice(0, 300);
    if (now.reasons.has(said) || now.reasons.size >= MAX_REASONS) return;
    now.reasons.add(said);
    this.#say(`${subject}: ${said}`);
  }
}

function describe(durationMs: number): string {
  const seconds = Math.round(durationMs / 1_000);
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
