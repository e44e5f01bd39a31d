/** The fleet key on disk: one line, mode 0600, of the user who uses it. */
import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { UserError } from '../errors.ts';
import { FleetKey } from '../wire/fleet-key.ts';
import type { CommandSigner } from '../wire/signature.ts';
import { cannotWrite, discard, isCode, messageOf } from './home.ts';

/** More than a key with its line break; the file may have some blanks. */
const MAX_FILE_BYTES = 4_096;

/** Undefined where there is no file. UserError where others may read it, or it holds no key. */
export function readFleetKey(file: string): FleetKey | undefined {
  let text: string;
  try {
    // One opened file is looked at and read: nobody can change places in between. A pipe must not hold up the daemon.
    const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      refuseOthers(file, fstatSync(descriptor));
      const bytes = Buffer.alloc(MAX_FILE_BYTES);
      text = bytes.toString('utf8', 0, readSync(descriptor, bytes));
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    if (error instanceof UserError) throw error;
    throw new UserError(`The fleet key ${file} cannot be read: ${messageOf(error)}.`, { cause: error });
  }
  const key = FleetKey.parse(text);
  if (key.ok) return key.value;
  throw new UserError(`${file} does not hold a fleet key: ${key.reason}.`, {
    hint: 'Import it again: `bubbaloop key import --force`.',
  });
}

function refuseOthers(file: string, stat: { readonly mode: number; readonly uid: number; isFile(): boolean }): void {
  if (!stat.isFile()) throw new UserError(`The fleet key ${file} is no file.`);
  const uid = process.getuid?.();
  if (uid !== undefined && stat.uid !== uid) {
    throw new UserError(`The fleet key ${file} belongs to user ${stat.uid}, not to user ${uid} who runs this.`, {
      hint: `Whoever owns it can read and change it: chown ${uid} ${file}, or import it anew.`,
    });
  }
  if ((stat.mode & 0o077) !== 0) {
    const mode = (stat.mode & 0o777).toString(8);
    throw new UserError(`The fleet key ${file} can be read or written by others (mode ${mode}).`, {
      hint: `Close it with: chmod 600 ${file}. If others may have read it, make a new one: \`bubbaloop key create --force\`.`,
    });
  }
}

/** Writes it whole or not at all. False where there is one already and `overwrite` is not set. */
export function writeFleetKey(file: string, key: FleetKey, options: { readonly overwrite: boolean }): boolean {
  const draft = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(draft, `${key.reveal()}\n`, { mode: 0o600, flag: 'wx', flush: true });
    if (options.overwrite) renameSync(draft, file);
    else linkSync(draft, file);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw cannotWrite(file, error);
  } finally {
    discard(draft);
  }
}

/** What this user signs commands with; undefined without a key. UserError as {@link readFleetKey}. */
export function readSigner(file: string): CommandSigner | undefined {
  const key = readFleetKey(file);
  return key === undefined ? undefined : { key, sender: `${userName()}@${hostname()}` };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user need not be in its passwd.
    return `user ${process.getuid?.() ?? ''}`.trim();
  }
}

/** What a running daemon has for a key. */
export type KeyState =
  | { readonly kind: 'none' }
  | { readonly kind: 'key'; readonly key: FleetKey }
  /** There is or was one, so that nothing unsigned may pass; `reason` is a sentence. */
  | { readonly kind: 'unusable'; readonly reason: string };

/**
 * Follows the file, so that a key that is imported or replaced counts without a restart. A key that goes away or becomes
 * readable for others leaves the daemon closed, not open.
 */
export function followFleetKey(file: string): () => KeyState {
  let seen: { readonly signs: string; readonly state: KeyState } | undefined;
  return () => {
    const signs = fileSigns(file);
    if (seen?.signs !== signs) seen = { signs, state: readState(file, seen?.state) };
    return seen.state;
  };
}

function readState(file: string, before: KeyState | undefined): KeyState {
  try {
    const key = readFleetKey(file);
    if (key !== undefined) return { kind: 'key', key };
    if (before === undefined || before.kind === 'none') return { kind: 'none' };
    return { kind: 'unusable', reason: `The fleet key ${file} is gone since this daemon began: import it again.` };
  } catch (error) {
    const hint = error instanceof UserError ? error.hint : undefined;
    return { kind: 'unusable', reason: [messageOf(error), hint].filter(Boolean).join(' ') };
  }
}

function fileSigns(file: string): string {
  try {
    const { ino, mtimeMs, ctimeMs, size, mode, uid } = statSync(file);
    return [ino, mtimeMs, ctimeMs, size, mode, uid].join();
  } catch (error) {
    return messageOf(error);
  }
}
