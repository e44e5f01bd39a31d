import { CBOR_ENCODING } from '../../wire/cbor.ts';
import type { ShmProvider } from '../../zenoh/session.ts';
import type { NodeRuntime, Output } from '../node-runtime.ts';
import { nowNanoseconds } from './clock.ts';
import type { MessageOutput, OutputSpec, OutputSpecs, RawOutput } from './define.ts';
import { cborEnvelopeWriter, jsonEnvelopeWriter } from './envelope-writer.ts';

export interface OpenOutputs {
  readonly byName: Readonly<Record<string, MessageOutput | RawOutput>>;
  /** Gives shared memory back. */
  close(): void;
}

const JSON_ENCODING = 'application/json';
/** Zenoh keeps a little of the segment for itself. */
const SLACK_BYTES = 64 * 1024;
const DEFAULT_BUFFERS = 4;

export async function openOutputs(runtime: NodeRuntime, specs: OutputSpecs, kind: string): Promise<OpenOutputs> {
  const byName: Record<string, MessageOutput | RawOutput> = {};
  const providers: ShmProvider[] = [];
  for (const [name, spec] of Object.entries(specs)) {
    if (spec.encoding === 'raw') {
      const { maxBytes = 0, buffers = DEFAULT_BUFFERS } = spec;
      const provider = await runtime.session.createShmProvider(buffers * (maxBytes + SLACK_BYTES));
      providers.push(provider);
      byName[name] = rawOutput(await declare(runtime, spec, spec.contentType ?? 'zenoh/bytes'), provider, maxBytes);
    } else byName[name] = await openMessageOutput(runtime, spec, kind);
  }
  return {
    byName,
    close() {
      for (const provider of providers) provider.close();
    },
  };
}

function declare(runtime: NodeRuntime, spec: OutputSpec, encoding: string): Promise<Output> {
  const { topic, under, periodMs, scope = spec.encoding === 'raw' ? 'local' : 'global' } = spec;
  return runtime.declareOutput({ topic, scope, encoding, under, periodMs });
}

async function openMessageOutput(runtime: NodeRuntime, spec: OutputSpec, kind: string): Promise<MessageOutput> {
  const isJson = spec.encoding === 'json';
  const encoding = isJson ? JSON_ENCODING : CBOR_ENCODING;
  const writer = (isJson ? jsonEnvelopeWriter : cborEnvelopeWriter)({
    schemaUri: spec.schemaUri ?? `bubbaloop://${kind}/${spec.topic}/v1`,
    sourceInstance: runtime.name,
  });
  const output = await declare(runtime, spec, encoding);
  let sequence = 0;
  let last: Uint8Array | undefined;
  if (spec.keepLast === true) {
    const answering = await runtime.session.declareQueryable(output.keyExpr, (query) =>
      last === undefined ? undefined : query.reply(output.keyExpr, last, { encoding }),
    );
    runtime.keep(answering);
  }
  return {
    keyExpr: output.keyExpr,
    get isWanted() {
      return output.isWanted;
    },
    put(body) {
      sequence += 1;
      const bytes = writer.write(sequence, nowNanoseconds(), body);
      if (spec.keepLast === true) last = bytes;
      return output.put(bytes);
    },
  };
}

function rawOutput(output: Output, provider: ShmProvider, maxBytes: number): RawOutput {
  return {
    keyExpr: output.keyExpr,
    get isWanted() {
      return output.isWanted;
    },
    alloc(sizeBytes) {
      if (sizeBytes <= maxBytes) return provider.alloc(sizeBytes);
      throw new RangeError(`${sizeBytes} bytes are more than the output’s maxBytes, ${maxBytes}`);
    },
    put: (buffer) => output.put(buffer),
  };
}
