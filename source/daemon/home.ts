import { randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { UserError } from '../errors.ts';

/** Where a daemon keeps what outlives it. */
export interface Home {
  readonly folder: string;
  /** Registry of nodes, see wire-format. */
  readonly registryFile: string;
  /** Secret of the older command path, mode 0600. */
  readonly tokenFile: string;
  /** Secret that commands are signed with, mode 0600; may be absent. */
  readonly fleetKeyFile: string;
  /** When the newest command that was accepted had been signed, see command-guard. */
  readonly commandMarkFile: string;
  /** Every command and what came of it, JSON lines. */
  readonly auditFile: string;
  /** Who runs on this home. */
  readonly lockFile: string;
  /** Unix socket of the running daemon, for commands on the same machine. */
  readonly socketFile: string;
  readonly logFolder: string;
  /** States of the nodes that run, written by their shims. */
  readonly runFolder: string;
  /** What is wanted of each node, for the daemon after one that was killed. */
  readonly desiredFile: string;
}

/** `folder`, else env `BUBBALOOP_HOME`, else `~/.bubbaloop`. Touches nothing. */
export function findHome(folder: string | undefined, env: Readonly<Record<string, string | undefined>>): Home {
  const given = folder ?? env.BUBBALOOP_HOME;
  const root = given === undefined || given === '' ? join(homedir(), '.bubbaloop') : resolve(given);
  return {
    folder: root,
    registryFile: join(root, 'nodes.json'),
    tokenFile: join(root, 'mcp-token'),
    fleetKeyFile: join(root, 'fleet-key'),
    commandMarkFile: join(root, 'command-mark'),
    auditFile: join(root, 'audit.log'),
    lockFile: join(root, 'daemon.lock'),
    socketFile: join(root, 'daemon.sock'),
    logFolder: join(root, 'logs'),
    runFolder: join(root, 'run'),
    desiredFile: join(root, 'desired.json'),
  };
}

/** Makes the folders. */
export function prepareHome(home: Home): void {
  try {
    mkdirSync(home.folder, { recursive: true, mode: 0o700 });
    mkdirSync(home.logFolder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new UserError(`The folder ${home.folder} cannot be made: ${messageOf(error)}.`, {
      hint: 'Choose another with --home or BUBBALOOP_HOME.',
      cause: error,
    });
  }
}

const TOKEN = /^bb_[0-9a-f]{32}$/;

/**
 * The secret in `tokenFile`, made at first use; the caller holds the home. An existing file keeps its content and loses
 * foreign access. Throws UserError.
 */
export function readOrMakeToken(home: Home): string {
  const draft = `${home.tokenFile}.${process.pid}`;
  try {
    if (existsSync(home.tokenFile)) {
      if ((statSync(home.tokenFile).mode & 0o077) !== 0) chmodSync(home.tokenFile, 0o600);
    } else {
      // Whole or not at all: half a token of a full disk would have to be deleted by hand.
      writeFileSync(draft, `bb_${randomBytes(16).toString('hex')}\n`, { mode: 0o600 });
      renameSync(draft, home.tokenFile);
    }
  } catch (error) {
    discard(draft);
    throw cannotWrite(home.tokenFile, error);
  }
  const token = readFileSync(home.tokenFile, 'utf8').trim();
  if (TOKEN.test(token)) return token;
  throw new UserError(`${home.tokenFile} does not hold a token (bb_ and 32 hex digits).`, {
    hint: 'Delete it: the daemon makes a new one when it starts.',
  });
}

/** Whether two secrets are equal, in time that does not tell where they differ. */
export function isSameToken(given: string | undefined, expected: string): boolean {
  if (given === undefined) return false;
  const [left, right] = [Buffer.from(given), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** What a write that failed says to people; nothing of `file` was changed. */
export function cannotWrite(file: string, error: unknown): UserError {
  const isAny = (...codes: readonly string[]) => codes.some((code) => isCode(error, code));
  const hint = isAny('ENOSPC', 'EDQUOT')
    ? 'The disk is full: make room and try again.'
    : isAny('EROFS', 'EACCES', 'EPERM')
      ? `${dirname(file)} may not be written: mend its permissions or its mount, or choose another with --home.`
      : undefined;
  return new UserError(`${file} cannot be written, and nothing was changed: ${messageOf(error)}.`, {
    hint,
    cause: error,
  });
}

/** Removes a draft or a lock. In a folder that became read-only it stays: the write before has said so. */
export function discard(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch (error) {
    if (!isCode(error, 'EROFS') && !isCode(error, 'EACCES') && !isCode(error, 'EPERM')) throw error;
  }
}

export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
