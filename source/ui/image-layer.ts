/**
 * All that goes to the terminal goes through here: frames of text, pictures in the boxes that the text leaves blank, and the
 * modes that Ink sets. A picture is drawn in the same synchronized update as the text, after it, or in one of its own, always
 * with the cursor put back; one whose cells the text has just drawn over is drawn again; and where a box goes, its cells are
 * blanked before anything else happens there.
 */
import { wrapForTmux } from '../graphics/tmux.ts';
import type { Rect } from '../view/layout.ts';
import { type Damage, NO_DAMAGE, touches } from './screen-damage.ts';
import type { TerminalOutput } from './terminal-output.ts';

/** A place that the text leaves blank, in cells. */
export interface PictureBox {
  readonly id: string;
  readonly rect: Rect;
}

export interface DrawnPicture extends PictureBox {
  readonly bytes: Uint8Array;
  /** What removes it where blanks do not (kitty). */
  readonly erase: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Cells from the corner of the box to the picture's, where it is smaller than its box. */
  readonly inset?: { readonly x: number; readonly y: number };
}

/** How pictures reach the terminal: as they are, or through tmux at absolute places from this corner. */
export interface PictureRoute {
  readonly left: number;
  readonly top: number;
  readonly isWrapped: boolean;
}

export const PLAIN_ROUTE: PictureRoute = { left: 0, top: 0, isWrapped: false };

