/** Loads a node that someone wrote with `bubbaloop/node`. */
import { existsSync, statSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readNodeSpec } from '../daemon/node-spec.ts';
import { UserError } from '../errors.ts';
import type { AnyNodeDefinition } from '../nodes/sdk/define.ts';
import { projectRoot } from '../project-root.ts';

export interface LoadedNode {
  readonly definition: AnyNodeDefinition;
  /** What its folder says; undefined where it says nothing. */
  readonly name: string | undefined;
  readonly configFile: string | undefined;
}

const MAIN_FILES = ['main.ts', 'main.js', 'main.mjs'];

/** `path`: a file, or a folder with one of {@link MAIN_FILES}. Throws UserError. */
export async function loadNode(path: string): Promise<LoadedNode> {
  const file = mainFile(resolve(path));
  resolveSdk();
  let module: Readonly<Record<string, unknown>>;
  try {
    module = await import(pathToFileURL(file).href);
  } catch (error) {
    // Its stack names the place in the author's own code.
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new UserError(`${file} cannot be loaded: ${reason}`, { cause: error });
  }
  const definition = [module.node, module.default, ...Object.values(module)].find(isDefinition);
  if (definition === undefined) {
    throw new UserError(`${file} exports no node.`, { hint: 'It wants: export const node = defineNode({ … });' });
  }
  const folder = dirname(file);
  if (!existsSync(join(folder, 'node.yaml'))) return { definition, name: undefined, configFile: undefined };
  const entry = { path: folder, addedAt: '', autostart: false, installed: true, others: {} };
  const { name, configPath, problem } = await readNodeSpec({
    ...entry,
    nameOverride: undefined,
    configOverride: undefined,
  });
  if (problem !== undefined) throw new UserError(`${problem}.`, { hint: `bubbaloop node validate ${folder}` });
  return { definition, name, configFile: configPath === '' ? undefined : configPath };
}

function mainFile(path: string): string {
  if (!existsSync(path)) throw new UserError(`There is no ${path}.`);
  if (!statSync(path).isDirectory()) return path;
  const file = MAIN_FILES.map((name) => join(path, name)).find(existsSync);
  if (file !== undefined) return file;
  throw new UserError(`${path} has no ${MAIN_FILES.join(', ')}.`, { hint: 'Name the file: bubbaloop node run FILE.' });
}

/**
 * `bubbaloop/node` in the author's code is the SDK of the program that runs it, installed beside it or not: a folder
 * straight from Git runs, and a node never speaks to its daemon by another version than the daemon's.
 */
function resolveSdk(): void {
  const url = pathToFileURL(join(projectRoot, 'dist', 'node.js')).href;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'bubbaloop/node' ? { url, format: 'module', shortCircuit: true } : next(specifier, context),
  });
}

function isDefinition(value: unknown): value is AnyNodeDefinition {
  return (
    typeof value === 'object' &&
    value !== null &&
    'kind' in value &&
    typeof value.kind === 'string' &&
    'run' in value &&
    typeof value.run === 'function'
  );
}
