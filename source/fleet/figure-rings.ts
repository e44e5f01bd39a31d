/**
 * Figures over time in a memory that does not grow: each series is one ring of a fixed number of points, and there are at most
 * so many series. All share their steps, so that time passes for all of them at the cost of one.
 */

export interface FigureRingsOptions {
  /** Points kept of each series. */
  readonly points: number;
  /** Time from one point to the next, milliseconds. */
  readonly stepMs: number;
  /**
   * Where it is longer than `stepMs`: a ring that is full is folded, two points into one, and its step doubled, until it is
   * this long. What was seen since the beginning stays in sight, coarser and coarser.
   */
  readonly maxStepMs?: number;
  /** Of two figures for one point, which stays. */
  readonly keep: 'last' | 'max';
  /** More than these and the series asked for least recently goes. */
  readonly maxSeries: number;
}

interface Series {
  readonly ring: Float32Array;
}

/** Rings as they stand at a moment; they may go on from it more than once. */
export interface RingsSnapshot {
  readonly stepMs: number;
  readonly step: number;
  readonly startedAtMs: number | undefined;
  /** Of each series, the one asked for least recently first. */
  readonly keys: readonly string[];
  /** The rings one behind the other, in the order of the keys. */
  readonly rings: Float32Array;
}

export class FigureRings {
  readonly #options: FigureRingsOptions;
  readonly #series = new Map<string, Series>();
  #stepMs: number;
  /** Number of the step that is being filled, counted from the beginning in steps of the present length. */
  #step = 0;
  #startedAtMs: number | undefined;

  constructor(options: FigureRingsOptions, snapshot?: RingsSnapshot) {
    this.#options = options;
    this.#stepMs = snapshot?.stepMs ?? options.stepMs;
    if (snapshot === undefined) return;
    this.#step = snapshot.step;
    this.#startedAtMs = snapshot.startedAtMs;
    const rings = snapshot.rings.slice();
    const { points } = options;
    for (const [index, key] of snapshot.keys.entries()) {
      this.#series.set(key, { ring: rings.subarray(index * points, (index + 1) * points) });
    }
  }

  snapshot(): RingsSnapshot {
    const { points } = this.#options;
    const rings = new Float32Array(this.#series.size * points);
    for (const [index, { ring }] of [...this.#series.values()].entries()) rings.set(ring, index * points);
    return {
      stepMs: this.#stepMs,
      step: this.#step,
      startedAtMs: this.#startedAtMs,
      keys: [...this.#series.keys()],
      rings,
    };
  }

  get stepMs(): number {
    return this.#stepMs;
  }

  /** Number of the step that is being filled. */
  get step(): number {
    return this.#step;
  }

  get seriesCount(): number {
    return this.#series.size;
  }

  /** Time has come to `nowMs`; true where a new point begins. A clock that is set back stands until it has caught up. */
  advance(nowMs: number): boolean {
    this.#startedAtMs ??= nowMs;
    const { points, maxStepMs } = this.#options;
    let step = Math.floor((nowMs - this.#startedAtMs) / this.#stepMs);
    if (step <= this.#step) return false;
    while (step >= points && maxStepMs !== undefined && this.#stepMs * 2 <= maxStepMs) {
      // Before it rolls: as long as it only fills, point n of the ring is step n.
      if (this.#step < points) for (const series of this.#series.values()) this.#fold(series.ring);
      this.#step = Math.floor(this.#step / 2);
      this.#stepMs *= 2;
      step = Math.floor((nowMs - this.#startedAtMs) / this.#stepMs);
    }
    const gone = Math.min(points, step - this.#step);
    for (const { ring } of this.#series.values()) {
      for (let back = 0; back < gone; back += 1) ring[(step - back) % points] = Number.NaN;
    }
    this.#step = step;
    return true;
  }

  /** Puts a figure into the step that is being filled. */
  note(key: string, value: number): void {
    const { ring } = this.#open(key);
    const at = this.#step % this.#options.points;
    const before = ring[at] ?? Number.NaN;
    ring[at] = this.#options.keep === 'max' && before > value ? before : value;
  }

  /** Points of a series, oldest first, NaN where nothing was noted; the last is that of {@link step}. */
  values(key: string): readonly number[] | undefined {
    const series = this.#series.get(key);
    if (series === undefined) return undefined;
    const { points } = this.#options;
    return Array.from({ length: points }, (_, index) => {
      const step = this.#step - points + 1 + index;
      return step < 0 ? Number.NaN : (series.ring[step % points] ?? Number.NaN);
    });
  }

  #open(key: string): Series {
    const known = this.#series.get(key);
    if (known !== undefined) {
      this.#series.delete(key);
      this.#series.set(key, known);
      return known;
    }
    if (this.#series.size >= this.#options.maxSeries) {
      const oldest = this.#series.keys().next();
      if (oldest.done !== true) this.#series.delete(oldest.value);
    }
    const series = { ring: new Float32Array(this.#options.points).fill(Number.NaN) };
    this.#series.set(key, series);
    return series;
  }

  #fold(ring: Float32Array): void {
    const { points, keep } = this.#options;
    for (let index = 0; index < points; index += 1) {
      const earlier = ring[index * 2] ?? Number.NaN;
      const later = ring[index * 2 + 1] ?? Number.NaN;
      if (Number.isNaN(later)) ring[index] = earlier;
      else ring[index] = keep === 'max' && earlier > later ? earlier : later;
    }
  }
}
