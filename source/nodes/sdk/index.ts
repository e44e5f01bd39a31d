/**
 * `bubbaloop/node`: a node in about 30 lines.
 *
 *     import { defineNode, numberBetween, v } from 'bubbaloop/node';
 *
 *     export const node = defineNode({
 *       kind: 'thermometer',
 *       config: { rate_hz: v.optional(numberBetween(0.1, 100), 1) },
 *       outputs: { reading: { topic: 'reading' } },
 *       run({ config, outputs, every }) {
 *         every(1_000 / config.rate_hz, () => outputs.reading.put({ celsius: 21.5 }));
 *       },
 *     });
 *
 * `bubbaloop node run FILE` runs it, as does {@link runNode} at the end of the file. The SDK does the session and its
 * return, heartbeat, liveliness token, `manifest`, `config` and `command`, the check of the configuration and the end.
 */
export * as v from 'valibot';
export { nodeName, numberBetween, topic } from '../../schema/rules.ts';
export type { CborValue, Encodable } from '../../wire/cbor.ts';
export type { EnvelopeHeader } from '../../wire/envelope.ts';
export type { Frame, Session, ShmBuffer } from '../../zenoh/session.ts';
export { nowNanoseconds } from './clock.ts';
export {
  type ConfigFields,
  type ConfigOf,
  defineNode,
  type InputMessage,
  type InputSpec,
  type MessageInput,
  type MessageOutput,
  type NodeDefinition,
  type OutputSpec,
  type RawInput,
  type RawOutput,
  type RunningNode,
} from './define.ts';
export { type RunOptions, runNode } from './run-node.ts';
export { type StartOptions, startDefinedNode } from './start-defined.ts';
