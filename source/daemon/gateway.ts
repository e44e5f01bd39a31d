import { CBOR_ENCODING } from '../wire/cbor.ts';
import { encodeCommandResult } from '../wire/command.ts';
import { decodeDaemonCommand, encodeDaemonEvent } from '../wire/daemon-command.ts';
import { daemonKey, daemonTokenKey, healthKey, legacyHealthKey, parseKey } from '../wire/keys.ts';
import { type DaemonManifest, encodeDaemonManifest } from '../wire/manifest.ts';
import { encodeNodeList, type NodeState } from '../wire/node-state.ts';
import { encodeShmLedger, type ShmLedger } from '../wire/shm-ledger.ts';
import type { Declaration, Query, Sample, Session } from '../zenoh/session.ts';
import type { CommandDoor } from './command-door.ts';
import { messageOf } from './home.ts';
import { answerLegacy } from './legacy-commands.ts';
import type { NodeCommands } from './node-commands.ts';

export interface GatewayOptions {
  readonly session: Session;
  readonly machineId: string;
  readonly token: string;
  readonly commands: NodeCommands;
  readonly door: CommandDoor;
  readonly manifest: () => DaemonManifest;
  readonly states: () => Promise<readonly NodeState[]>;
  readonly ledger: () => ShmLedger;
  readonly beat: (node: string) => void;
  readonly shutdown: () => void;
  readonly say: (message: string) => void;
}

/** Commands of the older way that wait at once; beyond, the flood is dropped. */
const MAX_LEGACY_WAITING = 64;

/** The daemon as zenoh sees it. Declares everything; returns the function that takes it back. */
export async function openGateway(options: GatewayOptions): Promise<() => Promise<void>> {
  const { session, machineId } = options;
  const declarations: Declaration[] = [];
  const answer = (part: 'manifest' | 'nodes' | 'shm', encode: () => Promise<Uint8Array> | Uint8Array) => {
    const key = daemonKey(machineId, part);
    return session.declareQueryable(key, async (query) =>
      query.reply(key, await encode(), { encoding: CBOR_ENCODING }),
    );
  };
  declarations.push(
    await answer('manifest', () => encodeDaemonManifest(options.manifest())),
    await answer('nodes', async () =>
      encodeNodeList({ nodes: await options.states(), timestampMs: Date.now(), machineId }),
    ),
    await answer('shm', () => encodeShmLedger(options.ledger())),
    await session.declareQueryable(daemonKey(machineId, 'command'), (query) => answerCommand(query, options)),
    await session.declareSubscriber(daemonKey(machineId, 'command'), legacyListener(options)),
    await session.declareSubscriber(healthKey(machineId, '*'), heartbeatListener(options)),
    await session.declareSubscriber(legacyHealthKey('*'), heartbeatListener(options)),
    // Last: who sees the token can ask.
    await session.liveliness.declareToken(daemonTokenKey(machineId)),
  );
  return async () => {
    // Token first, for the same reason.
    for (const declaration of declarations.reverse()) await declaration.undeclare();
  };
}

/** Exactly one reply, or none where another machine is meant that the query reaches, too. */
async function answerCommand(query: Query, options: GatewayOptions): Promise<void> {
  const key = daemonKey(options.machineId, 'command');
  const result = await options.door.answerQuery(query.payload, query.keyExpr !== key);
  if (result === undefined) return;
  await query.reply(key, encodeCommandResult(result), { encoding: CBOR_ENCODING });
}

function legacyListener(options: GatewayOptions): (sample: Sample) => void {
  const { session, machineId, say } = options;
  let waiting = 0;
  const handle = async (payload: Uint8Array): Promise<void> => {
    const command = decodeDaemonCommand(payload);
    // Without an id there is nobody to answer.
    if (!command.ok) return say(`A command that cannot be read was dropped: ${command.reason}.`);
    let shutdown = false;
    const context = {
      ...options,
      shutdown: () => {
        shutdown = true;
      },
    };
    for (const event of await answerLegacy(command.value, context)) {
      const payload = encodeDaemonEvent(event);
      await session.put(daemonKey(machineId, 'events'), payload, { encoding: CBOR_ENCODING, congestion: 'block' });
    }
    if (shutdown) options.shutdown();
  };
  return (sample) => {
    if (sample.kind === 'delete' || waiting >= MAX_LEGACY_WAITING) return;
    waiting += 1;
    // The payload may belong to the session's buffer after this returns.
    handle(Uint8Array.from(sample.payload))
      .catch((error) => say(`A command could not be answered: ${messageOf(error)}.`))
      .finally(() => {
        waiting -= 1;
      });
  };
}

function heartbeatListener(options: GatewayOptions): (sample: Sample) => void {
  return (sample) => {
    const key = parseKey(sample.keyExpr);
    if (sample.kind === 'put' && key.kind === 'health') options.beat(key.node);
  };
}
