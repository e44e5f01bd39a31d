/** What the fleet tells by itself: liveliness tokens, heartbeats and telemetry. */
import {
  daemonTokenKey,
  EVERY_NODE,
  EVERY_TOKEN,
  healthKey,
  nodeTokenKey,
  parseKey,
  telemetryKey,
} from '../wire/keys.ts';
import type { Declaration, Session } from '../zenoh/session.ts';
import { type Batch, createBatch } from './batch.ts';
import type { FleetEvent, NodeName, TokenChange } from './events.ts';
import { readLoad } from './machine-load.ts';

const TOKEN_BATCH_MS = 40;
/** While tokens come without a pause, many are told at once. */
const TOKEN_FLOOD_BATCH_MS = 250;
const HEARTBEAT_BATCH_MS = 500;
/** Telemetry comes every 2 s from each machine; of these only the newest is read. */
const LOAD_BATCH_MS = 5_000;

export interface NodeListenerOptions {
  readonly session: Session;
  onEvent(event: FleetEvent): void;
  /** Something of this machine came or went: it may have more to tell. */
  onHint(machine: string): void;
}

/**
 * Listens to the daemons' tokens at once, and to the tokens and heartbeats of the nodes as soon as it is known whose: of
 * all, or in a large fleet of some machines; then what comes and goes elsewhere is only a hint.
 */
export class NodeListener {
  readonly #options: NodeListenerOptions;
  readonly #changes: Batch<TokenChange>;
  readonly #beats: Batch<NodeName>;
  /** By machine, `*` for all. */
  readonly #declared = new Map<string, readonly Promise<Declaration>[]>();
  readonly #daemons = new Set<string>();
  #hints: Promise<Declaration> | undefined;

  constructor(options: NodeListenerOptions) {
    this.#options = options;
    const { session, onEvent, onHint } = options;
    this.#changes = createBatch<TokenChange>({ waitMs: TOKEN_BATCH_MS, floodMs: TOKEN_FLOOD_BATCH_MS }, (changes) =>
      onEvent({ type: 'tokens', atMs: Date.now(), changes }),
    );
    this.#beats = createBatch<NodeName>({ waitMs: HEARTBEAT_BATCH_MS }, (beats) =>
      onEvent({ type: 'heartbeats', atMs: Date.now(), beats }),
    );
    const daemons = session.liveliness.declareSubscriber(
      daemonTokenKey('*'),
      ({ keyExpr, alive }) => {
        const key = parseKey(keyExpr);
        if (key.kind !== 'daemon-token') return;
        if (alive) this.#daemons.add(key.machine);
        else this.#daemons.delete(key.machine);
        this.#changes({ machine: key.machine, isAlive: alive });
        onHint(key.machine);
      },
      { history: true },
    );
    daemons.catch(ignoreClosed);
  }

  /** Daemons whose tokens stand: known long before all of them have answered. */
  get daemonCount(): number {
    return this.#daemons.size;
  }

  /** The session makes what is declared again by itself after a loss. */
  listenTo(machines: ReadonlySet<string> | 'all'): void {
    const wanted = machines === 'all' ? new Set(['*']) : machines;
    const gone = [...this.#declared.keys()].filter((machine) => !wanted.has(machine));
    const come = [...wanted].filter((machine) => !this.#declared.has(machine));
    if (gone.length === 0 && come.length === 0) return;
    // What was heard until now belongs before the change.
    this.#beats.flush();
    this.#changes.flush();
    for (const machine of gone) this.#undeclare(machine);
    for (const machine of come) this.#declare(machine);
    this.#listenForHints(machines !== 'all');
    this.#options.onEvent({ type: 'listening', machines });
  }

  #declare(machine: string): void {
    const { session, onHint } = this.#options;
    // One that was on its way when it was given up is not taken any more.
    const isWanted = (): boolean => this.#declared.get(machine) === declared;
    const declared: readonly Promise<Declaration>[] = [
      session.declareSubscriber(healthKey(machine, '*'), ({ keyExpr }) => {
        const key = parseKey(keyExpr);
        if (key.kind !== 'health' || key.machine === undefined || !isWanted()) return;
        this.#beats({ machine: key.machine, node: key.node });
      }),
      session.liveliness.declareSubscriber(
        nodeTokenKey(machine, EVERY_NODE),
        ({ keyExpr, alive }) => {
          const key = parseKey(keyExpr);
          if (key.kind !== 'node-token' || !isWanted()) return;
          this.#changes({ machine: key.machine, node: key.node, isAlive: alive });
          onHint(key.machine);
        },
        { history: true },
      ),
    ];
    this.#declared.set(machine, declared);
    for (const one of declared) one.catch(ignoreClosed);
  }

  #undeclare(machine: string): void {
    const declared = this.#declared.get(machine);
    this.#declared.delete(machine);
    for (const one of declared ?? []) one.then((declaration) => declaration.undeclare()).catch(ignoreClosed);
  }

  #listenForHints(isWanted: boolean): void {
    if (!isWanted) {
      this.#hints?.then((declaration) => declaration.undeclare()).catch(ignoreClosed);
      this.#hints = undefined;
      return;
    }
    if (this.#hints !== undefined) return;
    const { session, onHint } = this.#options;
    this.#hints = session.liveliness.declareChangeSubscriber(EVERY_TOKEN, ({ keyExpr }) => {
      const key = parseKey(keyExpr);
      if (key.kind === 'node-token') onHint(key.machine);
    });
    this.#hints.catch(ignoreClosed);
  }
}

function ignoreClosed(): void {
  // Only a closed session refuses a declaration, and then nobody listens any more.
}

/** Many times what a machine has to tell. */
const MAX_LOAD_BYTES = 64 * 1024;

/**
 * Tells the newest telemetry of each machine that `isKnown` every few seconds, the first of one at once. Of other machines
 * nothing is kept: whoever invents them must not fill the memory.
 */
export class LoadListener {
  /** Keys told since the link came. */
  #seen = new Set<string>();
  /** What is not told yet, by key. */
  readonly #newest = new Map<string, Uint8Array>();
  readonly #due;

  constructor(onEvent: (event: FleetEvent) => void) {
    this.#due = createBatch<string>({ waitMs: LOAD_BATCH_MS }, () => {
      const loads = [...this.#newest].flatMap(([keyExpr, payload]) => readLoad(keyExpr, payload) ?? []);
      this.#newest.clear();
      if (loads.length > 0) onEvent({ type: 'loads', atMs: Date.now(), loads });
    });
  }

  linkCame(): void {
    this.#seen = new Set();
  }

  async listen(session: Session, isKnown: (machine: string) => boolean): Promise<void> {
    await session.declareSubscriber(telemetryKey('*'), ({ keyExpr, payload }) => {
      const key = parseKey(keyExpr);
      if (key.kind !== 'data' || !isKnown(key.machine) || payload.length > MAX_LOAD_BYTES) return;
      this.#newest.set(keyExpr, payload);
      this.#due(keyExpr);
      if (this.#seen.has(keyExpr)) return;
      this.#seen.add(keyExpr);
      this.#due.flush();
    });
  }
}
