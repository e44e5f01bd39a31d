/** Brings each new screen to the terminal, text and the boxes of its pictures in one update. */
import type { Screen } from '../view/screen.ts';
import type { DetailsLines } from './details-lines.tsx';
import type { ImageLayer } from './image-layer.ts';
import { NO_DAMAGE } from './screen-damage.ts';
import { ScreenWriter } from './screen-writer.ts';

export class ScreenPainter {
  readonly #layer: ImageLayer;
  readonly #details: DetailsLines;
  readonly #writer = new ScreenWriter();
  #screen: Screen | undefined;
  #isSuspended = false;

  constructor(layer: ImageLayer, details: DetailsLines) {
    this.#layer = layer;
    this.#details = details;
    details.onLoaded = () => this.#paint();
  }

  readonly draw = (screen: Screen): void => {
    this.#screen = screen;
    this.#paint();
  };

  /** The terminal does not show any more what was written: it has another size, or others had it. */
  forget(): void {
    this.#writer.forget();
  }

  /** Nothing is written until {@link resume}: somebody else has the terminal. */
  suspend(): void {
    this.#isSuspended = true;
  }

  resume(): void {
    this.#isSuspended = false;
    this.forget();
    this.#paint();
  }

  #paint(): void {
    const screen = this.#screen;
    if (screen === undefined || this.#isSuspended) return;
    const details = screen.kind === 'full' ? this.#details.of(screen.details) : [];
    const frame = this.#writer.frame(screen, details);
    // Without text, too: boxes may have come or gone.
    this.#layer.frame(frame?.text ?? '', frame?.damage ?? NO_DAMAGE);
  }
}
