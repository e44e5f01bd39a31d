/** A fleet to which things happen, for tests of what is remembered of it. The same seed tells the same story. */
import type { FleetEvent } from '../../source/fleet/events.ts';
import { reduce } from '../../source/fleet/reduce.ts';
import { type FleetNode, type FleetState, initialState } from '../../source/fleet/state.ts';
import { fleetNode, NOW_MS, ROUTER, SHM } from './screen-input.ts';
import { seededRandom } from './seeded-random.ts';

export interface StoryOptions {
  readonly machines: number;
  readonly nodes: number;
  readonly steps: number;
  readonly stepMs?: number;
  readonly seed?: number;
}

/** Calls `tell` with each state and its time. */
export function tellStory(options: StoryOptions, tell: (state: FleetState, atMs: number) => void): FleetState {
  const random = seededRandom(options.seed ?? 1);
  const stepMs = options.stepMs ?? 500;
  let state = initialState('tcp/user:hunter2@10.0.0.1:7447', NOW_MS);
  let atMs = NOW_MS;
  const happens = (event: FleetEvent): void => {
    state = reduce(state, event);
    tell(state, atMs);
  };
  const ids = Array.from({ length: options.machines }, (_, index) => `jetson_${index}`);
  const fleet = new Map(
    ids.map((id) => [id, Array.from({ length: options.nodes }, (_, index) => fleetNode({ name: `node_${index}` }))]),
  );
  const answers = (machines: readonly string[]): FleetEvent => ({
    type: 'answers',
    atMs,
    nodes: machines.map((machine) => ({
      machine,
      hostname: machine,
      ips: ['10.0.0.7'],
      nodes: (fleet.get(machine) ?? []).map((node) => ({ ...node })),
      clockSkewMs: random.below(100),
    })),
    manifests: [],
    ledgers: machines.slice(0, 1).map((machine) => ({ machine, shm: { ...SHM, usedBytes: random.below(1 << 30) } })),
    bad: [],
  });
  happens({ type: 'link', link: { state: 'connected', sinceMs: atMs, zid: 'aa11' }, zid: 'aa11' });
  happens({ type: 'routers', atMs, routers: [ROUTER], bad: [], latencyMs: 0.4 });
  happens(answers(ids));
  happens({ type: 'round', atMs });
  for (let step = 0; step < options.steps; step += 1) {
    atMs += stepMs;
    const id = ids[random.below(ids.length)] ?? '';
    const nodes = fleet.get(id) ?? [];
    const index = random.below(nodes.length);
    const node = nodes[index];
    if (node !== undefined) nodes[index] = changed(node, random.below(7), step);
    if (random.below(40) === 0) nodes.pop();
    if (random.below(40) === 0) nodes.push(fleetNode({ name: `extra_${step}` }));
    if (random.below(25) === 0) happens({ type: 'listening', machines: random.below(3) === 0 ? 'all' : new Set([id]) });
    switch (random.below(9)) {
      case 0:
        happens({ type: 'heartbeats', atMs, beats: nodes.map(({ name }) => ({ machine: id, node: name })) });
        break;
      case 1:
        happens({
          type: 'tokens',
          atMs,
          changes: nodes.map(({ name }) => ({ machine: id, node: name, isAlive: random.below(2) === 0 })),
        });
        break;
      case 2:
        happens({ type: 'loads', atMs, loads: [{ machine: id, load: { cpuPercent: random.below(100) } }] });
        break;
      case 3:
        happens({ type: 'routers', atMs, routers: [{ ...ROUTER, sentPerSecond: step }], bad: [], latencyMs: step });
        break;
      case 4:
        happens({ type: 'tick', atMs, lostAfterMs: stepMs * 20, forgetAfterMs: stepMs * 60 });
        break;
      case 5:
        happens({ type: 'names', names: new Map([['aa11', `jetson_0/node_${step}`]]) });
        break;
      case 6:
        if (random.below(6) === 0) {
          const lost = {
            state: 'lost',
            sinceMs: atMs,
            retryAtMs: atMs + 1_000,
            attempt: 1,
            reason: 'refused',
          } as const;
          happens({ type: 'link', link: lost, zid: '' });
          happens({ type: 'link', link: { state: 'connected', sinceMs: atMs + 1, zid: 'aa11' }, zid: 'aa11' });
        }
        break;
      default:
        happens(answers([id]));
    }
  }
  return state;
}

function changed(node: FleetNode, what: number, step: number): FleetNode {
  switch (what) {
    case 0:
      return { ...node, status: 'failed', pid: undefined, upSinceMs: undefined, lastExit: 'exit 1' };
    case 1:
      return { ...node, status: 'running', pid: step, startedAtMs: step, upSinceMs: NOW_MS + step };
    case 2:
      return { ...node, outputs: 'flowing', outputRateHz: step % 30 };
    case 3:
      return {
        ...node,
        lastLogLines: [`line ${step}`, 'opening rtsp://admin:hunter2@10.1.1.1/live', 'password=hunter2'],
      };
    case 4:
      return { ...node, health: 'unhealthy' };
    default:
      return { ...node, health: 'healthy', restartCount: step };
  }
}
