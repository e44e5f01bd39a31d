/**
 * Asks a terminal once what pictures it can show. Whoever reads its input hands the answers over; what is known changes
 * with them, late ones too: over a slow link pictures begin modest and become better.
 */
import { CELL_QUESTION, MULTIPLEXER_QUESTIONS, TERMINAL_QUESTIONS, type TerminalAnswer } from './terminal-answers.ts';
import {
  choosePictures,
  type ImagesChoice,
  type PixelSize,
  type TerminalPictures,
  type TmuxFacts,
} from './terminal-pictures.ts';

export interface InquiryOptions {
  readonly images: ImagesChoice;
  readonly env: Readonly<Record<string, string | undefined>>;
  size(): { readonly columns: number; readonly rows: number };
  askTmux(): Promise<TmuxFacts | undefined>;
  askWindowPixels(): Promise<PixelSize | undefined>;
  /** How long nothing is decided while answers are missing. Default 200. */
  readonly limitMs?: number;
}

const LIMIT_MS = 200;
/** What has not come after so long comes never. */
const OWED_MS = 1_000;

export class TerminalInquiry {
  /** Ends when the last answer is there, or the time limit is over. */
  readonly settled: Promise<void>;
  readonly #options: InquiryOptions;
  readonly #listeners = new Set<() => void>();
  readonly #answers: TerminalAnswer[] = [];
  #settle: () => void = () => undefined;
  #tmux: TmuxFacts | undefined;
  #windowPx: PixelSize | undefined;
  #pictures: TerminalPictures;
  #limit: NodeJS.Timeout | undefined;
  #isSettled = false;
  #hasAsked = false;
  #askedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: InquiryOptions) {
    this.#options = options;
    this.#pictures = this.#choose();
    this.settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** What is known now. */
  get pictures(): TerminalPictures {
    return this.#pictures;
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** Whether the terminal has answered the last question, and so will answer others. */
  get isAnswered(): boolean {
    return this.#answers.some(({ kind }) => kind === 'attributes');
  }

  /** Whether an answer may still come: who leaves before finds it among what he types next. */
  get isOwed(): boolean {
    return !this.isAnswered && performance.now() - this.#askedAtMs < OWED_MS;
  }

  /** Calls `listener` when {@link pictures} changed; returns the function that ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The questions for the terminal, once: whoever calls this writes them. Empty where nothing is to be asked. */
  begin(): string {
    if (this.#hasAsked) return '';
    this.#hasAsked = true;
    if (this.#pictures.protocol === 'off') {
      this.#end();
      return '';
    }
    this.#askedAtMs = performance.now();
    const tmux = this.refreshTmux();
    this.#limit = setTimeout(() => {
      // A terminal that is silent about its size may have told the kernel.
      void Promise.all([tmux, this.#askPixels()]).then(() => this.#end());
    }, this.#options.limitMs ?? LIMIT_MS);
    const { TMUX, STY, TERM } = this.#options.env;
    return TMUX || STY || /^(screen|tmux)/.test(TERM ?? '') ? MULTIPLEXER_QUESTIONS : TERMINAL_QUESTIONS;
  }

  /** Takes what the terminal answered. */
  take(answers: readonly TerminalAnswer[]): void {
    const told = answers.filter(({ kind }) => kind !== 'alive' && kind !== 'ground' && kind !== 'mouse');
    if (told.length === 0) return;
    this.#answers.push(...told);
    if (told.some(({ kind }) => kind === 'attributes')) void this.#answered();
    else this.#update();
  }

  /** Asks tmux again where its pane stands now. */
  async refreshTmux(): Promise<void> {
    const tmux = await this.#options.askTmux();
    this.#tmux = tmux;
    if (this.#hasAsked) this.#update();
  }

  /** What to write to the terminal after it changed its size: its font may have changed as well. */
  resized(): string {
    if (!this.#hasAsked || this.#pictures.protocol === 'off') return '';
    void this.refreshTmux();
    if (this.#answers.some(({ kind }) => kind === 'cell')) return CELL_QUESTION;
    void this.#askPixels();
    return '';
  }

  close(): void {
    clearTimeout(this.#limit);
    this.#listeners.clear();
    this.#end();
  }

  async #answered(): Promise<void> {
    clearTimeout(this.#limit);
    await this.refreshTmux();
    if (!this.#pictures.isCellKnown) await this.#askPixels();
    this.#end();
  }

  async #askPixels(): Promise<void> {
    this.#windowPx = await this.#options.askWindowPixels();
    this.#update();
  }

  #end(): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#update();
    this.#settle();
  }

  #choose(): TerminalPictures {
    const { images, env, size } = this.#options;
    return choosePictures({
      images,
      env,
      size: size(),
      answers: this.#answers,
      tmux: this.#tmux,
      windowPx: this.#windowPx,
    });
  }

  #update(): void {
    const pictures = this.#choose();
    if (JSON.stringify(pictures) === JSON.stringify(this.#pictures)) return;
    this.#pictures = pictures;
    for (const listener of this.#listeners) listener();
  }
}
