/** Everything about a node that can be refused before it starts. */
import * as v from 'valibot';
import { UserError } from '../../errors.ts';
import { checkYaml, checkYamlFile, type Fault, formatFault } from '../../schema/checked-yaml.ts';
import { isMachineId, topicProblem } from '../../wire/names.ts';
import type { AnyNodeDefinition, InputSpec, InputSpecs, OutputSpec, OutputSpecs } from './define.ts';

/** A node's configuration and topics, sound. */
export interface CheckedNode {
  readonly config: Readonly<Record<string, unknown>>;
  readonly outputs: OutputSpecs;
  readonly inputs: InputSpecs;
}

const MAX_RAW_BYTES = 1024 * 1024 * 1024;

/** `configFile` is read where one is given. Throws a UserError that names file, field and rule of each fault. */
export function checkNode(definition: AnyNodeDefinition, configFile: string | undefined): CheckedNode {
  const schema = v.strictObject(definition.config ?? {});
  const isGiven = configFile !== undefined && configFile !== '';
  const checked = isGiven ? checkYamlFile(configFile, schema) : checkYaml('', 'the configuration', schema);
  if (!checked.ok) throw refusal(checked.faults);
  const config = checked.value as Readonly<Record<string, unknown>>;
  const problem = definition.check?.(config as never);
  if (problem !== undefined) throw refusal([{ file: isGiven ? configFile : 'the configuration', message: problem }]);
  const outputs = resolve(definition.outputs, config);
  const inputs = resolve(definition.inputs, config);
  const place = isGiven ? `${configFile} and the node’s own code` : 'the node’s own code';
  const faults = [
    ...problemsOf('outputs', outputs, outputProblem),
    ...problemsOf('inputs', inputs, inputProblem),
    ...twins(outputs),
  ].map((message): Fault => ({ file: place, message }));
  if (faults.length > 0) throw refusal(faults);
  return { config, outputs, inputs };
}

function refusal(faults: readonly Fault[]): UserError {
  return new UserError(`The node cannot start.\n${faults.map((fault) => `  ${formatFault(fault)}`).join('\n')}`);
}

function resolve<T>(
  specs: Readonly<Record<string, T>> | ((config: never) => Readonly<Record<string, T>>) | undefined,
  config: Readonly<Record<string, unknown>>,
): Readonly<Record<string, T>> {
  return typeof specs === 'function' ? specs(config as never) : (specs ?? {});
}

function problemsOf<T>(
  what: string,
  specs: Readonly<Record<string, T>>,
  problemOf: (spec: T) => string | undefined,
): readonly string[] {
  return Object.entries(specs).flatMap(([name, spec]) => {
    const problem = problemOf(spec);
    return problem === undefined ? [] : [`${what}.${name}.${problem}`];
  });
}

function outputProblem(spec: OutputSpec): string | undefined {
  const problem = topicProblem(spec.topic, spec.under);
  if (problem !== undefined) return `topic: ${problem}, not ${JSON.stringify(spec.topic)}`;
  const { periodMs = 1, maxBytes, buffers = 1 } = spec;
  if (!(periodMs > 0)) return `periodMs: must be over 0, not ${periodMs}`;
  if (spec.encoding !== 'raw') return undefined;
  if (spec.keepLast === true) return 'keepLast: is not for raw outputs';
  if (!isWhole(buffers, 64)) return `buffers: must be a whole number from 1 to 64, not ${buffers}`;
  return isWhole(maxBytes, MAX_RAW_BYTES)
    ? undefined
    : `maxBytes: a raw output wants the size of its largest message, 1 to ${MAX_RAW_BYTES}`;
}

function isWhole(value: number | undefined, max: number): boolean {
  return value !== undefined && Number.isInteger(value) && value >= 1 && value <= max;
}

function inputProblem({ topic, machine = '*' }: InputSpec): string | undefined {
  const plain = topic.replaceAll(/(^|\/)\*{1,2}(?=\/|$)/g, '$1x');
  const problem = topicProblem(plain, 'machine');
  if (problem !== undefined) return `topic: ${problem}, not ${JSON.stringify(topic)}`;
  return machine === '*' || isMachineId(machine) ? undefined : `machine: ${JSON.stringify(machine)} is no machine id`;
}

/** Two outputs on one key would be mixed up. */
function twins(outputs: OutputSpecs): readonly string[] {
  const seen = new Map<string, string>();
  return Object.entries(outputs).flatMap(([name, spec]) => {
    const { scope = spec.encoding === 'raw' ? 'local' : 'global', under = 'node', topic } = spec;
    const key = `${scope} ${under} ${topic}`;
    const first = seen.get(key);
    seen.set(key, first ?? name);
    return first === undefined ? [] : [`outputs.${name}.topic: ${topic} is that of outputs.${first}, too`];
  });
}
