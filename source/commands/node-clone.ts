/** `bubbaloop node add GIT-URL`: the folder comes from Git first. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isCode } from '../daemon/home.ts';
import { readNodeSpec } from '../daemon/node-spec.ts';
import { UserError } from '../errors.ts';
import { plainText } from '../wire/plain-text.ts';
import { linkSdk } from './node-init.ts';
import { refuseFaults } from './node-validate.ts';

const PROTOCOLS = ['https', 'ssh', 'file'];
const CLONE_LIMIT_MS = 10 * 60_000;

/** Whether it names a repository and no folder: `https://…`, `ssh://…`, `file://…`, `git@host:path`. */
export function isGitUrl(source: string): boolean {
  if (existsSync(source)) return false;
  return /^[A-Za-z][\w+.-]*:(:|\/\/)/.test(source) || /^[\w.-]+@[\w.-]+:/.test(source);
}

/**
 * Clones, checks node.yaml and puts the folder at `{nodesFolder}/{name}`, name being that of node.yaml where none is
 * given. Throws UserError; then nothing is left behind.
 */
export async function cloneNode(url: string, nodesFolder: string, name: string | undefined): Promise<string> {
  refuseUrl(url);
  mkdirSync(nodesFolder, { recursive: true, mode: 0o700 });
  const beside = join(nodesFolder, `.clone-${randomBytes(6).toString('hex')}`);
  try {
    await git(['clone', '--quiet', '--depth', '1', '--no-tags', '--no-recurse-submodules', '--', url, beside]);
    refuseFaults(beside, plainText(url));
    const entry = { path: beside, addedAt: '', autostart: false, installed: true, others: {} };
    const spec = await readNodeSpec({ ...entry, nameOverride: name, configOverride: undefined });
    const folder = join(nodesFolder, spec.name);
    if (existsSync(folder))
      throw new UserError(`${folder} is there already.`, { hint: 'Give it another name: --name NAME.' });
    if (spec.type === 'node') linkSdk(beside);
    renameSync(beside, folder);
    return folder;
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
}

function refuseUrl(url: string): void {
  const scheme = /^([A-Za-z][\w+.-]*):(:|\/\/)/.exec(url);
  if (scheme !== null && (scheme[2] === ':' || !PROTOCOLS.includes(scheme[1] ?? '')))
    throw new UserError(`${JSON.stringify(plainText(url))} is not cloned: its protocol is not one of these.`, {
      hint: `${PROTOCOLS.map((protocol) => `${protocol}://…`).join(', ')}, or git@HOST:PATH.`,
    });
  if (/[\s\p{Cc}]/u.test(url)) throw new UserError(`${JSON.stringify(plainText(url))} has blanks in it.`);
}

/** A child without a shell, which asks nothing on the terminal, runs no hook and speaks no other protocol. */
function git(words: readonly string[]): Promise<void> {
  const env = {
    GIT_SSH_COMMAND: 'ssh -o BatchMode=yes',
    ...process.env,
    GIT_ALLOW_PROTOCOL: PROTOCOLS.join(':'),
    GIT_TERMINAL_PROMPT: '0',
    GIT_HTTP_LOW_SPEED_LIMIT: '1000',
    GIT_HTTP_LOW_SPEED_TIME: '30',
    LC_ALL: 'C',
  };
  return new Promise((resolve, reject) => {
    const child = spawn('git', ['-c', 'core.hooksPath=/dev/null', ...words], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: CLONE_LIMIT_MS,
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      said = `${said}${chunk}`.slice(-2_000);
    });
    child.once('error', (error) =>
      reject(isCode(error, 'ENOENT') ? new UserError('git was not found; install it.', { cause: error }) : error),
    );
    child.once('close', (code, signal) => {
      if (code === 0) return resolve();
      const why = plainText(said.trim(), { keepLines: true }) || `it ended with ${code ?? signal}`;
      reject(new UserError(`git could not clone it: ${why}`));
    });
  });
}
