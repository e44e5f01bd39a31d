import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { commandGate } from '../../source/fleet/command-gate.ts';
import type { FleetEvent } from '../../source/fleet/events.ts';
import type { FleetNode } from '../../source/fleet/state.ts';
import { TopModel } from '../../source/ui/top-model.ts';
import { PLAIN_THEME } from '../../source/view/theme.ts';
import { fleetNode } from '../support/screen-input.ts';
import { seededRandom } from '../support/seeded-random.ts';
import type { Benchmark } from './measure.ts';

const HOURS = 8;
const MACHINES = 50;
const NODES = 20;
/** Of time-lapse, between two events: with this the hours have a million of them. */
const STEP_MS = 28;
const INTERVAL_MS = 1_000;
/** Screens are drawn less often than in life, so that the lapse takes minutes. */
const DRAW_EVERY_MS = 15_000;

/** Eight hours of a fleet in time-lapse, through the reducer, the rows and the screen, with a clock of its own. */
export const soak: Benchmark = {
  name: 'soak',
  async run() {
    const collect = collector();
    const lapse = new TimeLapse();
    const tenth = (HOURS * 3_600_000) / 10;
    const heaps: number[] = [];
    for (let part = 1; part <= 10; part += 1) {
      lapse.playUntil(part * tenth);
      collect();
      heaps.push(process.memoryUsage().heapUsed);
      await new Promise((resolve) => setImmediate(resolve));
    }
    lapse.close();
    const after = heaps.slice(1);
    const growth = Math.max(...after) - (heaps[0] ?? 0);
    return [
      {
        what: `events in ${HOURS} hours of time-lapse`,
        value: lapse.eventCount,
        unit: 'events',
        bar: { atLeast: 1e6 },
      },
      { what: 'screens drawn from them', value: lapse.screenCount, unit: 'screens' },
      {
        what: 'heap, most after the first tenth over what it was then',
        value: Math.max(0, growth) / 1e6,
        unit: 'MB',
        bar: { atMost: 10 },
      },
      { what: 'heap at the end', value: (heaps.at(-1) ?? 0) / 1e6, unit: 'MB' },
    ];
  },
};

class TimeLapse {
  eventCount = 0;
  screenCount = 0;
  readonly #random = seededRandom(8);
  readonly #beginMs = Date.UTC(2026, 0, 2);
  #nowMs = this.#beginMs;
  #drawnAtMs = this.#beginMs;
  readonly #machines = Array.from({ length: MACHINES }, (_, machine) => ({
    id: `jetson_${machine + 1}`,
    nodes: Array.from({ length: NODES }, (_, node) => fleetNode({ name: `node_${node + 1}` })) as FleetNode[],
  }));
  readonly #model = new TopModel({
    endpoint: 'tcp/127.0.0.1:7447',
    theme: PLAIN_THEME,
    size: { columns: 160, rows: 48 },
    readOnly: true,
    intervalMs: INTERVAL_MS,
    send: commandGate(async () => ({ ok: true, message: '', output: '' }), { readOnly: true }),
    quit: () => undefined,
    suspend: () => undefined,
    now: () => this.#nowMs,
  });

  playUntil(lapsedMs: number): void {
    while (this.#nowMs - this.#beginMs < lapsedMs) {
      this.#nowMs += STEP_MS;
      this.#model.dispatch(this.#next());
      this.eventCount += 1;
      if (this.#nowMs - this.#drawnAtMs < DRAW_EVERY_MS) continue;
      this.#drawnAtMs = this.#nowMs;
      // Draws now: the model's own timer belongs to another clock.
      this.#model.press({ key: this.#random.pick(['j', 'k', 'tab']), text: '' });
      this.screenCount += 1;
    }
  }

  close(): void {
    this.#model.close();
  }

  #next(): FleetEvent {
    const atMs = this.#nowMs;
    if (this.eventCount === 0) {
      return { type: 'link', link: { state: 'connected', sinceMs: atMs, zid: 'me' }, zid: 'me' };
    }
    const machine = this.#machines[this.#random.below(MACHINES)];
    if (machine === undefined) throw new Error('no machine');
    const at = this.#random.below(NODES);
    const node = machine.nodes[at]?.name ?? '';
    switch (this.#random.below(8)) {
      case 0:
        return { type: 'tick', atMs, lostAfterMs: 60_000, forgetAfterMs: 900_000 };
      case 1:
        return { type: 'tokens', atMs, changes: [{ machine: machine.id, node, isAlive: this.#random.below(2) === 0 }] };
      case 2:
        return { type: 'heartbeats', atMs, beats: [{ machine: machine.id, node }] };
      case 3: {
        const load = { cpuPercent: this.#random.below(100), memoryTotalBytes: 8e9, memoryUsedBytes: 4e9 };
        return { type: 'loads', atMs, loads: [{ machine: machine.id, load }] };
      }
      case 4: {
        const sessions = Array.from({ length: 5 }, () => ({
          zid: `a${this.#random.below(1e6).toString(16)}`,
          whatAmI: 'client' as const,
          shm: true,
          links: [],
        }));
        const router = { zid: 'c0ffee', name: 'central', version: '1.10.2', locators: [], sessions };
        return { type: 'routers', atMs, routers: [router], bad: [], latencyMs: this.#random.below(10) };
      }
      case 5: {
        const names = new Map(Array.from({ length: 5 }, () => [`a${this.#random.below(1e6).toString(16)}`, 'm/n']));
        return { type: 'names', names };
      }
      default: {
        machine.nodes[at] = fleetNode({
          name: node,
          status: this.#random.below(10) === 0 ? 'failed' : 'running',
          restartCount: this.#random.below(1_000),
          lastExit: `exit ${this.#random.below(1_000)}`,
          upSinceMs: atMs,
          startedAtMs: atMs,
        });
        const answer = { machine: machine.id, hostname: machine.id, ips: [], nodes: [...machine.nodes] };
        return { type: 'answers', atMs, nodes: [answer], manifests: [], ledgers: [], bad: [] };
      }
    }
  }
}

function collector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') throw new Error('this Node has no garbage collector to call');
  return () => collect();
}
