/** The schema of node.yaml, wire-format: for who writes one. The daemon itself reads what older ones have. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { type Checked, checkYamlFile, type Fault } from './checked-yaml.ts';
import { nodeName, topic } from './rules.ts';

const text = v.pipe(v.string(), v.trim(), v.nonEmpty('must not be empty'));
const exitCode = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255));
/** An empty entry of a template, `depends_on:`, is null. */
const listOf = <S extends v.GenericSchema>(item: S) => v.nullish(v.array(item));

/** Of node.yaml, with the rules that go beyond a field left out. */
export const nodeYamlSchema = v.strictObject({
  name: nodeName(),
  // Unquoted, `1.0` is a number.
  version: v.union([text, v.pipe(v.number(), v.transform(String))]),
  type: v.picklist(['rust', 'python', 'node']),
  description: v.nullish(v.string(), ''),
  author: v.nullish(v.string()),
  command: v.nullish(text),
  build: v.nullish(text),
  clean: v.nullish(text),
  depends_on: listOf(nodeName()),
  capabilities: listOf(text),
  publishes: listOf(topic('machine')),
  requires: v.nullish(v.record(v.string(), v.unknown())),
  restart: v.optional(v.picklist(['never', 'on-failure', 'always'])),
  success_exit_codes: v.optional(v.array(exitCode)),
});

export type NodeYaml = v.InferOutput<typeof nodeYamlSchema>;

/** Programs that nodes without a `command` are started with. */
const USUAL_FILES: Readonly<Record<string, string>> = { python: 'main.py', node: 'index.js' };

/** Every fault of a folder's node.yaml. `commandProblem` says what is wrong with a command line, if anything. */
export function checkNodeFolder(
  folder: string,
  commandProblem: (command: string) => string | undefined,
): Checked<NodeYaml> {
  const file = join(folder, 'node.yaml');
  const words = v.rawCheck<string>(({ dataset, addIssue }) => {
    const problem = dataset.typed ? commandProblem(dataset.value) : undefined;
    if (problem !== undefined) addIssue({ message: problem });
  });
  const line = v.nullish(v.pipe(text, words));
  const schema = v.strictObject({ ...nodeYamlSchema.entries, command: line, build: line, clean: line });
  const checked = checkYamlFile(file, schema);
  if (!checked.ok) return checked;
  const { type, command } = checked.value;
  const usual = USUAL_FILES[type];
  if (command || type === 'rust' || (usual !== undefined && existsSync(join(folder, usual)))) return checked;
  const missing: Fault = { file, message: `command: is missing, and there is no ${usual}` };
  return { ok: false, faults: [missing] };
}
