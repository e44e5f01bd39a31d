/** What pictures cost, measured, and how they are to be made so that it stays within the budget. */
import { type BudgetLevel, type BudgetState, budgetLevel, startBudget, stepBudget } from '../graphics/budget.ts';
import type { Pace } from '../graphics/pace.ts';
import type { TerminalInquiry } from '../graphics/terminal-inquiry.ts';
import type { PictureStatus } from '../view/camera-wall.ts';
import type { TerminalOutput } from './terminal-output.ts';

export interface SpendingOptions {
  readonly inquiry: TerminalInquiry;
  readonly output: TerminalOutput;
  readonly pace: Pace;
  /** Bytes a second to the terminal; undefined is no limit. */
  readonly budgetBytesPerSecond?: number;
}

/** What is asked of a camera at most. */
export const ASKED_HZ = 10;
const COLOURS = 256;
/** Own CPU that pictures may bring `top` to. */
const CPU_SHARE = 0.5;
/** Of the budget, so much may be spent ahead. */
const AHEAD_MS = 250;

export class PictureSpending {
  readonly #options: SpendingOptions;
  #budget: BudgetState;
  #status: PictureStatus | undefined;
  #freeAtMs = 0;
  #sentCount = 0;
  #sentBytes = 0;
  #before = { atMs: 0, bytes: 0, cpuUs: 0 };

  constructor(options: SpendingOptions) {
    this.#options = options;
    this.#budget = this.#newBudget();
  }

  /** How pictures are to be made now. */
  get level(): BudgetLevel {
    return budgetLevel(this.#budget);
  }

  /** Undefined while nothing is shown. */
  get status(): PictureStatus | undefined {
    return this.#status;
  }

  /** Before this, `performance.now()`, the budget has nothing left for a picture. */
  get notBeforeMs(): number {
    return this.#freeAtMs - AHEAD_MS;
  }

  /** Other cameras, or another terminal: what was right before says nothing of them. */
  restart(): void {
    this.#budget = this.#newBudget();
  }

  /** From here on it is measured. */
  begin(): void {
    this.#before = this.#measure();
    this.#sentCount = 0;
    this.#sentBytes = 0;
    this.#status = this.#statusOf(0, 0);
  }

  end(): void {
    this.#status = undefined;
  }

  /** A picture was made; `isSent` is false where it was too large to be sent. */
  spent(nowMs: number, bytes: number, isSent: boolean): void {
    const { budgetBytesPerSecond } = this.#options;
    this.#sentCount += 1;
    this.#sentBytes += bytes;
    if (budgetBytesPerSecond === undefined || !isSent) return;
    this.#freeAtMs = Math.max(nowMs, this.#freeAtMs) + (bytes / budgetBytesPerSecond) * 1_000;
  }

  /** Looks at what was spent since the last time; whether pictures are to be made otherwise from here on. */
  sample(cameraRatesHz: readonly (number | undefined)[]): boolean {
    const { inquiry, pace, budgetBytesPerSecond } = this.#options;
    const before = this.#before;
    const now = this.#measure();
    this.#before = now;
    const seconds = Math.max(0.001, (now.atMs - before.atMs) / 1_000);
    const bytesPerSecond = (now.bytes - before.bytes) / seconds;
    const cpuShare = (now.cpuUs - before.cpuUs) / 1e6 / seconds;
    const { rateHz } = this.level;
    const earlier = this.#budget.at;
    this.#budget = stepBudget(this.#budget, {
      atMs: now.atMs,
      bytesPerSecond,
      cpuShare,
      bytesPerPicture: this.#sentCount === 0 ? undefined : this.#sentBytes / this.#sentCount,
      picturesPerSecond: cameraRatesHz.reduce<number>((sum, rate) => sum + Math.min(rateHz, rate ?? rateHz), 0),
      limits: {
        bytesPerSecond: Math.min(budgetBytesPerSecond ?? Number.POSITIVE_INFINITY, pace.rateLimit),
        cpuShare: CPU_SHARE,
        pictureBytes: Math.min(pace.pictureBytes, inquiry.pictures.maxPictureBytes),
      },
    });
    this.#sentCount = 0;
    this.#sentBytes = 0;
    this.#status = this.#statusOf(bytesPerSecond, cpuShare);
    return this.#budget.at !== earlier;
  }

  #newBudget(): BudgetState {
    const { pictures } = this.#options.inquiry;
    const protocol = pictures.protocol === 'off' ? 'blocks' : pictures.protocol;
    const colours = protocol === 'sixel' ? Math.min(COLOURS, pictures.colours) : COLOURS;
    return startBudget({ rateHz: ASKED_HZ, colours, protocol }, performance.now());
  }

  #measure(): { readonly atMs: number; readonly bytes: number; readonly cpuUs: number } {
    const { user, system } = process.cpuUsage();
    return { atMs: performance.now(), bytes: this.#options.output.sentBytes, cpuUs: user + system };
  }

  #statusOf(bytesPerSecond: number, cpuShare: number): PictureStatus {
    const { inquiry, budgetBytesPerSecond } = this.#options;
    const { protocol } = inquiry.pictures;
    const { rateHz, colours, scale } = this.level;
    return {
      protocol: protocol === 'blocks' ? 'half blocks' : protocol,
      colours: protocol === 'sixel' ? colours : undefined,
      rateHz,
      askedHz: ASKED_HZ,
      scale,
      bytesPerSecond,
      budgetBytesPerSecond,
      cpuShare,
      limitedBy: this.#budget.limitedBy,
    };
  }
}
