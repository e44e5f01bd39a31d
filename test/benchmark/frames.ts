import { commandGate } from '../../source/fleet/command-gate.ts';
import type { FleetNode } from '../../source/fleet/state.ts';
import { TopModel } from '../../source/ui/top-model.ts';
import { createTheme } from '../../source/view/theme.ts';
import { fleetNode } from '../support/screen-input.ts';
import { type Benchmark, median } from './measure.ts';

const FRAMES = 300;
const NODES = 20;
const CHANGE_SHARE = 0.05;

/** What one screen costs before Ink puts it on the terminal, on a large fleet and on a small one. */
export const frames: Benchmark = {
  name: 'frames',
  async run() {
    // Alternating, so that whatever else the machine does hits both alike.
    const rounds = Array.from({ length: 3 }, () => ({ small: measure(5), large: measure(500) }));
    const of = (pick: (round: (typeof rounds)[number]) => number): number => median(rounds.map(pick));
    return [
      { what: 'a key press on 100 nodes, median', value: of(({ small }) => small.keyMs), unit: 'ms' },
      { what: 'a key press on 10,000 nodes, median', value: of(({ large }) => large.keyMs), unit: 'ms' },
      {
        what: 'a key press on 10,000 nodes against 100',
        value: of(({ small, large }) => large.keyMs / small.keyMs),
        unit: 'times',
        bar: { atMost: 1.5 },
      },
      { what: 'a screen after a second of changes, 100 nodes', value: of(({ small }) => small.changedMs), unit: 'ms' },
      { what: 'a screen after a second of changes, 10,000', value: of(({ large }) => large.changedMs), unit: 'ms' },
    ];
  },
};

function measure(machineCount: number): { readonly keyMs: number; readonly changedMs: number } {
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
  const answer = (nodes: typeof machines) =>
    model.dispatch({ type: 'answers', atMs: nowMs, nodes, manifests: [], ledgers: [], bad: [] });
  answer(machines);
  const keysMs: number[] = [];
  const changedMs: number[] = [];
  for (let frame = 0; frame < FRAMES; frame += 1) {
    const from = performance.now();
    model.press({ key: Math.floor(frame / 10) % 2 === 0 ? 'j' : 'k', text: '' });
    keysMs.push(performance.now() - from);
  }
  const perSecond = Math.max(1, Math.round(machineCount * NODES * CHANGE_SHARE));
  for (let frame = 0; frame < 30; frame += 1) {
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
    answer([...touched]);
    model.press({ key: 'j', text: '' });
    changedMs.push(performance.now() - from);
  }
  model.close();
  return { keyMs: median(keysMs), changedMs: median(changedMs) };
}
