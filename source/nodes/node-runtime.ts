/**
 * What every node does besides its work: heartbeats, manifest, liveliness token, outputs that know whether anyone
 * listens. It needs no router to start; all of it comes when the session does.
 */
import { CBOR_ENCODING } from '../wire/cbor.ts';
import { globalDataKey, healthKey, localDataKey, nodeManifestKey, nodeTokenKey } from '../wire/keys.ts';
import { encodeNodeManifest, type NodeRole } from '../wire/manifest.ts';
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
  /** Takes everything back and closes the session. Never hangs, never throws. */
  close(): Promise<void>;
}

interface OutputRecord {
  readonly topic: string;
  readonly declaredAtNs: bigint;
  firedCount: bigint;
  readonly publisher: Publisher;
}

export async function startNode(options: NodeOptions): Promise<NodeRuntime> {
  const { session, machineId, name } = options;
  const startedAtNs = nowNs();
  const outputs: OutputRecord[] = [];
  const declarations: Declaration[] = [];

  const manifestKey = nodeManifestKey(machineId, name);
  const manifest = (): Uint8Array =>
    encodeNodeManifest({
      instanceName: name,
      machineId,
      role: options.role,
      inputs: [],
      outputs: outputs.map(({ topic, declaredAtNs, firedCount, publisher }) => ({
        topic,
        everFired: firedCount > 0n,
        stillLive: true,
        declaredAtNs,
        firedCount,
        wanted: publisher.matching,
      })),
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
    if (session.link.state !== 'connected') return;
    // A beat that is lost with the link is followed by one at its return.
    session.put(healthKey(machineId, name), 'ok', { encoding: 'text/plain' }).catch(ignoreSessionErrors);
  };
  const stopLink = session.onLink((link) => {
    if (link.state === 'connected') beat();
  });
  const timer = setInterval(beat, options.heartbeatMs ?? HEARTBEAT_MS);
  beat();

  return {
    name,
    machineId,
    session,
    async declareOutput({ topic, source, scope, encoding }) {
      const keyOf = scope === 'local' ? localDataKey : globalDataKey;
      const suffix = `${source ?? name}/${topic}`;
      const publisher = await session.declarePublisher(keyOf(machineId, suffix), { encoding });
      const record: OutputRecord = { topic: suffix, declaredAtNs: nowNs(), firedCount: 0n, publisher };
      outputs.push(record);
      declarations.push(publisher);
      return createOutput(record);
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
        record.firedCount += 1n;
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

/** A link that is lost comes back by itself; anything else is a bug. */
function ignoreSessionErrors(error: unknown): void {
  if (!(error instanceof SessionError)) throw error;
}

/** Unix time in nanoseconds; the clock gives milliseconds. */
export function nowNs(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}
