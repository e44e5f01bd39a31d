/** Which cameras the fleet has, asked again from time to time while somebody looks. */
import type { CameraId } from '../camera/camera-feed.ts';

export interface CameraListOptions {
  list(): Promise<readonly CameraId[]>;
  /** Nobody looks any more. */
  rest(): void;
  /** Other cameras than before, or the first answer. */
  onChange(): void;
}

const LIST_MS = 5_000;

export class CameraList {
  /** Sorted by machine and name. */
  cameras: readonly CameraId[] = [];
  /** Whether the fleet has answered once. */
  isLooked = false;
  readonly #options: CameraListOptions;
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;

  constructor(options: CameraListOptions) {
    this.#options = options;
  }

  look(isLooking: boolean): void {
    if (isLooking === this.#isLooking) return;
    this.#isLooking = isLooking;
    clearInterval(this.#timer);
    if (!isLooking) {
      this.#options.rest();
      return;
    }
    void this.#ask();
    this.#timer = setInterval(() => void this.#ask(), LIST_MS);
  }

  find(key: string): CameraId | undefined {
    return this.cameras.find((camera) => cameraKey(camera) === key);
  }

  async #ask(): Promise<void> {
    const found = await this.#options.list();
    if (!this.#isLooking) return;
    const sorted = [...found].sort((a, b) => (cameraKey(a) < cameraKey(b) ? -1 : 1));
    const isSame = this.isLooked && JSON.stringify(sorted) === JSON.stringify(this.cameras);
    this.isLooked = true;
    if (isSame) return;
    this.cameras = sorted;
    this.#options.onChange();
  }
}

/** `machine/node`, as in the tiles of the screen. */
export function cameraKey({ machine, node }: CameraId): string {
  return `${machine}/${node}`;
}
