import type { Encodable } from './cbor.ts';
import { encodeCbor } from './cbor-encode.ts';
import type { Decoded } from './decoded.ts';
import { decodeRecord, Fields, isMap } from './fields.ts';

/** The older way to speak to a daemon: put on `…/daemon/command`, answered by {@link DaemonEvent}s. */
export interface DaemonCommand {
  readonly id: string;
  readonly command: DaemonRequest;
  /** Content of the daemon's `mcp-token`. */
  readonly authToken: string | undefined;
}

const BARE = ['list_nodes', 'health', 'shutdown'] as const;
const NAMED = [
  'start_node',
  'stop_node',
  'restart_node',
  'get_logs',
  'remove_node',
  'build_node',
  'install_service',
  'uninstall_node',
  'clean_node',
  'enable_autostart',
  'disable_autostart',
] as const;

export type DaemonRequest =
  | { readonly kind: (typeof BARE)[number] }
  | { readonly kind: (typeof NAMED)[number]; readonly name: string }
  | {
      readonly kind: 'install_node';
      readonly source: string;
      readonly name: string | undefined;
      readonly config: string | undefined;
    }
  /** A word of a newer client. */
  | { readonly kind: 'unknown'; readonly word: string };

export type DaemonEventType = 'result' | 'error' | 'notification' | 'done';

/** Answer on `…/daemon/events`: zero or more, the last has type `done`. */
export interface DaemonEvent {
  /** Of the command. */
  readonly id: string;
  /** A type of a newer daemon stays as it is. */
  readonly type: DaemonEventType | (string & {});
  readonly text: string | undefined;
}

export function decodeDaemonCommand(bytes: Uint8Array): Decoded<DaemonCommand> {
  return decodeRecord(bytes, (fields) => ({
    id: fields.text('id'),
    command: readRequest(fields),
    authToken: fields.has('auth_token') ? fields.text('auth_token') : undefined,
  }));
}

function readRequest(fields: Fields): DaemonRequest {
  const value = fields.get('command');
  if (typeof value === 'string') {
    const kind = BARE.find((word) => word === value);
    return kind === undefined ? { kind: 'unknown', word: value } : { kind };
  }
  const entries = isMap(value) ? Object.entries(value) : [];
  const [entry] = entries;
  if (entry === undefined || entries.length !== 1) throw fields.wrong('command', 'word or map of one key');
  const [word, argument] = entry;
  const named = NAMED.find((kind) => kind === word);
  if (named === undefined && word !== 'install_node') return { kind: 'unknown', word };
  const inner = new Fields(argument, `command.${word}.`);
  if (named !== undefined) return { kind: named, name: inner.text('name') };
  return {
    kind: 'install_node',
    source: inner.text('source'),
    name: inner.has('name') ? inner.text('name') : undefined,
    config: inner.has('config') ? inner.text('config') : undefined,
  };
}

export function encodeDaemonCommand(command: DaemonCommand): Uint8Array {
  return encodeCbor({ id: command.id, command: requestToWire(command.command), auth_token: command.authToken });
}

function requestToWire(request: DaemonRequest): Encodable {
  if (request.kind === 'unknown') return request.word;
  if (request.kind === 'install_node') {
    return { install_node: { source: request.source, name: request.name, config: request.config } };
  }
  return 'name' in request ? { [request.kind]: { name: request.name } } : request.kind;
}

export function decodeDaemonEvent(bytes: Uint8Array): Decoded<DaemonEvent> {
  return decodeRecord(bytes, (fields) => ({
    id: fields.text('id'),
    type: fields.text('type'),
    text: fields.has('text') ? fields.text('text') : undefined,
  }));
}

export function encodeDaemonEvent(event: DaemonEvent): Uint8Array {
  return encodeCbor({ id: event.id, type: event.type, text: event.text });
}
