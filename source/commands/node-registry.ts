import { resolve } from 'node:path';
import { prepareHome } from '../daemon/home.ts';
import { type NodeSpec, readNodeSpec } from '../daemon/node-spec.ts';
import { readRegistry, withEntry, writeRegistry } from '../daemon/registry.ts';
import { EXIT_OK, UserError, usageError } from '../errors.ts';
import { nodeNameProblem } from '../wire/names.ts';
import { plainText } from '../wire/plain-text.ts';
import { type Invocation, stringFlag } from './command.ts';
import { askLocalNodes, localMachine } from './node-local.ts';

const POKE_TIMEOUT_MS = 2_000;

/** `bubbaloop node add PATH`: a running daemon sees it at once. */
export async function addNode(path: string, invocation: Invocation): Promise<number> {
  const { home } = localMachine(invocation);
  const name = stringFlag(invocation, 'name');
  const problem = name === undefined ? undefined : nodeNameProblem(name);
  if (problem !== undefined) throw usageError(`--name ${JSON.stringify(plainText(name ?? ''))}: ${problem}.`);
  const config = stringFlag(invocation, 'config');
  const folder = resolve(path);
  const entries = withEntry(
    readRegistry(home.registryFile),
    folder,
    name,
    config === undefined ? undefined : resolve(config),
  );
  const specs = await Promise.all(entries.map(readNodeSpec));
  const added = specs.at(-1);
  if (added?.problem !== undefined) {
    throw new UserError(`${plainText(added.problem)}.`, {
      hint: 'A node’s folder holds a node.yaml with name, type and command.',
    });
  }
  refuseTwin(specs, added);
  prepareHome(home);
  writeRegistry(home.registryFile, entries);
  const isSupervised = (await askLocalNodes(home, POKE_TIMEOUT_MS)) !== undefined;
  process.stderr.write(
    `Added ${added?.name}. ${isSupervised ? `Start it: bubbaloop node start ${added?.name}` : 'No daemon runs here yet: bubbaloop daemon'}\n`,
  );
  return EXIT_OK;
}

function refuseTwin(specs: readonly NodeSpec[], added: NodeSpec | undefined): void {
  const twin = specs.find((spec) => spec !== added && spec.name === added?.name);
  if (twin === undefined) return;
  throw new UserError(`There is a node ${twin.name} already, in ${twin.path}.`, {
    hint: 'Give this one another name: --name NAME.',
  });
}

/** `bubbaloop node remove NAME`: a running daemon stops it; its folder stays. */
export async function removeNode(name: string, invocation: Invocation): Promise<number> {
  const { home } = localMachine(invocation);
  const entries = readRegistry(home.registryFile);
  const specs = await Promise.all(entries.map(readNodeSpec));
  const index = specs.findIndex((spec) => spec.name === name);
  if (index < 0) {
    const names = specs.map((spec) => spec.name).join(', ');
    throw new UserError(`There is no node ${JSON.stringify(plainText(name))} in ${home.registryFile}.`, {
      hint: names === '' ? 'It has none.' : `It has: ${names}.`,
    });
  }
  writeRegistry(
    home.registryFile,
    entries.filter((_entry, at) => at !== index),
  );
  await askLocalNodes(home, POKE_TIMEOUT_MS);
  process.stderr.write(`Removed ${name}; its folder ${specs[index]?.path} stays.\n`);
  return EXIT_OK;
}
