/**
 * Two of the three truths of a node's health; the third, that its process is up, is its status. They are kept apart: a
 * process may run without being on zenoh, and be there without sending anything.
 * - On zenoh: its liveliness token stands, or (nodes of others may have none) it answered for its manifest just now.
 * - Its outputs flow: by its own manifest, one wildcard query for all nodes of the machine each {@link LOOK_MS}. The data
 *   is never subscribed to: that would move frames of 8 MB, and make a camera work that nobody watches.
 */
import { EVERY_NODE, nodeManifestKey, nodeTokenKey, parseKey } from '../wire/keys.ts';
import { decodeNodeManifest } from '../wire/manifest.ts';
import type { NodeState } from '../wire/node-state.ts';
import { type Session, SessionError } from '../zenoh/session.ts';
import { messageOf } from './home.ts';
import { lookAtOutputs, type OutputLook } from './output-flow.ts';

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
  readonly startedAtNs: bigint;
  readonly outputs: OutputLook;
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
      outputs: look?.outputs.flow ?? 'unknown',
      outputRateHz: look?.outputs.rateHz,
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
      const before = last?.startedAtNs === startedAtNs ? last.outputs : undefined;
      const now = { atMs: performance.now(), nowNs: BigInt(Date.now()) * 1_000_000n };
      const pid = this.#options.pidOf(key.node);
      looks.set(key.node, { startedAtNs, outputs: lookAtOutputs(before, outputs, now), pid });
    }
    this.#looks = looks;
  }
}
