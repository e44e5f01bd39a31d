/** What `add`, `instance` and `remove` make of the registry, the same in the daemon and in the command line without one. */
import { existsSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UserError } from '../errors.ts';
import { nodeNameProblem } from '../wire/names.ts';
import { plainText } from '../wire/plain-text.ts';
import { type NodeSpec, readNodeSpec } from './node-spec.ts';
import type { RegistryEntry } from './registry.ts';

export interface Addition {
  /** Folder of the node, absolute. */
  readonly path: string;
  /** Name in place of the one in node.yaml. */
  readonly name?: string | undefined;
  /** Configuration file in place of the node's own, absolute. */
  readonly config?: string | undefined;
}

export interface Added {
  readonly entries: readonly RegistryEntry[];
  readonly spec: NodeSpec;
}

/** The registry with one more node. Throws UserError where the folder has no sound node.yaml, or its name is taken. */
export async function withNode(entries: readonly RegistryEntry[], addition: Addition): Promise<Added> {
  const { name, config } = addition;
  if (!addition.path.startsWith('/')) throw new UserError(`${quoted(addition.path)} is not an absolute path.`);
  const path = resolve(addition.path);
  if (name !== undefined) {
    const problem = nodeNameProblem(name);
    if (problem !== undefined) throw new UserError(`The name ${quoted(name)} cannot be used: ${problem}.`);
  }
  if (config !== undefined && !existsSync(config))
    throw new UserError(`There is no configuration file ${quoted(config)}.`);
  if (!existsSync(join(path, 'node.yaml'))) {
    throw new UserError(`There is no node.yaml in ${quoted(path)}.`, {
      hint: 'A node’s folder holds a node.yaml with name, type and command.',
    });
  }
  const entry: RegistryEntry = {
    path,
    addedAt: new Date().toISOString(),
    nameOverride: name,
    configOverride: config === undefined ? undefined : resolve(config),
    autostart: false,
    installed: true,
    others: {},
  };
  const spec = await readNodeSpec(entry);
  if (spec.problem !== undefined) {
    throw new UserError(`${plainText(spec.problem)}.`, {
      hint: 'A node’s folder holds a node.yaml with name, type and command.',
    });
  }
  refuseTwin(await Promise.all(entries.map(readNodeSpec)), spec);
  return { entries: [...entries, entry], spec };
}

/** The registry with another instance of the node `base`. Throws UserError. */
export async function withInstance(
  entries: readonly RegistryEntry[],
  base: string,
  instance: { readonly name: string | undefined; readonly config?: string | undefined },
): Promise<Added> {
  if (instance.name === undefined) throw new UserError('An instance wants a name of its own.');
  const { spec } = await findEntry(entries, base);
  return withNode(entries, { path: spec.path, ...instance });
}

/** The entry that `name` names, and where it stands. Throws UserError that lists the names there are. */
export async function findEntry(
  entries: readonly RegistryEntry[],
  name: string,
): Promise<{ readonly index: number; readonly spec: NodeSpec }> {
  const specs = await Promise.all(entries.map(readNodeSpec));
  const index = specs.findIndex((spec) => spec.name === name);
  const spec = specs[index];
  if (spec !== undefined) return { index, spec };
  const names = specs.slice(0, 20).map((known) => known.name);
  throw new UserError(`There is no node ${quoted(name)} in the registry.`, {
    hint: names.length === 0 ? 'It has none: bubbaloop node add PATH.' : `It has: ${names.join(', ')}.`,
  });
}

/** The registry with the entry of `name` changed, or gone where `change` gives undefined. Throws UserError. */
export async function withChanged(
  entries: readonly RegistryEntry[],
  name: string,
  change: (entry: RegistryEntry) => RegistryEntry | undefined,
): Promise<readonly RegistryEntry[]> {
  const { index } = await findEntry(entries, name);
  return entries.flatMap((entry, at) => (at === index ? (change(entry) ?? []) : entry));
}

function refuseTwin(specs: readonly NodeSpec[], added: NodeSpec): void {
  const twin = specs.find((spec) => spec.name === added.name);
  if (twin === undefined) return;
  const isSameFolder = realPath(twin.path) === realPath(added.path);
  throw new UserError(
    isSameFolder
      ? `${added.path} is registered already, as ${twin.name}.`
      : `There is a node ${twin.name} already, in ${twin.path}; ${join(added.path, 'node.yaml')} names it too.`,
    {
      hint: isSameFolder
        ? `For a second instance of it: bubbaloop node instance ${twin.name} NAME.`
        : 'Mend the name in node.yaml, or give this one another: --name NAME.',
    },
  );
}

/** Where links lead; the path itself where it leads nowhere. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // Gone: then it is no other folder's twin.
    return path;
  }
}

/** Text from outside within a sentence of ours. */
function quoted(text: string): string {
  return JSON.stringify(plainText(text).slice(0, 200));
}
