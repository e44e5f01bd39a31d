/** `bubbaloop node validate`: every fault of a node's folder. */
import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import * as v from 'valibot';
import { splitCommand } from '../daemon/command-words.ts';
import { CONFIG_FILES } from '../daemon/node-spec.ts';
import { EXIT_FAILED, EXIT_OK, UserError } from '../errors.ts';
import { checkYamlFile, type Fault, formatFault } from '../schema/checked-yaml.ts';
import { checkNodeFolder } from '../schema/node-yaml.ts';
import { booleanFlag, type Invocation } from './command.ts';

/** `path`: a node's folder, or its node.yaml. Exit code 1 where it has a fault. */
export function validateNode(path: string, invocation: Invocation): number {
  const absolute = resolve(path);
  if (!existsSync(absolute)) throw new UserError(`There is no ${absolute}.`);
  const folder = statSync(absolute).isDirectory() ? absolute : dirname(absolute);
  const faults = findFaults(folder);
  if (booleanFlag(invocation, 'json')) {
    process.stdout.write(`${JSON.stringify({ ok: faults.length === 0, path: folder, faults }, undefined, 2)}\n`);
  } else {
    for (const fault of faults) process.stdout.write(`${formatFault(fault)}\n`);
    const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
    process.stderr.write(faults.length === 0 ? `${folder} is a sound node.\n` : `bubbaloop: ${count}\n`);
  }
  return faults.length === 0 ? EXIT_OK : EXIT_FAILED;
}

/** Of node.yaml, and of the syntax of its configuration: what may stand there only the node itself knows. */
export function findFaults(folder: string): readonly Fault[] {
  const checked = checkNodeFolder(folder, commandProblem);
  const config = CONFIG_FILES.map((name) => join(folder, name)).find(existsSync);
  const configChecked = config === undefined ? undefined : checkYamlFile(config, v.record(v.string(), v.unknown()));
  return [...(checked.ok ? [] : checked.faults), ...(configChecked?.ok === false ? configChecked.faults : [])];
}

/**
 * What `node add` says to faults: nodes of older fleets have fields of their own, and may lack a version, which is told
 * and taken. Anything else is a UserError that lists it; `name` is what the folder is called in it.
 */
export function refuseFaults(folder: string, name: string): void {
  const faults = findFaults(folder).map((fault) => ({
    ...fault,
    file: join(name, fault.file.slice(folder.length + 1)),
  }));
  const isTaken = ({ kind, message }: Fault): boolean =>
    kind === 'unknown-field' || (kind === 'missing-field' && message.startsWith('version:'));
  const refused = faults.filter((fault) => !isTaken(fault));
  if (refused.length > 0)
    throw new UserError(
      `${name} holds no sound node.\n${refused.map((fault) => `  ${formatFault(fault)}`).join('\n')}`,
    );
  for (const fault of faults) process.stderr.write(`bubbaloop: ${formatFault(fault)}\n`);
}

function commandProblem(command: string): string | undefined {
  const words = splitCommand(command, { ...process.env, ...NODE_VARIABLES });
  return words.ok ? undefined : words.reason;
}

/** Set by the daemon for every node. */
const NODE_VARIABLES = Object.fromEntries(
  ['MACHINE_ID', 'ZENOH_ENDPOINT', 'NODE_NAME', 'NODE_CONFIG'].map((name) => [`BUBBALOOP_${name}`, name]),
);
