/** Where every command comes in, whichever way: it is checked, carried out or refused, and put on record. */
import type { CborValue } from '../wire/cbor.ts';
import { decodeCbor } from '../wire/cbor-decode.ts';
import { type CommandResult, decodeNodeCommand, type NodeCommand, type Refusal } from '../wire/command.ts';
import type { DaemonRequest } from '../wire/daemon-command.ts';
import { isMap } from '../wire/fields.ts';
import { plainText } from '../wire/plain-text.ts';
import type { AuditEntry, AuditLog, CommandWay } from './audit-log.ts';
import type { CommandGuard, Verdict } from './command-guard.ts';
import type { NodeCommands, Outcome } from './node-commands.ts';

/** More than any command; the same limit as the local socket's. */
const MAX_COMMAND_BYTES = 64 * 1024;
/** Of a text from outside in the audit log. */
const MAX_TEXT = 200;
const MAX_PARAMETERS = 10;

/** What everybody may ask of a daemon's queryables, asked the older way. */
const OPEN_REQUESTS: ReadonlySet<DaemonRequest['kind']> = new Set(['list_nodes', 'health']);

export interface CommandDoorOptions {
  readonly machineId: string;
  readonly guard: CommandGuard;
  readonly audit: AuditLog;
  readonly commands: Pick<NodeCommands, 'answer'>;
}

export class CommandDoor {
  readonly #options: CommandDoorOptions;

  constructor(options: CommandDoorOptions) {
    this.#options = options;
  }

  /**
   * Answers a command query. Undefined where another machine is meant and `isShared`: the key matches that one, too,
   * and it will answer. Never throws.
   */
  async answerQuery(payload: Uint8Array | undefined, isShared: boolean): Promise<CommandResult | undefined> {
    return this.#answer('query', payload ?? new Uint8Array(0), isShared);
  }

  /** Answers what came through the local socket: who reaches it may read the key, so that a signature would add nothing. */
  async answerSocket(payload: Uint8Array): Promise<CommandResult | undefined> {
    return this.#answer('socket', payload, false);
  }

  /** Carries out a request of the older way, which has a token and no signature. */
  async answerOlder(id: string, request: DaemonRequest, carryOut: () => Promise<Outcome>): Promise<Outcome> {
    const subject = olderSubject(id, request);
    const verdict: Verdict = OPEN_REQUESTS.has(request.kind) ? { ok: true } : this.#options.guard.checkUnsigned();
    if (!verdict.ok) {
      this.#record({ ...subject, event: 'refused', message: verdict.reason });
      return { ok: false, message: verdict.reason };
    }
    this.#record({ ...subject, event: 'accepted' });
    const outcome = await carryOut();
    // Of an open request the message is the list that was asked for.
    const message = OPEN_REQUESTS.has(request.kind) ? undefined : cut(outcome.message);
    this.#record({ ...subject, event: outcome.ok ? 'done' : 'failed', message });
    return outcome;
  }

  /** Puts a request of the older way on record that was refused for its token. */
  refuseOlder(id: string, request: DaemonRequest, message: string): void {
    this.#record({ ...olderSubject(id, request), event: 'refused', message });
  }

  async #answer(way: CommandWay, payload: Uint8Array, isShared: boolean): Promise<CommandResult | undefined> {
    if (payload.length > MAX_COMMAND_BYTES) {
      const size = `${Math.ceil(payload.length / 1024)} KB`;
      return this.#refuse(
        way,
        undefined,
        'unreadable',
        `The command cannot be read: it has ${size}, and 64 KB is the limit.`,
      );
    }
    const item = decodeCbor(payload);
    const command = decodeNodeCommand(payload);
    if (!command.ok || !item.ok || !isMap(item.value)) {
      const reason = command.ok ? 'it is no map' : plainText(command.reason).slice(0, MAX_TEXT);
      return this.#refuse(way, undefined, 'unreadable', `The command cannot be read: ${reason}.`);
    }
    const { machineId, guard, commands } = this.#options;
    const target = command.value.targetMachine;
    if (target !== '' && target !== machineId) {
      if (isShared) return undefined;
      return this.#refuse(
        way,
        command.value,
        'other-machine',
        `The command is for ${quoted(target)}, and this is ${machineId}.`,
      );
    }
    const verdict: Verdict = way === 'socket' ? { ok: true } : guard.check(item.value, command.value.timestampMs);
    if (!verdict.ok) return this.#refuse(way, command.value, verdict.refusal, verdict.reason);
    if (verdict.keyId !== undefined && target === '') {
      const reason = 'A signed command must name its machine: every other machine would take it, too.';
      return this.#refuse(way, command.value, 'other-machine', reason);
    }
    const parameters = textsOf(item.value.parameters);
    const subject = { ...subjectOf(way, command.value), parameters, sender: verdict.sender, keyId: verdict.keyId };
    this.#record({ ...subject, event: 'accepted' });
    const result = await commands.answer(payload);
    if (result === undefined) return undefined;
    this.#record({ ...subject, event: result.success ? 'done' : 'failed', message: cut(result.message) });
    return result;
  }

  #refuse(way: CommandWay, command: NodeCommand | undefined, refusal: Refusal, reason: string): CommandResult {
    this.#record({ ...subjectOf(way, command), event: 'refused', message: reason });
    return { ...this.#result(command?.requestId ?? '', reason), refusal };
  }

  #result(requestId: string, message: string): CommandResult {
    const { machineId } = this.#options;
    return { requestId, success: false, message, output: '', respondingMachine: machineId, timestampMs: Date.now() };
  }

  #record(entry: AuditEntry): void {
    this.#options.audit.record(entry);
  }
}

function olderSubject(id: string, request: DaemonRequest) {
  const node =
    request.kind === 'install_node' ? (request.name ?? request.source) : 'name' in request ? request.name : '';
  const command = request.kind === 'unknown' ? request.word : request.kind;
  return { way: 'put' as const, requestId: cut(id), command: cut(command), node: cut(node) };
}

function subjectOf(way: CommandWay, command: NodeCommand | undefined) {
  return {
    way,
    requestId: cut(command?.requestId ?? ''),
    command: cut(command?.command ?? ''),
    node: cut(command?.nodeName ?? ''),
  };
}

/** The texts of a map of parameters, for the record; undefined where there are none. */
function textsOf(value: CborValue): Readonly<Record<string, string>> | undefined {
  if (!isMap(value)) return undefined;
  const texts = Object.entries(value).slice(0, MAX_PARAMETERS);
  return Object.fromEntries(
    texts.flatMap(([name, text]) => (typeof text === 'string' ? [[cut(name), cut(text)]] : [])),
  );
}

function cut(text: string): string {
  return plainText(text.slice(0, 4 * MAX_TEXT)).slice(0, MAX_TEXT);
}

function quoted(text: string): string {
  return JSON.stringify(cut(text));
}
