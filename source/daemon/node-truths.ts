/**
 * Two of the three truths of a node's health; the third, that its process is up, is its status. They are kept apart: a
 * process may run without being on zenoh, and be there without sending anything.
 * - On zenoh: its liveliness token stands, or (nodes of others may have none) it answered for its manifest just now.
 * - Its outputs flow: by its own manifest, one wildcard query for all nodes of the machine each {@link LOOK_MS}. The data
 *   is never subscribed to: that would move frames of 8 MB, and make a camera work that nobody watches.
 */
import { EVERY_NODE, nodeManifestKey, nodeTokenKey, parseKey } from '../wire/keys.ts';
import { decodeNodeManifest, type NodeIo, type NodeManifest } from '../wire/manifest.ts';
import type { NodeState, OutputFlow } from '../wire/node-state.ts';
import { type Session, SessionError } from '../zenoh/session.ts';
import { messageOf } from './home.ts';

export interface NodeTruthsOptions {
  readonly session: Session;
  readonly machineId: string;
  /** Whether any node runs; else nothing is asked. */
  readonly isAnyRunning: () => boolean;
  /** Process of a node, undefined where it does not run. */
  readonly pidOf: (node: string) => number | undefined;
  readonly say: (message: string) => void;
  /** Default {@link LOOK_MS}. */
  readonly lookMs?: number;
}

export const LOOK_MS = 10_000;
const ANSWER_LIMIT_MS = 3_000;

interface Look {
  readonly manifest: NodeManifest;
  readonly flow: OutputFlow;
  readonly rateHz: number | undefined;
  /** Monotonic. */
  readonly atMs: number;
  /** Of the run that was asked. */
  readonly pid: number | undefined;
}

export class NodeTruths {
  readonly #options: NodeTruthsOptions;
  readonly #tokens = new Set<string>();
  #looks: ReadonlyMap<string, Look> = new Map();
  #looking: Promise<void> | undefined;

  constructor(options: NodeTruthsOptions) {
    this.#options = options;
  }

  /** Begins; returns the function that ends it. */
  async open(): Promise<() => Promise<void>> {
    const { session, machineId, lookMs = LOOK_MS } = this.#options;
    const subscriber = await session.liveliness.declareSubscriber(
      nodeTokenKey(machineId, EVERY_NODE),
      ({ keyExpr, alive }) => {
        const key = parseKey(keyExpr);
        if (key.kind !== 'node-token') return;
        if (alive) this.#tokens.add(key.node);
        else this.#tokens.delete(key.node);
      },
      { history: true },
    );
    const ending = new AbortController();
    const timer = setInterval(() => void this.#look(ending.signal), lookMs);
    return async () => {
      clearInterval(timer);
      ending.abort();
      await this.#looking;
      await subscriber.undeclare();
    };
  }

  /** A node's state with what is known of it on zenoh; nothing is where it does not run or there is no link. */
  addTo(state: NodeState): NodeState {
    if (state.status !== 'running' || this.#options.session.link.state !== 'connected') return state;
    const last = this.#looks.get(state.name);
    // An earlier process's answer says nothing of the one that runs now.
    const look = last?.pid === state.pid ? last : undefined;
    return {
      ...state,
      onZenoh: this.#tokens.has(state.name) || look !== undefined,
      outputs: look?.flow ?? 'unknown',
      outputRateHz: look?.rateHz,
    };
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { session, isAnyRunning, say } = this.#options;
    // A look that takes long is not overtaken by the next.
    if (this.#looking !== undefined || session.link.state !== 'connected') return;
    if (!isAnyRunning()) {
      this.#looks = new Map();
      return;
    }
    this.#looking = this.#ask(signal).catch((error) => {
      // Without a link there is nothing to know.
      this.#looks = new Map();
      if (!(error instanceof SessionError)) say(`The nodes' manifests could not be read: ${messageOf(error)}.`);
    });
    await this.#looking;
    this.#looking = undefined;
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const { session, machineId } = this.#options;
    const looks = new Map<string, Look>();
    const replies = session.get(nodeManifestKey(machineId, EVERY_NODE), {
      target: 'all',
      consolidation: 'none',
      timeoutMs: ANSWER_LIMIT_MS,
      signal,
    });
    for await (const reply of replies) {
      if (!reply.ok) continue;
      const key = parseKey(reply.sample.keyExpr);
      if (key.kind !== 'node-manifest') continue;
      const manifest = decodeNodeManifest(reply.sample.payload);
      if (!manifest.ok) continue;
      const { outputs, startedAtNs } = manifest.value;
      const last = this.#looks.get(key.node);
      // Counts of an earlier run say nothing of this one.
      const before = last?.manifest.startedAtNs === startedAtNs ? last : undefined;
      const atMs = performance.now();
      looks.set(key.node, {
        manifest: manifest.value,
        flow: judgeOutputs(before?.manifest.outputs, outputs),
        rateHz: before && outputRateHz(before.manifest.outputs, outputs, atMs - before.atMs),
        atMs,
        pid: this.#options.pidOf(key.node),
      });
    }
    this.#looks = looks;
  }
}

/** Of all outputs the one that asks for attention most. `before` is the look before, undefined where there was none. */
export function judgeOutputs(before: readonly NodeIo[] | undefined, now: readonly NodeIo[]): OutputFlow {
  if (now.length === 0) return 'none';
  const flows = now.map((output) =>
    judgeOutput(
      before?.find(({ topic }) => topic === output.topic),
      output,
    ),
  );
  return (['quiet', 'flowing', 'unwanted'] as const).find((flow) => flows.includes(flow)) ?? 'unknown';
}

/** Of the output that sent most between two looks; undefined where none counts. */
export function outputRateHz(before: readonly NodeIo[], now: readonly NodeIo[], elapsedMs: number): number | undefined {
  const rates = now.flatMap(({ topic, firedCount }) => {
    const earlier = before.find((output) => output.topic === topic)?.firedCount;
    if (firedCount === undefined || earlier === undefined || elapsedMs <= 0) return [];
    return [(Number(firedCount - earlier) * 1_000) / elapsedMs];
  });
  return rates.length === 0 ? undefined : Math.max(0, ...rates);
}

function judgeOutput(before: NodeIo | undefined, { everFired, stillLive, firedCount, wanted }: NodeIo): OutputFlow {
  if (firedCount === undefined) {
    // Nodes of others do not count; what they do tell is whether an output fired and lives.
    if (!everFired) return 'unknown';
    return stillLive ? 'flowing' : 'quiet';
  }
  if (before?.firedCount !== undefined && firedCount > before.firedCount) return 'flowing';
  if (wanted === false) return 'unwanted';
  // Somebody may have begun to listen only now.
  return before?.wanted === true ? 'quiet' : 'unknown';
}
