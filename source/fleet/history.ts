/**
 * How the fleet's figures went: each machine's CPU, memory and shared memory, and the rates of nodes. Fed with states as they
 * come, it looks at one every few seconds; a fleet of any size costs the same memory.
 */

import { FigureRings, type RingsSnapshot } from './figure-rings.ts';
import { memoryPercent, shmTakenPercent } from './measures.ts';
import { type FleetState, type Machine, nodeKey } from './state.ts';

export type TrendName =
  /** Percent. */
  | 'cpu'
  | 'memory'
  /** Share of the shared memory's file system that is taken, percent, over up to 24 h. */
  | 'shm'
  /** Messages a second of a node's busiest output. */
  | 'rate';

/** A series as it is drawn. */
export interface Trend {
  /** Oldest first; NaN where nothing was seen. */
  readonly values: readonly number[];
  /** Number of the last value's step: groups of steps that are drawn as one stay together as time goes on. */
  readonly step: number;
  readonly stepMs: number;
}

export interface Trends {
  /** Key: a machine's id, or for `rate` a node's `machine/node`. */
  trend(name: TrendName, key: string): Trend | undefined;
}

export const NO_TRENDS: Trends = { trend: () => undefined };

const POINTS = 60;
/** The state is looked at so often. */
export const HISTORY_STEP_MS = 5_000;
const STEP_MS = HISTORY_STEP_MS;
const DAY_STEP_MS = 24 * 60 * 60_000;
/** 60 numbers of 4 bytes each. */
const MAX_MACHINES = 1_000;
const MAX_NODES = 1_000;

export type HistorySnapshot = Readonly<Record<TrendName, RingsSnapshot>>;

export interface HistoryOptions {
  /** Nodes whose rates are followed; of more those on the screen. Default 1,000. */
  readonly maxNodes?: number;
}

export class History implements Trends {
  readonly #maxNodes: number;
  readonly #rings: Readonly<Record<TrendName, FigureRings>>;

  /** Goes on from where another stood, if that is given. */
  constructor(options: HistoryOptions = {}, from?: HistorySnapshot) {
    this.#maxNodes = options.maxNodes ?? MAX_NODES;
    const recent = { points: POINTS, stepMs: STEP_MS, keep: 'last' } as const;
    const day = { points: POINTS, stepMs: STEP_MS, maxStepMs: DAY_STEP_MS / POINTS, keep: 'max' } as const;
    this.#rings = {
      cpu: new FigureRings({ ...recent, maxSeries: MAX_MACHINES }, from?.cpu),
      memory: new FigureRings({ ...recent, maxSeries: MAX_MACHINES }, from?.memory),
      shm: new FigureRings({ ...day, maxSeries: MAX_MACHINES }, from?.shm),
      rate: new FigureRings({ ...recent, maxSeries: this.#maxNodes }, from?.rate),
    };
  }

  snapshot(): HistorySnapshot {
    const { cpu, memory, shm, rate } = this.#rings;
    return { cpu: cpu.snapshot(), memory: memory.snapshot(), shm: shm.snapshot(), rate: rate.snapshot() };
  }

  get seriesCount(): number {
    return Object.values(this.#rings).reduce((sum, rings) => sum + rings.seriesCount, 0);
  }

  /**
   * Takes a look at the fleet where one is due. Of a fleet of more nodes than it keeps it follows those in `onScreen`, each
   * `machine/node`.
   */
  take(state: FleetState, nowMs: number, onScreen: () => readonly string[]): void {
    const { cpu, memory, shm } = this.#rings;
    if (!this.pass(nowMs) || state.link.state !== 'connected') return;
    let machines = 0;
    let nodes = 0;
    for (const machine of state.machines.values()) {
      nodes += machine.nodes.length;
      machines += 1;
      if (machines > MAX_MACHINES || machine.lostSinceMs !== undefined) continue;
      noteIn(cpu, machine.id, machine.load?.cpuPercent);
      noteIn(memory, machine.id, memoryPercent(machine.load));
      noteIn(shm, machine.id, shmTakenPercent(machine.shm));
    }
    if (nodes <= this.#maxNodes) {
      for (const machine of state.machines.values()) this.#noteRates(machine, () => true);
      return;
    }
    const wanted = new Set(onScreen().slice(0, this.#maxNodes));
    const places = new Set([...wanted].map((key) => key.slice(0, key.indexOf('/'))));
    for (const place of places) {
      const machine = state.machines.get(place);
      if (machine !== undefined) this.#noteRates(machine, (key) => wanted.has(key));
    }
  }

  /** Time goes by and nothing is known of it; true where a look is due. */
  pass(nowMs: number): boolean {
    const { cpu, memory, shm, rate } = this.#rings;
    const isDue = cpu.advance(nowMs);
    memory.advance(nowMs);
    shm.advance(nowMs);
    rate.advance(nowMs);
    return isDue;
  }

  trend(name: TrendName, key: string): Trend | undefined {
    const rings = this.#rings[name];
    const values = rings.values(key);
    return values === undefined ? undefined : { values, step: rings.step, stepMs: rings.stepMs };
  }

  #noteRates(machine: Machine, isWanted: (key: string) => boolean): void {
    if (machine.lostSinceMs !== undefined) return;
    for (const node of machine.nodes) {
      const key = nodeKey(machine.id, node.name);
      const { outputs, outputRateHz } = node;
      if (!isWanted(key)) continue;
      if (outputs === 'flowing') noteIn(this.#rings.rate, key, outputRateHz);
      else if (outputs === 'quiet' || outputs === 'unwanted') this.#rings.rate.note(key, 0);
    }
  }
}

/** What a snapshot takes, about. */
export function sizeOfHistory(snapshot: HistorySnapshot): number {
  return Object.values(snapshot).reduce((sum, { rings, keys }) => sum + rings.byteLength + keys.length * 8, 0);
}

function noteIn(rings: FigureRings, key: string, value: number | undefined): void {
  if (value !== undefined && Number.isFinite(value)) rings.note(key, value);
}
