import { setTimeout as sleep } from 'node:timers/promises';
import type { Telemetry } from '../wire/telemetry.ts';
import { type MachineRoots, OWN_MACHINE } from './machine-files.ts';
import {
  type CpuTicks,
  cpuBetween,
  readCpuTicks,
  readDisk,
  readLoad,
  readMemory,
  readNetwork,
  readUptimeSecs,
} from './proc-figures.ts';
import { findSensors, readSensors, type Sensors } from './sensors.ts';

/** Load of the CPU is taken over at least so long, and from a reading at most so old. */
const SHORTEST_MS = 200;
const LONGEST_MS = 10_000;

/** Reads the machine's figures, from files alone: no process is started. */
export class TelemetrySampler {
  readonly #roots: MachineRoots;
  #ticks: { readonly ticks: readonly CpuTicks[]; readonly atMs: number } | undefined;
  #sensors: Promise<Sensors> | undefined;
  #sampling: Promise<Telemetry> | undefined;

  constructor(roots: MachineRoots = OWN_MACHINE) {
    this.#roots = roots;
  }

  /** What the machine lacks is undefined. Callers at the same time share one reading. Never rejects. */
  sample(): Promise<Telemetry> {
    this.#sampling ??= this.#sample().finally(() => {
      this.#sampling = undefined;
    });
    return this.#sampling;
  }

  async #sample(): Promise<Telemetry> {
    const { proc, disk } = this.#roots;
    this.#sensors ??= findSensors(this.#roots);
    const before = await this.#ticksBefore();
    const ticks = readCpuTicks(proc);
    this.#ticks = { ticks, atMs: performance.now() };
    return {
      cpu: cpuBetween(before, ticks),
      memory: readMemory(proc),
      disk: readDisk(disk),
      network: readNetwork(proc),
      load: readLoad(proc),
      uptimeSecs: readUptimeSecs(proc),
      ...(await readSensors(await this.#sensors, this.#roots)),
    };
  }

  /** An earlier reading that a load can be taken against; where there is none, one is made and a moment waited. */
  async #ticksBefore(): Promise<readonly CpuTicks[]> {
    const ageMs = this.#ticks === undefined ? Number.POSITIVE_INFINITY : performance.now() - this.#ticks.atMs;
    if (this.#ticks !== undefined && ageMs >= SHORTEST_MS && ageMs <= LONGEST_MS) return this.#ticks.ticks;
    const ticks = readCpuTicks(this.#roots.proc);
    await sleep(SHORTEST_MS);
    return ticks;
  }
}
