/**
 * What every node does besides its work: heartbeats, manifest, liveliness token, outputs that know whether anyone
 * listens. It needs no router to start; all of it comes when the session does.
 */
import { CBOR_ENCODING } from '../wire/cbor.ts';
import { globalDataKey, healthKey, localDataKey, nodeManifestKey, nodeTokenKey } from '../wire/keys.ts';
import { encodeNodeManifest, type NodeIo, type NodeRole } from '../wire/manifest.ts';
import type { Declaration, Payload, Publisher, Session } from '../zenoh/session.ts';
import { SessionError } from '../zenoh/session.ts';

export interface NodeOptions {
  readonly session: Session;
  readonly machineId: string;
  /** Name of this instance. */
  readonly name: string;
  readonly role: NodeRole;
  /** What sort of node it is, `camera`. */
  readonly kind: string;
  /** Default {@link HEARTBEAT_MS}. */
  readonly heartbeatMs?: number;
}

/** Wire format: a daemon calls a node unhealthy after 30 s without one. */
export const HEARTBEAT_MS = 5_000;
/** A node that is told to end has 5 s; its goodbye takes at most so much of them. */
const CLOSE_MS = 2_000;

export interface OutputOptions {
  /** Under `{node}/`, `raw`. */
  readonly topic: string;
  /** In place of the node's name before the topic. */
  readonly source?: string;
  /** `local` never leaves the machine. */
  readonly scope: 'global' | 'local';
  readonly encoding?: string;
  /** `machine`: `topic` is all that follows the machine, without the node's name. Default `node`. */
  readonly under?: 'node' | 'machine';
  /** It sends at least so often, milliseconds; the default is the heartbeat's. Then it is live for that long. */
  readonly periodMs?: number;
}

/** What a node takes in, for its manifest. */
export interface InputOptions {
  /** All that follows the machine, `front_door/raw`. */
  readonly topic: string;
}

export interface Input {
  /** To be called for each message that came. */
  received(): void;
}

/** One declared output. */
export interface Output {
  readonly keyExpr: string;
  /** Whether anyone listens now. Work that nobody will see can be left out. */
  readonly isWanted: boolean;
  /** Calls `listener` when {@link isWanted} changed; returns the function that ends it. */
  onWanted(listener: (isWanted: boolean) => void): () => void;
  /** False where it could not be sent: there is no link now. */
  put(payload: Payload): Promise<boolean>;
}

export interface NodeRuntime {
  readonly name: string;
  readonly machineId: string;
  readonly session: Session;
  declareOutput(options: OutputOptions): Promise<Output>;
  /** Says in the manifest that it takes that in; subscribing is the caller's. */
  declareInput(options: InputOptions): Input;
  /** Taken back at the end, with all else. */
  keep(declaration: Declaration): void;
  /** Whether it beats; without beats it is unhealthy after 30 s. True at the start. */
  setHealthy(isHealthy: boolean): void;
  /** Takes everything back and closes the session. Never hangs, never throws. */
  close(): Promise<void>;
}

/** What one output or input did. */
interface Flow {
  readonly topic: string;
  readonly declaredAtNs: bigint;
  /** After its last message it counts as live for so long. */
  readonly liveMs: number;
  firedCount: number;
  /** Of the monotonic clock. */
  lastFiredMs: number;
}

interface OutputRecord extends Flow {
  readonly publisher: Publisher;
}

