import { commandGate } from '../../source/fleet/command-gate.ts';
import type { FleetNode } from '../../source/fleet/state.ts';
import { ScreenWriter } from '../../source/ui/screen-writer.ts';
import { TopModel } from '../../source/ui/top-model.ts';
import { createTheme } from '../../source/view/theme.ts';
import { fleetNode } from '../support/screen-input.ts';
import { type Benchmark, median } from './measure.ts';

const FRAMES = 300;
const NODES = 20;
const CHANGE_SHARE = 0.05;

/**
 * What a frame costs, from the model to the bytes for the terminal, on a large fleet and on a small one: one that a key
 * brings, and one that shows a second's changes. Those are taken in as they come, which grows with what comes.
 */
export const frames: Benchmark = {
  name: 'frames',
  async run() {
    // Alternating, so that whatever else the machine does hits both alike.
    const rounds = Array.from({ length: 5 }, () => ({ small: measure(5), large: measure(500) }));
    const of = (pick: (round: (typeof rounds)[number]) => number): number => median(rounds.map(pick));
    return [
      { what: 'a frame for a key on 100 nodes, p50', value: of(({ small }) => small.keyMs), unit: 'ms' },
      { what: 'a frame for a key on 10,000 nodes, p50', value: of(({ large }) => large.keyMs), unit: 'ms' },
      {
        what: 'a frame for a key on 10,000 nodes against 100',
        value: of(({ small, large }) => large.keyMs / small.keyMs),
        unit: 'times',
        bar: { atMost: 1.5 },
      },
      { what: 'a frame of changes on 100 nodes, p50', value: of(({ small }) => small.changedMs), unit: 'ms' },
      { what: 'a frame of changes on 10,000 nodes, p50', value: of(({ large }) => large.changedMs), unit: 'ms' },
      {
        what: 'a frame of changes on 10,000 nodes against 100',
        value: of(({ small, large }) => large.changedMs / small.changedMs),
        unit: 'times',
        bar: { atMost: 1.5 },
      },
      { what: 'taking in a second of changes, 5 nodes of 100', value: of(({ small }) => small.takenMs), unit: 'ms' },
      { what: 'taking in a second of changes, 500 of 10,000', value: of(({ large }) => large.takenMs), unit: 'ms' },
    ];
  },
};

interface Measured {
  readonly keyMs: number;
  readonly changedMs: number;
  readonly takenMs: number;
}

function measure(machineCount: number): Measured {
  let nowMs = Date.UTC(2026, 0, 2);
  const model = new TopModel({
    endpoint: 'tcp/127.0.0.1:7447',
    theme: createTheme('256'),
    size: { columns: 200, rows: 60 },
    readOnly: true,
    intervalMs: 1_000,
    send: commandGate(async () => ({ ok: true, message: '', output: '' }), { readOnly: true }),
    quit: () => undefined,
    suspend: () => undefined,
    now: () => nowMs,
  });
  model.dispatch({ type: 'link', link: { state: 'connected', sinceMs: nowMs, zid: 'me' }, zid: 'me' });
  const machines = Array.from({ length: machineCount }, (_, machine) => ({
    machine: `jetson_${machine + 1}`,
    hostname: `jetson-${machine + 1}`,
    ips: [],
    nodes: Array.from({ length: NODES }, (_, node) => fleetNode({ name: `node_${node + 1}` })) as FleetNode[],
  }));
  const answer = (nodes: readonly (typeof machines)[number][]) =>
    model.dispatch({ type: 'answers', atMs: nowMs, nodes, manifests: [], ledgers: [], bad: [] });
  answer(machines);
  const writer = new ScreenWriter();
  model.subscribe(() => writer.frame(model.screen(), []));
  model.replayed();
  const keysMs: number[] = [];
  const changedMs: number[] = [];
  const takenMs: number[] = [];
  for (let frame = 0; frame < FRAMES; frame += 1) {
    const from = performance.now();
    model.press({ key: Math.floor(frame / 10) % 2 === 0 ? 'j' : 'k', text: '' });
    keysMs.push(performance.now() - from);
  }
  const perSecond = Math.max(1, Math.round(machineCount * NODES * CHANGE_SHARE));
  for (let frame = 0; frame < 60; frame += 1) {
    nowMs += 1_000;
    const touched = new Set<(typeof machines)[number]>();
    for (let change = 0; change < perSecond; change += 1) {
      const machine = machines[(frame * 7 + change) % machineCount];
      if (machine === undefined) continue;
      const at = (frame + change) % NODES;
      machine.nodes = machine.nodes.with(at, fleetNode({ name: `node_${at + 1}`, restartCount: frame + change }));
      touched.add(machine);
    }
    const from = performance.now();
    for (const crowd of slices([...touched])) answer(crowd);
    const takenAtMs = performance.now();
    // As when the interval is over.
    model.replayed();
    changedMs.push(performance.now() - takenAtMs);
    takenMs.push(takenAtMs - from);
  }
  model.close();
  return { keyMs: median(keysMs), changedMs: median(changedMs), takenMs: median(takenMs) };
}

/** As the observer tells them. */
function slices<T>(items: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / 50) }, (_, index) => items.slice(index * 50, index * 50 + 50));
}
