import { CBOR_ENCODING } from '../wire/cbor.ts';
import { encodeCommandResult } from '../wire/command.ts';
import {
  type DaemonCommand,
  type DaemonEvent,
  decodeDaemonCommand,
  encodeDaemonEvent,
} from '../wire/daemon-command.ts';
import { daemonKey, daemonTokenKey, healthKey, legacyHealthKey, parseKey } from '../wire/keys.ts';
import { type DaemonManifest, encodeDaemonManifest } from '../wire/manifest.ts';
import { encodeNodeList, type NodeState } from '../wire/node-state.ts';
import { encodeShmLedger, type ShmLedger } from '../wire/shm-ledger.ts';
import type { Declaration, Query, Sample, Session } from '../zenoh/session.ts';
import type { CommandDoor } from './command-door.ts';
import { messageOf } from './home.ts';
import { answerLegacy, refuseLegacy } from './legacy-commands.ts';
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

/** Commands of the older way that are carried out at once; beyond, they are refused. */
const MAX_LEGACY_WAITING = 64;
/** Refusals that wait for the network; beyond, a flood is counted. */
const MAX_LEGACY_REFUSALS = 1_000;

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
  let refusals = 0;
  let unanswered = 0;
  const send = async (events: readonly DaemonEvent[]): Promise<void> => {
    for (const event of events) {
      const payload = encodeDaemonEvent(event);
      await session.put(daemonKey(machineId, 'events'), payload, { encoding: CBOR_ENCODING, congestion: 'block' });
    }
  };
  const handle = async (command: DaemonCommand): Promise<void> => {
    let shutdown = false;
    const context = {
      ...options,
      shutdown: () => {
        shutdown = true;
      },
    };
    await send(await answerLegacy(command, context));
    if (shutdown) options.shutdown();
  };
  const sayFailure = (error: unknown) => say(`A command could not be answered: ${messageOf(error)}.`);
  return (sample) => {
    if (sample.kind === 'delete') return;
    if (waiting >= MAX_LEGACY_WAITING && refusals >= MAX_LEGACY_REFUSALS) {
      unanswered += 1;
      return;
    }
    const command = decodeDaemonCommand(sample.payload);
    // Without an id there is nobody to answer.
    if (!command.ok) return say(`A command that cannot be read was dropped: ${command.reason}.`);
    if (waiting < MAX_LEGACY_WAITING) {
      waiting += 1;
      handle(command.value)
        .catch(sayFailure)
        .finally(() => {
          waiting -= 1;
        });
      return;
    }
    refusals += 1;
    send(refuseLegacy(command.value, options.door, `${MAX_LEGACY_WAITING} commands wait already: send it again.`))
      .catch(sayFailure)
      .finally(() => {
        refusals -= 1;
        if (refusals > 0 || unanswered === 0) return;
        say(`${unanswered} commands of a flood were dropped without an answer.`);
        unanswered = 0;
      });
  };
}

function heartbeatListener(options: GatewayOptions): (sample: Sample) => void {
  return (sample) => {
    const key = parseKey(sample.keyExpr);
    if (sample.kind === 'put' && key.kind === 'health') options.beat(key.node);
  };
}
