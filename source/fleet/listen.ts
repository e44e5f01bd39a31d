/** What the fleet tells by itself: liveliness tokens, heartbeats and telemetry. */
import { EVERY_TOKEN, healthKey, parseKey, telemetryKey } from '../wire/keys.ts';
import type { Declaration, Sample, Session } from '../zenoh/session.ts';
import { createBatch } from './batch.ts';
import type { FleetEvent, NodeName, TokenChange } from './events.ts';
import { readLoad } from './machine-load.ts';

const TOKEN_BATCH_MS = 40;
/** While tokens come without a pause, many are told at once. */
const TOKEN_FLOOD_BATCH_MS = 250;
const HEARTBEAT_BATCH_MS = 500;
/** Telemetry comes every 2 s from each machine; of these only the newest is read. */
const LOAD_BATCH_MS = 5_000;

/** Tells tokens as they come and go. The session makes the declaration again by itself after a loss. */
export async function listenToTokens(
  session: Session,
  onChanges: (changes: readonly TokenChange[]) => void,
): Promise<void> {
  let toldAtMs = Number.NEGATIVE_INFINITY;
  const waitMs = (): number =>
    performance.now() - toldAtMs < 2 * TOKEN_FLOOD_BATCH_MS ? TOKEN_FLOOD_BATCH_MS : TOKEN_BATCH_MS;
  const changes = createBatch<TokenChange>(waitMs, (batch) => {
    toldAtMs = performance.now();
    onChanges(batch);
  });
  await session.liveliness.declareSubscriber(
    EVERY_TOKEN,
    ({ keyExpr, alive }) => {
      const key = parseKey(keyExpr);
      if (key.kind === 'daemon-token') changes({ machine: key.machine, isAlive: alive });
      if (key.kind === 'node-token') changes({ machine: key.machine, node: key.node, isAlive: alive });
    },
    { history: true },
  );
}

/** Whose heartbeats are listened to: at first everybody's. */
export class HeartbeatListener {
  readonly #session: Session;
  readonly #onEvent: (event: FleetEvent) => void;
  readonly #beats = createBatch<NodeName>(HEARTBEAT_BATCH_MS, (beats) =>
    this.#onEvent({ type: 'heartbeats', atMs: Date.now(), beats }),
  );
  readonly #declared = new Map<string, Promise<Declaration>>();

  constructor(session: Session, onEvent: (event: FleetEvent) => void) {
    this.#session = session;
    this.#onEvent = onEvent;
    this.#declare('*');
  }

  listenTo(machines: ReadonlySet<string> | 'all'): void {
    const wanted = machines === 'all' ? new Set(['*']) : machines;
    // What was heard until now belongs before the change.
    this.#beats.flush();
    let isOther = false;
    for (const machine of this.#declared.keys()) {
      if (wanted.has(machine)) continue;
      isOther = true;
      this.#undeclare(machine);
    }
    for (const machine of wanted) {
      if (this.#declared.has(machine)) continue;
      isOther = true;
      this.#declare(machine);
    }
    if (isOther) this.#onEvent({ type: 'listening', machines });
  }

  #declare(machine: string): void {
    const declaring = this.#session.declareSubscriber(healthKey(machine, '*'), ({ keyExpr }) => {
      // One that was on its way when it was given up.
      if (!this.#declared.has(machine)) return;
      const key = parseKey(keyExpr);
      if (key.kind === 'health' && key.machine !== undefined) this.#beats({ machine: key.machine, node: key.node });
    });
    this.#declared.set(machine, declaring);
    // Only a closed session refuses a declaration, and then nobody listens any more.
    declaring.catch(() => undefined);
  }

  #undeclare(machine: string): void {
    const declaring = this.#declared.get(machine);
    this.#declared.delete(machine);
    declaring?.then((declared) => declared.undeclare()).catch(() => undefined);
  }
}

/** Tells each machine's newest telemetry every few seconds, the first of one that `isKnown` at once. */
export class LoadListener {
  /** Keys told since the link came. */
  #seen = new Set<string>();
  readonly #samples;

  constructor(onEvent: (event: FleetEvent) => void) {
    this.#samples = createBatch<Sample>(LOAD_BATCH_MS, (samples) => {
      const newest = new Map(samples.map((sample) => [sample.keyExpr, sample.payload]));
      const loads = [...newest].flatMap(([keyExpr, payload]) => readLoad(keyExpr, payload) ?? []);
      if (loads.length > 0) onEvent({ type: 'loads', atMs: Date.now(), loads });
    });
  }

  linkCame(): void {
    this.#seen = new Set();
  }

  async listen(session: Session, isKnown: (machine: string) => boolean): Promise<void> {
    await session.declareSubscriber(telemetryKey('*'), (sample) => {
      this.#samples(sample);
      if (this.#seen.has(sample.keyExpr)) return;
      const key = parseKey(sample.keyExpr);
      if (key.kind !== 'data' || !isKnown(key.machine)) return;
      this.#seen.add(sample.keyExpr);
      this.#samples.flush();
    });
  }
}
