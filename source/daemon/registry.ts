import { closeSync, fsyncSync, linkSync, openSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { UserError } from '../errors.ts';
import { cannotWrite, discard, isCode, isRecord, messageOf } from './home.ts';
import { withRegistryLock } from './locks.ts';

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
  /** Ours: `uninstall` turned it off, and it cannot be started until `install`. Absent means installed. */
  readonly installed: boolean;
  readonly others: Readonly<Record<string, unknown>>;
}

/** A registry whose content is none. */
export class DamagedRegistry extends UserError {}

/** A file changed so lately may be half written, by an editor that does not write whole files. */
const SETTLED_MS = 2_000;

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
    throw new DamagedRegistry(`${file} is not a registry of nodes: ${messageOf(error)}.`, {
      hint: 'It holds {"nodes": [{"path": "…"}]}; mend it, or move it away and use `bubbaloop node add PATH`.',
      cause: error,
    });
  }
}

function readEntry(value: unknown, index: number): RegistryEntry {
  if (!isRecord(value) || typeof value.path !== 'string' || value.path === '') {
    throw new Error(`nodes[${index}] has no path`);
  }
  const { path, addedAt, name_override, config_override, autostart, installed, ...others } = value;
  return {
    path,
    addedAt: typeof addedAt === 'string' ? addedAt : '',
    nameOverride: typeof name_override === 'string' ? name_override : undefined,
    configOverride: typeof config_override === 'string' ? config_override : undefined,
    autostart: autostart === true,
    installed: installed !== false,
    others,
  };
}

/**
 * Moves a damaged registry to `….damaged-TIME`, and writes `entries` in its place where there are any. Returns where it
 * is now; undefined where it is too fresh to judge. Throws UserError where it cannot be moved.
 */
export function setAside(file: string, entries: readonly RegistryEntry[]): string | undefined {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined || Math.abs(Date.now() - stats.mtimeMs) < SETTLED_MS) return undefined;
  const aside = `${file}.damaged-${new Date().toISOString().replaceAll(':', '-')}`;
  try {
    if (entries.length === 0) renameSync(file, aside);
    else linkSync(file, aside);
    syncFolder(dirname(file));
  } catch (error) {
    throw cannotWrite(file, error);
  }
  if (entries.length === 0) return aside;
  // At no moment is there none: it would be taken for a machine without nodes.
  try {
    writeRegistry(file, entries);
  } catch (error) {
    discard(aside);
    throw error;
  }
  return aside;
}

/**
 * Writes the whole registry at once: a reader sees the old one or the new one, after a loss of power too. Throws
 * UserError that says what to do; the old one then stays.
 */
export function writeRegistry(file: string, entries: readonly RegistryEntry[]): void {
  const nodes = entries.map((entry) => ({
    path: entry.path,
    addedAt: entry.addedAt,
    name_override: entry.nameOverride,
    config_override: entry.configOverride,
    autostart: entry.autostart ? true : undefined,
    installed: entry.installed ? undefined : false,
    ...entry.others,
  }));
  const draft = `${file}.${process.pid}.tmp`;
  try {
    // `flush` is fsync: without it the rename may be on disk before the content.
    writeFileSync(draft, `${JSON.stringify({ nodes }, undefined, 2)}\n`, { mode: 0o600, flush: true });
    renameSync(draft, file);
    syncFolder(dirname(file));
  } catch (error) {
    discard(draft);
    throw cannotWrite(file, error);
  }
}

/** Changes the registry while no other process does. Throws UserError; then nothing was changed. */
export async function editRegistryFile(
  file: string,
  edit: (entries: readonly RegistryEntry[]) => Promise<readonly RegistryEntry[]> | readonly RegistryEntry[],
): Promise<void> {
  await withRegistryLock(file, async () => writeRegistry(file, await edit(readRegistry(file))));
}

/** The rename itself on disk. */
function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
