/**
 * Files that are made together or not at all. A record beside them holds what was written, so that a file which somebody
 * has edited since is known, and kept.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { UserError } from '../errors.ts';

export interface PlannedFile {
  readonly path: string;
  readonly text: string;
  /** Default 0o644. */
  readonly mode?: number;
  /** What it is for, a few words. */
  readonly purpose: string;
}

/**
 * `kept`: edited since, and what is planned is what was written before. `conflict`: edited since, and something else is
 * planned now. `replaced`: edited, and replaced all the same; the old text stands beside it with the ending `.old`.
 */
export type Outcome = 'new' | 'unchanged' | 'changed' | 'kept' | 'conflict' | 'replaced';

export interface FileOutcome {
  readonly file: PlannedFile;
  readonly outcome: Outcome;
}

type FileRecord = Readonly<Record<string, string>>;

/** What writing would do; touches nothing. `recordFile` need not exist. */
export function compareFiles(
  files: readonly PlannedFile[],
  recordFile: string,
  options: { readonly force: boolean },
): FileOutcome[] {
  const record = readRecord(recordFile);
  return files.map((file) => {
    const current = readIfThere(file.path);
    if (current === undefined) return { file, outcome: 'new' };
    if (current === file.text) return { file, outcome: 'unchanged' };
    if (record[file.path] === digest(current)) return { file, outcome: 'changed' };
    if (options.force) return { file, outcome: 'replaced' };
    return { file, outcome: record[file.path] === digest(file.text) ? 'kept' : 'conflict' };
  });
}

/** Writes what is to be written: all beside their places first, then each renamed. UserError where one cannot be. */
export function writeFiles(outcomes: readonly FileOutcome[], recordFile: string): void {
  const wanted = outcomes.filter(({ outcome }) => ['new', 'changed', 'replaced'].includes(outcome));
  const record: Record<string, string> = { ...readRecord(recordFile) };
  for (const { file, outcome } of outcomes) {
    if (outcome !== 'kept' && outcome !== 'conflict') record[file.path] = digest(file.text);
  }
  const recordText = `${JSON.stringify(record, null, 2)}\n`;
  const all: (PlannedFile & { readonly keepsOld?: boolean })[] = wanted.map(({ file, outcome }) => ({
    ...file,
    keepsOld: outcome === 'replaced',
  }));
  if (readIfThere(recordFile) !== recordText) {
    all.push({ path: recordFile, text: recordText, purpose: 'what was written' });
  }
  const undo: (() => void)[] = [];
  let path = '';
  try {
    const renames = all.map((file) => {
      path = file.path;
      const madeFolder = mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      if (madeFolder !== undefined) undo.push(() => removeEmpty(dirname(file.path), madeFolder));
      const beside = `${path}.${process.pid}.tmp`;
      undo.push(() => rmSync(beside, { force: true }));
      writeThrough(beside, file.text, file.mode ?? 0o644);
      return { from: beside, to: path, keepsOld: file.keepsOld === true };
    });
    for (const { from, to, keepsOld } of renames) {
      path = to;
      if (keepsOld) renameSync(to, `${to}.old`);
      renameSync(from, to);
    }
  } catch (error) {
    for (const step of undo.reverse()) step();
    throw new UserError(`${path} cannot be written: ${error instanceof Error ? error.message : String(error)}.`, {
      hint: 'Nothing was changed. Another home: --home or BUBBALOOP_HOME.',
      cause: error,
    });
  }
}

/** From `folder` up to `top`, as far as they are empty. */
function removeEmpty(folder: string, top: string): void {
  for (let at = folder; at.length >= top.length; at = dirname(at)) {
    try {
      rmdirSync(at);
    } catch {
      // Somebody else has put something into it.
      return;
    }
  }
}

function writeThrough(path: string, text: string, mode: number): void {
  const file = openSync(path, 'wx', mode);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Undefined where there is no such file, or a folder on the way to it is missing. */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new UserError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`, {
      cause: error,
    });
  }
}

function readRecord(recordFile: string): FileRecord {
  const text = readIfThere(recordFile);
  if (text === undefined) return {};
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json !== 'object' || json === null) return {};
    return Object.fromEntries(Object.entries(json).filter((entry) => typeof entry[1] === 'string'));
  } catch {
    // Damaged: then every file counts as edited, and none is overwritten.
    return {};
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Where the record of a home stands. */
export function recordFileOf(home: string): string {
  return join(home, 'setup.json');
}