// Synchronized output, https://gist.github.com/christianparpart/d8a62cc1ab659194337d73e399004036
const BEGIN = '\x1b[?2026h';
const END = '\x1b[?2026l';
// DEC private modes: the alternate screen, the cursor, pasting; and the keyboard's, https://sw.kovidgoyal.net/kitty/keyboard-protocol
const MODES = /^(?:\x1b\[\?[\d;]+[hl]|\x1b\[[<>=?]\d*u)+$/;
/** The frame after a change of boxes normally brings them; where none comes, they change by themselves. */
const PATIENCE_MS = 120;
const EMPTY = new Uint8Array(0);

export interface ImageLayerOptions {
  readonly target: NodeJS.WriteStream;
  readonly output: TerminalOutput;
}

export class ImageLayer {
  /** Given to Ink in the place of the real one. The modes that Ink sets go on; what it would draw or erase ends here. */
  readonly stdout: NodeJS.WriteStream;
  readonly #options: ImageLayerOptions;
  readonly #pictures = new Map<string, DrawnPicture>();
  readonly #shown = new Map<string, Rect>();
  /** Boxes whose picture is not, or no longer, on the screen. */
  readonly #missing = new Set<string>();
  #next: readonly PictureBox[] | undefined;
  #timer: NodeJS.Timeout | undefined;
  #route = PLAIN_ROUTE;
  #isSuspended = false;
  #prefix = '';

  constructor(options: ImageLayerOptions) {
    this.#options = options;
    const { target } = options;
    this.stdout = new Proxy(target, {
      get: (stream, name) => {
        if (name === 'write') return this.#write;
        const value: unknown = Reflect.get(stream, name, stream);
        return typeof value === 'function' ? value.bind(stream) : value;
      },
    });
    options.output.onDrain(() => this.#repair());
  }

  set route(route: PictureRoute) {
    const { left, top, isWrapped } = this.#route;
    if (left === route.left && top === route.top && isWrapped === route.isWrapped) return;
    const shown = [...this.#shown.keys()].map((id) => this.#blank(id));
    this.#route = route;
    this.#markAll();
    if (shown.length > 0) this.#block(shown, '', 'everything');
  }

  /** Something to write with the next frame, before its text: questions for the terminal. */
  askWithNextFrame(text: string): void {
    this.#prefix += text;
  }

  /** The boxes of the screen that is about to be drawn; they count from its frame on. */
  place(boxes: readonly PictureBox[]): void {
    if (this.#isSame(boxes)) {
      this.#next = undefined;
      clearTimeout(this.#timer);
      return;
    }
    this.#next = boxes;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#block([], '', new Map()), PATIENCE_MS);
  }

  /** The newest picture of a box. It is kept, and sent again when its cells were drawn over. */
  draw(picture: DrawnPicture): void {
    const before = this.#pictures.get(picture.id);
    this.#pictures.set(picture.id, picture);
    const rect = this.#shown.get(picture.id);
    if (rect === undefined || this.#isSuspended || !isSameRect(rect, picture.rect)) return;
    const isOtherSize =
      before !== undefined && (before.widthPx !== picture.widthPx || before.heightPx !== picture.heightPx);
    this.#missing.add(picture.id);
    this.#block(isOtherSize ? [this.#blank(picture.id, before)] : [], '', NO_DAMAGE);
  }

  /** Forgets the picture of a box: its cells become blank, and stay so until the next. */
  clear(id: string): void {
    if (!this.#pictures.has(id)) return;
    const blank = this.#shown.has(id) ? [this.#blank(id)] : [];
    this.#pictures.delete(id);
    if (blank.length > 0) this.#block(blank, '', NO_DAMAGE);
  }

  /** Draws all pictures again: something outside may have drawn over them. */
  redraw(): void {
    this.#markAll();
    if (this.#shown.size > 0) this.#block([], '', NO_DAMAGE);
  }

  /** Takes all pictures off the screen until {@link resume}: somebody else gets the terminal. */
  suspend(): void {
    if (this.#isSuspended) return;
    this.#block(
      [...this.#shown.keys()].map((id) => this.#blank(id)),
      '',
      NO_DAMAGE,
    );
    this.#isSuspended = true;
    this.#markAll();
  }

  resume(): void {
    this.#isSuspended = false;
    this.redraw();
  }

  /** Takes all pictures off the screen for good; what is written from here on goes out at once. */
  close(): void {
    clearTimeout(this.#timer);
    this.suspend();
    this.#shown.clear();
    this.#pictures.clear();
    this.#next = undefined;
    this.#options.output.close();
  }

  /** Text for the screen, and the cells it draws over. Empty where only boxes came or went. */
  frame(text: string, damage: Damage): void {
    this.#block([], text, damage);
  }

  readonly #write = (chunk: string | Uint8Array, ...rest: readonly unknown[]): boolean => {
    const done = rest.find((value): value is () => void => typeof value === 'function');
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
    if (!MODES.test(text) || text === BEGIN || text === END) done?.();
    else this.#options.output.send(Buffer.from(text), done);
    return true;
  };

  /** One synchronized update: blanks, text, then the pictures that are missing after it. */
  #block(before: readonly Uint8Array[], text: string, damage: Damage): void {
    const blanks = [...before, ...this.#applyBoxes()];
    for (const [id, rect] of this.#shown) if (touches(damage, rect)) this.#missing.add(id);
    const pictures = this.#takeMissing();
    const prefix = this.#prefix;
    if (text !== '') this.#prefix = '';
    if (blanks.length === 0 && text === '' && pictures.length === 0) return;
    const head = text === '' ? BEGIN : prefix + BEGIN;
    const parts = [Buffer.from(head), ...blanks, Buffer.from(text), ...pictures, Buffer.from(END)];
    this.#options.output.send(Buffer.concat(parts));
  }

  /** Brings in the boxes that were waiting for a frame; the blanks for those that went or moved. */
  #applyBoxes(): Uint8Array[] {
    const next = this.#next;
    if (next === undefined || this.#isSuspended) return [];
    this.#next = undefined;
    clearTimeout(this.#timer);
    const wanted = new Map(next.map(({ id, rect }) => [id, rect]));
    const blanks: Uint8Array[] = [];
    for (const [id, rect] of this.#shown) {
      const stays = wanted.get(id);
      if (stays !== undefined && isSameRect(stays, rect)) continue;
      blanks.push(this.#blank(id));
      this.#shown.delete(id);
      this.#missing.delete(id);
    }
    for (const id of this.#pictures.keys()) if (!wanted.has(id)) this.#pictures.delete(id);
    for (const [id, rect] of wanted) {
      if (this.#shown.has(id)) continue;
      this.#shown.set(id, rect);
      this.#missing.add(id);
    }
    return blanks;
  }

  /** The missing pictures that are there, unless the terminal has not even taken what came before. */
  #takeMissing(): Uint8Array[] {
    if (this.#isSuspended || this.#missing.size === 0 || this.#options.output.pendingBytes > 0) return [];
    const drawn: Uint8Array[] = [];
    for (const id of this.#missing) {
      const picture = this.#pictures.get(id);
      const rect = this.#shown.get(id);
      if (picture === undefined || rect === undefined || !isSameRect(picture.rect, rect)) continue;
      const { x = 0, y = 0 } = picture.inset ?? {};
      drawn.push(this.#at({ x: rect.x + x, y: rect.y + y }, [picture.bytes]));
      this.#missing.delete(id);
    }
    return drawn;
  }

  #repair(): void {
    if (this.#missing.size > 0) this.#block([], '', NO_DAMAGE);
  }

  #blank(id: string, picture = this.#pictures.get(id)): Uint8Array {
    const rect = this.#shown.get(id);
    if (rect === undefined || picture === undefined) return EMPTY;
    const rows = Array.from(
      { length: rect.height },
      (_, row) => `${this.#goto(rect.x, rect.y + row)}${' '.repeat(rect.width)}`,
    );
    return this.#at(rect, [picture.erase, Buffer.from(`\x1b[0m${rows.join('')}`)]);
  }

  /** Bytes between saving the cursor (DECSC, its colours too) and putting it back, from the corner of a box. */
  #at(rect: Pick<Rect, 'x' | 'y'>, parts: readonly Uint8Array[]): Uint8Array {
    const head = Buffer.from(`\x1b7${this.#goto(rect.x, rect.y)}`);
    const bytes = Buffer.concat([head, ...parts, Buffer.from('\x1b8')]);
    return this.#route.isWrapped ? wrapForTmux(bytes) : bytes;
  }

  #goto(x: number, y: number): string {
    return `\x1b[${this.#route.top + y + 1};${this.#route.left + x + 1}H`;
  }

  #markAll(): void {
    for (const id of this.#shown.keys()) this.#missing.add(id);
  }

  #isSame(boxes: readonly PictureBox[]): boolean {
    if (boxes.length !== this.#shown.size) return false;
    return boxes.every(({ id, rect }) => {
      const shown = this.#shown.get(id);
      return shown !== undefined && isSameRect(shown, rect);
    });
  }
}

function isSameRect(a: Rect, b: Rect): boolean {
  return a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height;
}
