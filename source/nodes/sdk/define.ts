/** What a node is, as its author writes it down. */
import type * as v from 'valibot';
import type { CborValue, Encodable } from '../../wire/cbor.ts';
import type { EnvelopeHeader } from '../../wire/envelope.ts';
import type { NodeRole } from '../../wire/manifest.ts';
import type { Frame, Session, ShmBuffer } from '../../zenoh/session.ts';

/** Fields of the configuration, each with its schema. Fields that are not named here are refused. */
export type ConfigFields = v.ObjectEntries;
export type ConfigOf<C extends ConfigFields> = v.InferOutput<v.StrictObjectSchema<C, undefined>>;

export interface OutputSpec {
  /** `[A-Za-z0-9/_.-]`; not `health`, `manifest`, `config`, `command`. */
  readonly topic: string;
  /** `cbor` (the default) and `json` go in the envelope; `raw` bytes go through shared memory, without one. */
  readonly encoding?: 'cbor' | 'json' | 'raw';
  /** `local` never leaves the machine: the default of `raw`, as `global` is of the others. */
  readonly scope?: 'global' | 'local';
  /** The key is `{machine}/{node}/{topic}` (`node`, the default) or `{machine}/{topic}` (`machine`). */
  readonly under?: 'node' | 'machine';
  /** Sent at least so often, milliseconds: then the manifest calls it live for so long after each message. */
  readonly periodMs?: number;
  /** Names the shape of the body; default `bubbaloop://{node kind}/{topic}/v1`. */
  readonly schemaUri?: string;
  /** The newest message is kept, and answers whoever asks for the key. Not for `raw`. */
  readonly keepLast?: boolean;
  /** `raw` only: size of one message at most, bytes. */
  readonly maxBytes?: number;
  /** `raw` only: so many messages may be on their way or in readers' hands; default 4. */
  readonly buffers?: number;
  /** `raw` only: what the bytes are, in zenoh's words; default `zenoh/bytes`. */
  readonly contentType?: string;
}

export interface InputSpec {
  /** All that follows the machine, `front_door/detections`; parts of it may be `*`. */
  readonly topic: string;
  /** Machine id, or `*` for all; default the node's own. */
  readonly machine?: string;
  readonly scope?: 'global' | 'local';
  /** `raw`: the bytes as they are, leased from shared memory. Default `message`. */
  readonly form?: 'message' | 'raw';
}

export type OutputSpecs = Readonly<Record<string, OutputSpec>>;
export type InputSpecs = Readonly<Record<string, InputSpec>>;

export interface MessageOutput {
  readonly keyExpr: string;
  /** Whether anyone listens now. */
  readonly isWanted: boolean;
  /** Whole numbers beyond 2^53 as bigint. False where there was no link: the message is gone. Throws on what cannot be encoded. */
  put(body: Encodable): Promise<boolean>;
}

export interface RawOutput {
  readonly keyExpr: string;
  readonly isWanted: boolean;
  /** Shared memory to write the message into; undefined while all buffers are taken. Put it or release it. */
  alloc(sizeBytes: number): ShmBuffer | undefined;
  /** Sends and takes the buffer, whatever comes of it. */
  put(buffer: ShmBuffer): Promise<boolean>;
}

export interface InputMessage {
  readonly keyExpr: string;
  /** Undefined where the sender left the envelope out. */
  readonly header: EnvelopeHeader | undefined;
  /** Untrusted. */
  readonly body: CborValue;
}

export interface MessageInput {
  /** A message that comes before is dropped. What the handler throws is said, and the node runs on. */
  on(handler: (message: InputMessage) => void | Promise<void>): void;
}

export interface RawInput {
  /** The frame's memory goes back when the handler, and the promise it returns, is done. */
  on(handler: (frame: Frame) => void | Promise<void>): void;
}

export type Outputs<O extends OutputSpecs> = {
  readonly [K in keyof O]: O[K] extends { readonly encoding: 'raw' } ? RawOutput : MessageOutput;
};
export type Inputs<I extends InputSpecs> = {
  readonly [K in keyof I]: I[K] extends { readonly form: 'raw' } ? RawInput : MessageInput;
};

/** A node that runs: what {@link NodeDefinition.run} works with. */
export interface RunningNode<C extends ConfigFields, O extends OutputSpecs, I extends InputSpecs> {
  readonly name: string;
  readonly machineId: string;
  readonly config: ConfigOf<C>;
  readonly outputs: Outputs<O>;
  readonly inputs: Inputs<I>;
  /** For what the SDK has no word for. */
  readonly session: Session;
  /** Aborted when the node ends. */
  readonly signal: AbortSignal;
  /**
   * Calls `work` now and then each `periodMs`, on a beat that does not drift. A call that takes longer than the period is
   * waited for, and the beats it missed are left out. What it throws is said once, until it goes well again.
   */
  every(periodMs: number, work: () => unknown): void;
  /** One line on stderr, which the daemon keeps as the node's log. */
  say(message: string): void;
  /** `trouble('camera', 'no signal')` is said once until `trouble('camera')` says that it is over. */
  trouble(subject: string, reason?: string): void;
  /** An unhealthy node runs on, but does not beat: after 30 s the daemon calls it unhealthy. */
  setHealthy(isHealthy: boolean): void;
  /**
   * Answers `{command: name, params}` on the node's `command` key with what the handler returns. Params are held to their
   * schema first. Anyone who reaches the router may send one.
   */
  onCommand<P extends ConfigFields>(
    name: string,
    params: P,
    handler: (params: ConfigOf<P>) => Encodable | undefined | Promise<Encodable | undefined>,
  ): void;
}

export interface NodeDefinition<C extends ConfigFields, O extends OutputSpecs, I extends InputSpecs> {
  /** What sort of node it is, `thermometer`. */
  readonly kind: string;
  /** Default: what its outputs and inputs make it. */
  readonly role?: NodeRole;
  readonly config?: C;
  /** Names of fields that are never shown; passwords in URLs are not either way. */
  readonly secrets?: readonly string[];
  /** A rule over several fields of the configuration: what is wrong with it, undefined where nothing is. */
  readonly check?: (config: ConfigOf<C>) => string | undefined;
  readonly outputs?: O | ((config: ConfigOf<C>) => O);
  readonly inputs?: I | ((config: ConfigOf<C>) => I);
  /**
   * Begins the work, or goes on with it until `signal` is aborted. A function that it returns, or that its promise gives,
   * is called at the end, before the session closes. What it throws ends the node.
   */
  run(node: RunningNode<C, O, I>): unknown;
}

/** Any definition, for who runs it. */
export interface AnyNodeDefinition {
  readonly kind: string;
  readonly role?: NodeRole;
  readonly config?: ConfigFields;
  readonly secrets?: readonly string[];
  readonly check?: (config: never) => string | undefined;
  readonly outputs?: OutputSpecs | ((config: never) => OutputSpecs);
  readonly inputs?: InputSpecs | ((config: never) => InputSpecs);
  run(node: never): unknown;
}

/** Gives the definition back, with its types worked out. Nothing starts. */
export function defineNode<
  const C extends ConfigFields = Record<never, never>,
  const O extends OutputSpecs = Record<never, never>,
  const I extends InputSpecs = Record<never, never>,
>(definition: NodeDefinition<C, O, I>): NodeDefinition<C, O, I> {
  return definition;
}
