import type { Encodable } from './cbor.ts';
import { encodeCbor } from './cbor-encode.ts';
import type { Decoded } from './decoded.ts';
import { decodeRecord, Fields } from './fields.ts';

/** What a daemon can be asked to do with a node. */
export const NODE_ACTIONS = [
  'start',
  'stop',
  'restart',
  'install',
  'uninstall',
  'build',
  'clean',
  'enable_autostart',
  'disable_autostart',
  'get_logs',
  // Ours; daemons of the first generation know them by their older path only.
  'add',
  'instance',
  'remove',
] as const;
export type NodeAction = (typeof NODE_ACTIONS)[number];

export function isNodeAction(command: string): command is NodeAction {
  return (NODE_ACTIONS as readonly string[]).includes(command);
}

/** What it can be asked to do with its machine; `node_name` is empty then. Ours: other daemons do not know them. */
export const MACHINE_ACTIONS = [
  /** Tell what `clean_shm` would remove. */
  'check_shm',
  /** Remove shared memory that a crash left behind. */
  'clean_shm',
] as const;
export type MachineAction = (typeof MACHINE_ACTIONS)[number];

export function isMachineAction(command: string): command is MachineAction {
  return (MACHINE_ACTIONS as readonly string[]).includes(command);
}

/** Payload of a query on `…/daemon/command`. */
export interface NodeCommand {
  /** A {@link NodeAction}, a {@link MachineAction}, or a word that the receiver does not know. */
  readonly command: string;
  readonly nodeName: string;
  readonly requestId: string;
  /** Empty: whoever receives it. */
  readonly targetMachine: string;
  /** Unix milliseconds, 0 where absent. */
  readonly timestampMs: number;
  /** Ours: what `add` and `instance` need. */
  readonly parameters?: NodeParameters | undefined;
}

/** Paths are those of the daemon's machine, absolute. */
export interface NodeParameters {
  /** `add`: folder of the node. */
  readonly source?: string | undefined;
  /** Name of the instance in place of the one in node.yaml. */
  readonly name?: string | undefined;
  /** Configuration file in place of the node's own. */
  readonly config?: string | undefined;
}

/** The one reply to a {@link NodeCommand}. */
export interface CommandResult {
  readonly requestId: string;
  readonly success: boolean;
  /** For people; untrusted text, as is `output`. */
  readonly message: string;
  /** Log lines or build output. */
  readonly output: string;
  readonly respondingMachine: string;
  readonly timestampMs: number;
  /** Why it was refused before anything was done, where it was; a word of a newer daemon stays as it is. */
  readonly refusal?: Refusal | (string & {}) | undefined;
}

/** Reasons to refuse a command unread or untried. */
export type Refusal =
  /** The daemon wants a signature. */
  | 'unsigned'
  /** Signed with another fleet's key. */
  | 'other-key'
  /** The signature does not fit what it signs. */
  | 'altered'
  /** Signed too long ago, or in the future. */
  | 'stale'
  | 'replayed'
  | 'other-machine'
  /** No command at all, or too long for one. */
  | 'unreadable'
  /** The daemon has a key that it cannot use. */
  | 'not-ready';

export function decodeNodeCommand(bytes: Uint8Array): Decoded<NodeCommand> {
  return decodeRecord(bytes, (fields) => ({
    command: fields.text('command'),
    nodeName: fields.text('node_name'),
    requestId: fields.text('request_id', ''),
    targetMachine: fields.text('target_machine', ''),
    timestampMs: fields.integer('timestamp_ms', 0),
    parameters: fields.has('parameters') ? readParameters(fields.get('parameters')) : undefined,
  }));
}

export function encodeNodeCommand(command: NodeCommand): Uint8Array {
  return encodeCbor(nodeCommandFields(command));
}

/** The record as it travels. */
export function nodeCommandFields(command: NodeCommand): { readonly [key: string]: Encodable } {
  return {
    command: command.command,
    node_name: command.nodeName,
    request_id: command.requestId,
    target_machine: command.targetMachine,
    timestamp_ms: command.timestampMs,
    parameters: command.parameters === undefined ? undefined : { ...command.parameters },
  };
}

function readParameters(value: ConstructorParameters<typeof Fields>[0]): NodeParameters {
  const inner = new Fields(value, 'parameters.');
  const textOf = (name: string) => (inner.has(name) ? inner.text(name) : undefined);
  return { source: textOf('source'), name: textOf('name'), config: textOf('config') };
}

export function decodeCommandResult(bytes: Uint8Array): Decoded<CommandResult> {
  return decodeRecord(bytes, (fields) => ({
    requestId: fields.text('request_id', ''),
    success: fields.flag('success'),
    message: fields.text('message', ''),
    output: fields.text('output', ''),
    respondingMachine: fields.text('responding_machine', ''),
    timestampMs: fields.integer('timestamp_ms', 0),
    refusal: fields.has('refusal') ? fields.text('refusal') : undefined,
  }));
}

export function encodeCommandResult(result: CommandResult): Uint8Array {
  return encodeCbor({
    request_id: result.requestId,
    success: result.success,
    message: result.message,
    output: result.output,
    responding_machine: result.respondingMachine,
    timestamp_ms: result.timestampMs,
    refusal: result.refusal,
  });
}
