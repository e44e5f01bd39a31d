import { randomUUID } from 'node:crypto';
import { askControlSocket } from '../daemon/control-socket.ts';
import { readSigner } from '../daemon/fleet-key-file.ts';
import { EXIT_FAILED, EXIT_OK, UserError } from '../errors.ts';
import { COMMAND_TIMEOUT_MS, type Outcome, sendCommand } from '../fleet/control.ts';
import { decodeCommandResult, encodeNodeCommand, type NodeAction } from '../wire/command.ts';
import { daemonKey } from '../wire/keys.ts';
import { machineId } from '../wire/names.ts';
import { decodeNodeList, type NodeList } from '../wire/node-state.ts';
import { plainText } from '../wire/plain-text.ts';
import type { Session } from '../zenoh/session.ts';
import { type Invocation, stringFlag } from './command.ts';
import { type LocalMachine, localMachine } from './node-local.ts';

const CONNECT_TIMEOUT_MS = 5_000;
/** A build may take its time; the daemon bounds it at 30 minutes. */
const BUILD_TIMEOUT_MS = 31 * 60_000;

/** Tells a daemon what to do with a node: the one of this machine through its socket, else over zenoh. */
export async function controlNode(name: string, action: NodeAction, invocation: Invocation): Promise<number> {
  const local = localMachine(invocation);
  const machine = stringFlag(invocation, 'machine');
  const timeoutMs = action === 'build' ? BUILD_TIMEOUT_MS : COMMAND_TIMEOUT_MS;
  const outcome =
    (machine === undefined ? await askLocally(local, name, action, timeoutMs) : undefined) ??
    (await overZenoh(invocation, (session) =>
      sendCommand(session, { machine: checked(machine ?? local.machineId), node: name }, action, {
        timeoutMs,
        signer: readSigner(local.home.fleetKeyFile),
      }),
    ));
  if (outcome.output !== '')
    process.stdout.write(`${plainText(outcome.output, { keepLines: true }).replace(/\n$/, '')}\n`);
  const message = plainText(outcome.message);
  if (message !== '') process.stderr.write(outcome.ok ? `${message}\n` : `bubbaloop: ${message}\n`);
  return outcome.ok ? EXIT_OK : EXIT_FAILED;
}

/** The nodes of another machine. */
export async function askRemoteNodes(machine: string, invocation: Invocation): Promise<NodeList> {
  return overZenoh(invocation, async (session) => {
    for await (const reply of session.get(daemonKey(checked(machine), 'nodes'), { timeoutMs: CONNECT_TIMEOUT_MS })) {
      if (!reply.ok) continue;
      const list = decodeNodeList(reply.sample.payload);
      if (list.ok) return list.value;
      throw new UserError(`${machine} answered, but not with a list of nodes: ${plainText(list.reason)}.`);
    }
    throw new UserError(`No daemon answers on ${machine}.`, { hint: 'Is `bubbaloop daemon` running there?' });
  });
}

/** As the machine itself makes its id: a hostname may be given. */
function checked(machine: string): string {
  const id = machineId({ BUBBALOOP_MACHINE_ID: machine }, machine);
  if (!/[/*$#?\s\p{Cc}]/u.test(machine)) return id;
  throw new UserError(`${JSON.stringify(machine)} is no machine id.`, {
    hint: 'It is one word without “/” or “*”, as `bubbaloop top` shows it: jetson_1.',
  });
}

/** Undefined where no daemon runs on this home. */
async function askLocally(
  { home }: LocalMachine,
  name: string,
  action: NodeAction,
  timeoutMs: number,
): Promise<Outcome | undefined> {
  // Any machine id: who reaches the socket means the daemon behind it.
  const command = {
    command: action,
    nodeName: name,
    requestId: randomUUID(),
    targetMachine: '',
    timestampMs: Date.now(),
  };
  const answer = await askControlSocket(home.socketFile, encodeNodeCommand(command), timeoutMs);
  if (answer === undefined || answer.length === 0) return undefined;
  const result = decodeCommandResult(answer);
  if (!result.ok)
    throw new UserError(`The daemon on ${home.folder} answered, but not with a result: ${result.reason}.`);
  return { ok: result.value.success, message: result.value.message, output: result.value.output };
}

async function overZenoh<T>(invocation: Invocation, work: (session: Session) => Promise<T>): Promise<T> {
  const [{ resolveEndpoint }, { openCommandSession }] = await Promise.all([
    import('../zenoh/open-session.ts'),
    import('./command-session.ts'),
  ]);
  const endpoint = resolveEndpoint(stringFlag(invocation, 'endpoint'));
  const session = await openCommandSession(endpoint, { shm: false });
  try {
    await firstConnection(session).catch((error: Error) => {
      throw new UserError(`No router at ${endpoint}: ${plainText(error.message)}.`, {
        hint: 'Start one with `bubbaloop router standalone`, or say where it is with --endpoint.',
        cause: error,
      });
    });
    return await work(session);
  } finally {
    await session.close();
  }
}

/** Resolves when connected; rejects after the first attempt that failed: a command does not wait for a router to come. */
async function firstConnection(session: Session): Promise<void> {
  const gaveUp = Promise.withResolvers<void>();
  const listen = (link: Session['link']): void => {
    if (link.state === 'lost') gaveUp.reject(new Error(link.reason));
  };
  const stop = session.onLink(listen);
  listen(session.link);
  try {
    await Promise.race([session.connected({ timeoutMs: CONNECT_TIMEOUT_MS }), gaveUp.promise]);
  } finally {
    stop();
  }
}
