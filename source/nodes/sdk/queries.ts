/** What a node answers besides its manifest: its configuration and its commands. */
import * as v from 'valibot';
import { describeIssues } from '../../schema/checked-yaml.ts';
import { CBOR_ENCODING, type CborMap, type Encodable } from '../../wire/cbor.ts';
import { encodeCbor } from '../../wire/cbor-encode.ts';
import { decodeMessage } from '../../wire/envelope.ts';
import { exactJson } from '../../wire/exact-json.ts';
import { isMap } from '../../wire/fields.ts';
import { globalDataKey } from '../../wire/keys.ts';
import { plainText } from '../../wire/plain-text.ts';
import type { Query } from '../../zenoh/session.ts';
import type { NodeRuntime } from '../node-runtime.ts';
import type { ConfigFields } from './define.ts';

const HIDDEN = '***';

/** Answers `…/{node}/config` with `{node_kind, config}`, as CBOR, secrets hidden. */
export async function answerConfig(
  runtime: NodeRuntime,
  kind: string,
  config: Readonly<Record<string, unknown>>,
  secrets: readonly string[],
): Promise<void> {
  const key = globalDataKey(runtime.machineId, `${runtime.name}/config`);
  const shown = Object.fromEntries(
    Object.entries(config).map(([name, value]) => [name, secrets.includes(name) ? HIDDEN : withoutPasswords(value)]),
  );
  const answer = encodeCbor({ node_kind: kind, config: shown as Encodable });
  runtime.keep(
    await runtime.session.declareQueryable(key, (query) => query.reply(key, answer, { encoding: CBOR_ENCODING })),
  );
}

/** What CBOR can hold of a configuration, `rtsp://user:password@host` without the password. */
function withoutPasswords(value: unknown): Encodable {
  if (typeof value === 'string') return value.replace(/(\w+:\/\/[^\s/:@]*:)[^\s/@]*@/g, `$1${HIDDEN}@`);
  if (Array.isArray(value)) return value.map(withoutPasswords);
  if (value === null || ['number', 'bigint', 'boolean', 'undefined'].includes(typeof value)) return value as Encodable;
  if (value instanceof Uint8Array) return value;
  if (typeof value !== 'object') return String(value);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withoutPasswords(inner)]));
}

interface Handler {
  readonly schema: v.GenericSchema<unknown, unknown>;
  run(params: never): Encodable | undefined | Promise<Encodable | undefined>;
}

/** The node's commands; every query is answered, in the form (CBOR or JSON) in which it came. */
export class Commands {
  readonly #handlers = new Map<string, Handler>();
  readonly #runtime: NodeRuntime;
  readonly #key: string;

  constructor(runtime: NodeRuntime) {
    this.#runtime = runtime;
    this.#key = globalDataKey(runtime.machineId, `${runtime.name}/command`);
  }

  async open(): Promise<void> {
    this.#runtime.keep(await this.#runtime.session.declareQueryable(this.#key, (query) => this.#answer(query)));
  }

  add(name: string, params: ConfigFields, run: Handler['run']): void {
    this.#handlers.set(name, { schema: v.strictObject(params), run });
  }

  async #answer(query: Query): Promise<void> {
    const asked = decodeMessage(query.payload ?? new Uint8Array(0));
    const request = asked.ok && isMap(asked.value.body) ? asked.value.body : undefined;
    const outcome = await this.#carryOut(request);
    const answer = {
      request_id: typeof request?.request_id === 'string' ? request.request_id : undefined,
      success: outcome.success,
      message: outcome.message,
      result: outcome.result,
      responding_machine: this.#runtime.machineId,
    };
    const isJson = query.payload?.[0] === 0x7b;
    if (isJson) await query.reply(this.#key, exactJson(answer), { encoding: 'application/json' });
    else await query.reply(this.#key, encodeCbor(answer), { encoding: CBOR_ENCODING });
  }

  async #carryOut(request: CborMap | undefined): Promise<Outcome> {
    const name = request?.command;
    if (typeof name !== 'string') return failed('a command is a map, CBOR or JSON: {"command": NAME, "params": {…}}');
    const handler = this.#handlers.get(name);
    if (handler === undefined) {
      const names = [...this.#handlers.keys()];
      const known = names.length === 0 ? 'it has none' : `it has: ${names.join(', ')}`;
      return failed(`${this.#runtime.name} has no command ${JSON.stringify(plainText(name).slice(0, 80))}; ${known}`);
    }
    const params = v.safeParse(handler.schema, request?.params ?? {});
    if (!params.success) return failed(describeIssues(params.issues).join('; '));
    try {
      const result = await handler.run(params.output as never);
      // What cannot be encoded is the handler's fault, and is answered as such.
      encodeCbor(result);
      return { success: true, message: '', result };
    } catch (error) {
      return failed(error instanceof Error ? error.message : String(error));
    }
  }
}

interface Outcome {
  readonly success: boolean;
  readonly message: string;
  readonly result?: Encodable;
}

function failed(message: string): Outcome {
  return { success: false, message };
}
