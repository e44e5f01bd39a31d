import { randomUUID } from 'node:crypto';
import { askControlSocket } from '../daemon/control-socket.ts';
import { readSigner } from '../daemon/fleet-key-file.ts';
import { EXIT_FAILED, EXIT_OK, UserError } from '../errors.ts';
import { COMMAND_TIMEOUT_MS, type Outcome, sendCommand } from '../fleet/control.ts';
import {
  decodeCommandResult,
  encodeNodeCommand,
  type MachineAction,
  type NodeAction,
  type NodeParameters,
} from '../wire/command.ts';
import { daemonKey } from '../wire/keys.ts';
import { decodeNodeList, type NodeList } from '../wire/node-state.ts';
import { plainText } from '../wire/plain-text.ts';
import { withLocalOutput, withRemoteOutput } from './build-output.ts';
import { booleanFlag, type Invocation, stringFlag } from './command.ts';
import { type LocalMachine, localMachine } from './node-local.ts';
import { editWithoutDaemon } from './node-registry.ts';
import { CONNECT_TIMEOUT_MS, checkedMachine, overZenoh } from './zenoh-session.ts';

/** A build may take its time; the daemon bounds it at 30 minutes. */
const BUILD_TIMEOUT_MS = 31 * 60_000;

/** What a daemon is asked for. */
export interface NodeRequest {
  readonly action: NodeAction | MachineAction;
  /** Empty for `add` and for what concerns the whole machine. */
  readonly node: string;
  readonly parameters?: NodeParameters | undefined;
}

/**
 * Has a daemon do it: the one of this machine through its socket, another over zenoh. Where none runs here, what only
 * changes the registry is done on the file. Returns the exit code.
 */
export async function controlNode(request: NodeRequest, invocation: Invocation): Promise<number> {
  const { outcome, isShown } = await carryOut(request, invocation);
  const message = plainText(outcome.message);
  const output = plainText(outcome.output, { keepLines: true }).replace(/\n$/, '');
  if (booleanFlag(invocation, 'json')) {
    process.stdout.write(`${JSON.stringify({ ok: outcome.ok, message, output }, undefined, 2)}\n`);
    return outcome.ok ? EXIT_OK : EXIT_FAILED;
  }
  if (output !== '' && !isShown) process.stdout.write(`${output}\n`);
  if (message !== '') process.stderr.write(outcome.ok ? `${message}\n` : `bubbaloop: ${message}\n`);
  return outcome.ok ? EXIT_OK : EXIT_FAILED;
}

interface Answered {
  readonly outcome: Outcome;
  /** Its output was printed as it came. */
  readonly isShown: boolean;
}

async function carryOut(request: NodeRequest, invocation: Invocation): Promise<Answered> {
  const { action, node, parameters } = request;
  const isBuild = action === 'build' || action === 'clean';
  const isStreamed = isBuild && !booleanFlag(invocation, 'json');
  const timeoutMs = isBuild ? BUILD_TIMEOUT_MS : COMMAND_TIMEOUT_MS;
  const machine = stringFlag(invocation, 'machine');
  const local = localMachine(invocation);
  if (machine === undefined) {
    const asked = askLocally(local, request, timeoutMs);
    const { result, isShown } = isStreamed
      ? await withLocalOutput(local.home, node, asked)
      : { result: await asked, isShown: false };
    const outcome = result ?? (await editWithoutDaemon(request, local));
    if (outcome !== undefined) return { outcome, isShown };
  }
  const target = { machine: checkedMachine(machine ?? local.machineId), node };
  return overZenoh(invocation, async (session) => {
    const signer = readSigner(local.home.fleetKeyFile);
    const send = () => sendCommand(session, target, action, { timeoutMs, parameters, signer });
    if (!isStreamed) return { outcome: await send(), isShown: false };
    const { result, isShown } = await withRemoteOutput(session, target, send);
    return { outcome: result, isShown };
  });
}

/** The nodes of another machine. */
export async function askRemoteNodes(machine: string, invocation: Invocation): Promise<NodeList> {
  const id = checkedMachine(machine);
  return overZenoh(invocation, async (session) => {
    for await (const reply of session.get(daemonKey(id, 'nodes'), { timeoutMs: CONNECT_TIMEOUT_MS })) {
      if (!reply.ok) continue;
      const list = decodeNodeList(reply.sample.payload);
      if (list.ok) return list.value;
      throw new UserError(`${machine} answered, but not with a list of nodes: ${plainText(list.reason)}.`);
    }
    throw new UserError(`No daemon answers on ${machine}.`, { hint: 'Is `bubbaloop daemon` running there?' });
  });
}

/** Undefined where no daemon runs on this home. */
async function askLocally(
  { home }: LocalMachine,
  { action, node, parameters }: NodeRequest,
  timeoutMs: number,
): Promise<Outcome | undefined> {
  // Any machine id: who reaches the socket means the daemon behind it.
  const command = {
    command: action,
    nodeName: node,
    requestId: randomUUID(),
    targetMachine: '',
    timestampMs: Date.now(),
    parameters,
  };
  const answer = await askControlSocket(home.socketFile, encodeNodeCommand(command), timeoutMs);
  if (answer === undefined || answer.length === 0) return undefined;
  const result = decodeCommandResult(answer);
  if (!result.ok)
    throw new UserError(`The daemon on ${home.folder} answered, but not with a result: ${result.reason}.`);
  return { ok: result.value.success, message: result.value.message, output: result.value.output };
}
