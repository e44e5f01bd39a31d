import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { UserError } from '../errors.ts';
import { isCode, messageOf } from './home.ts';

/** One node of `nodes.json`. Fields that we do not know are kept when the file is written again. */
export interface RegistryEntry {
  /** Folder of the node. */
  readonly path: string;
  /** ISO 8601. */
  readonly addedAt: string;
  /** Name of this instance in place of the one in node.yaml. */
  readonly nameOverride: string | undefined;
  /** Configuration file in place of the node's own. */
  readonly configOverride: string | undefined;
  /** Ours: start it with the daemon. */
  readonly autostart: boolean;
  readonly others: Readonly<Record<string, unknown>>;
}

/** Reads the registry; no file means no nodes. Throws UserError where it is not what it should be. */
export function readRegistry(file: string): readonly RegistryEntry[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return [];
    throw new UserError(`${file} cannot be read: ${messageOf(error)}.`, { cause: error });
  }
  try {
    const value: unknown = JSON.parse(text);
    const nodes = isRecord(value) ? value.nodes : undefined;
    if (!Array.isArray(nodes)) throw new Error('it has no list "nodes"');
    return nodes.map(readEntry);
  } catch (error) {
    throw new UserError(`${file} is not a registry of nodes: ${messageOf(error)}.`, {
      hint: 'It holds {"nodes": [{"path": "…"}]}; mend it, or move it away and use `bubbaloop node add PATH`.',
      cause: error,
    });
  }
}

function readEntry(value: unknown, index: number): RegistryEntry {
  if (!isRecord(value) || typeof value.path !== 'string' || value.path === '') {
    throw new Error(`nodes[${index}] has no path`);
  }
  const { path, addedAt, name_override, config_override, autostart, ...others } = value;
  return {
    path,
    addedAt: typeof addedAt === 'string' ? addedAt : '',
    nameOverride: typeof name_override === 'string' ? name_override : undefined,
    configOverride: typeof config_override === 'string' ? config_override : undefined,
    autostart: autostart === true,
    others,
  };
}

/** Writes the whole registry at once: a reader sees the old one or the new one. */
export function writeRegistry(file: string, entries: readonly RegistryEntry[]): void {
  const nodes = entries.map((entry) => ({
    path: entry.path,
    addedAt: entry.addedAt,
    name_override: entry.nameOverride,
    config_override: entry.configOverride,
    autostart: entry.autostart ? true : undefined,
    ...entry.others,
  }));
  const draft = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(draft, `${JSON.stringify({ nodes }, undefined, 2)}\n`, { mode: 0o600, flush: true });
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new UserError(`${file} cannot be written: ${messageOf(error)}.`, { cause: error });
  }
}

/** The registry with one more entry. Throws UserError where it is there already. */
export function withEntry(
  entries: readonly RegistryEntry[],
  folder: string,
  name: string | undefined,
  config: string | undefined,
): readonly RegistryEntry[] {
  if (entries.some((entry) => resolve(entry.path) === folder && entry.nameOverride === name)) {
    throw new UserError(`${folder} is registered already.`);
  }
  const added = { path: folder, addedAt: new Date().toISOString(), nameOverride: name, configOverride: config };
  return [...entries, { ...added, autostart: false, others: {} }];
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