export async function startNode(options: NodeOptions): Promise<NodeRuntime> {
  const { session, machineId, name } = options;
  const startedAtNs = nowNs();
  const heartbeatMs = options.heartbeatMs ?? HEARTBEAT_MS;
  const outputs: OutputRecord[] = [];
  const inputs: Flow[] = [];
  let isHealthy = true;
  const declarations: Declaration[] = [];

  const manifestKey = nodeManifestKey(machineId, name);
  const manifest = (): Uint8Array =>
    encodeNodeManifest({
      instanceName: name,
      machineId,
      role: options.role,
      inputs: inputs.map(flowToIo),
      outputs: outputs.map((output) => ({ ...flowToIo(output), wanted: output.publisher.matching })),
      schemaVersion: 2,
      startedAtNs,
      nodeKind: options.kind,
    });
  declarations.push(
    await session.declareQueryable(manifestKey, (query) =>
      query.reply(manifestKey, manifest(), { encoding: CBOR_ENCODING }),
    ),
    await session.liveliness.declareToken(nodeTokenKey(machineId, name)),
  );

  const beat = (): void => {
    if (session.link.state !== 'connected' || !isHealthy) return;
    // A beat that is lost with the link is followed by one at its return.
    session.put(healthKey(machineId, name), 'ok', { encoding: 'text/plain' }).catch(ignoreSessionErrors);
  };
  const stopLink = session.onLink((link) => {
    if (link.state === 'connected') beat();
  });
  const timer = setInterval(beat, heartbeatMs);
  beat();

  return {
    name,
    machineId,
    session,
    async declareOutput({ topic, source = name, scope, encoding, under = 'node', periodMs = 0 }) {
      const keyOf = scope === 'local' ? localDataKey : globalDataKey;
      const suffix = under === 'node' ? `${source}/${topic}` : topic;
      const publisher = await session.declarePublisher(keyOf(machineId, suffix), { encoding });
      const record: OutputRecord = { ...newFlow(suffix, heartbeatMs, periodMs), publisher };
      outputs.push(record);
      declarations.push(publisher);
      return createOutput(record);
    },
    declareInput({ topic }) {
      const record = newFlow(topic, heartbeatMs, 0);
      inputs.push(record);
      return { received: () => fired(record) };
    },
    keep: (declaration) => void declarations.push(declaration),
    setHealthy(healthy) {
      const isBack = healthy && !isHealthy;
      isHealthy = healthy;
      if (isBack) beat();
    },
    async close() {
      clearInterval(timer);
      stopLink();
      const goodbye = async (): Promise<void> => {
        for (const declaration of declarations.reverse()) await declaration.undeclare();
        await session.close();
      };
      await Promise.race([
        goodbye().catch(ignoreSessionErrors),
        new Promise<void>((resolve) => setTimeout(resolve, CLOSE_MS).unref()),
      ]);
    },
  };
}

function createOutput(record: OutputRecord): Output {
  const { publisher } = record;
  return {
    keyExpr: publisher.keyExpr,
    get isWanted() {
      return publisher.matching;
    },
    onWanted: (listener) => publisher.onMatching(listener),
    async put(payload) {
      try {
        await publisher.put(payload);
        fired(record);
        return true;
      } catch (error) {
        // Memory that was not sent goes back.
        if (typeof payload === 'object' && 'release' in payload) payload.release();
        ignoreSessionErrors(error);
        return false;
      }
    },
  };
}

/** One that sends less often than the node beats is live for its period and a heartbeat more. */
function newFlow(topic: string, heartbeatMs: number, periodMs: number): Flow {
  const liveMs = periodMs > heartbeatMs ? periodMs + heartbeatMs : heartbeatMs;
  return { topic, declaredAtNs: nowNs(), liveMs, firedCount: 0, lastFiredMs: Number.NEGATIVE_INFINITY };
}

function fired(flow: Flow): void {
  flow.firedCount += 1;
  flow.lastFiredMs = performance.now();
}

function flowToIo({ topic, declaredAtNs, liveMs, firedCount, lastFiredMs }: Flow): NodeIo {
  return {
    topic,
    everFired: firedCount > 0,
    stillLive: performance.now() - lastFiredMs <= liveMs,
    declaredAtNs,
    firedCount: BigInt(firedCount),
  };
}

/** A link that is lost comes back by itself; anything else is a bug. */
function ignoreSessionErrors(error: unknown): void {
  if (!(error instanceof SessionError)) throw error;
}

/** Unix time in nanoseconds; the clock gives milliseconds. */
export function nowNs(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}
