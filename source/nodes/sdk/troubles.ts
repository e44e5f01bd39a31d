/** What goes wrong again and again is said once, and once that it is over. */
import { plainText } from '../../wire/plain-text.ts';

interface Trouble {
  readonly sinceMs: number;
  readonly reasons: Set<string>;
  count: number;
  /** Whether anything of it was said: only then its end is, too. */
  isSaid: boolean;
}

/** So many different reasons of one trouble are said; a source that finds ever new words is not listened to for ever. */
const MAX_REASONS = 5;
/** What comes and goes is said again after so long only. */
const REPEAT_MS = 60_000;
const MAX_REMEMBERED = 200;

export class Troubles {
  readonly #open = new Map<string, Trouble>();
  /** When each was said last, the oldest first. */
  readonly #saidMs = new Map<string, number>();
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
    if (reason !== undefined) this.#fail(subject, trouble, plainText(reason).slice(0, 300));
    else if (trouble !== undefined) this.#end(subject, trouble);
  }

  #fail(subject: string, open: Trouble | undefined, reason: string): void {
    const nowMs = this.#nowMs();
    const trouble = open ?? { sinceMs: nowMs, reasons: new Set<string>(), count: 0, isSaid: false };
    this.#open.set(subject, trouble);
    trouble.count += 1;
    if (trouble.reasons.has(reason) || trouble.reasons.size >= MAX_REASONS) return;
    const line = `${subject}: ${reason}`;
    if (nowMs - (this.#saidMs.get(line) ?? Number.NEGATIVE_INFINITY) < REPEAT_MS) return;
    trouble.reasons.add(reason);
    trouble.isSaid = true;
    this.#remember(line, nowMs);
    this.#say(line);
  }

  #end(subject: string, { sinceMs, count, isSaid }: Trouble): void {
    this.#open.delete(subject);
    if (isSaid) this.#say(`${subject}: well again after ${describe(this.#nowMs() - sinceMs)}, ${count} failures`);
  }

  #remember(line: string, nowMs: number): void {
    this.#saidMs.delete(line);
    this.#saidMs.set(line, nowMs);
    const [oldest] = this.#saidMs.keys();
    if (this.#saidMs.size > MAX_REMEMBERED && oldest !== undefined) this.#saidMs.delete(oldest);
  }
}

function describe(durationMs: number): string {
  const seconds = Math.round(durationMs / 1_000);
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
