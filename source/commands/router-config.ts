import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import JSON5 from 'json5';
import { UserError, usageError } from '../errors.ts';
import { machineId } from '../wire/names.ts';
import type { RouterRequest } from './router.ts';

/**
 * Words for `bubbaloop-router`: the file as it is, and each change as `--set KEY:VALUE`, so that the file that a person
 * wrote is the one that errors speak of.
 */
export function routerArguments(request: RouterRequest, env: NodeJS.ProcessEnv): string[] {
  const words = ['-c', request.file];
  const set = (key: string, value: unknown): void => {
    words.push('--set', `${key}:${JSON.stringify(value)}`);
  };
  const metadata = metadataOf(request.file);
  if (metadata !== undefined && (request.name !== undefined || metadata.name === undefined)) {
    // Zenoh takes metadata as a whole only: what the file has besides the name is kept.
    set('metadata', { ...metadata, name: request.name ?? machineId(env, hostname()) });
  }
  if (request.central !== undefined) set('connect/endpoints', [centralEndpoint(request.central)]);
  if (request.listen.length > 0) set('listen/endpoints', request.listen);
  if (request.websocket !== undefined)
    set('plugins/remote_api/websocket_port', hostAndPort('--websocket', request.websocket));
  if (request.rest !== undefined) set('plugins/rest/http_port', hostAndPort('--rest', request.rest));
  for (const change of request.cfg) {
    if (!/^[^:]+:./s.test(change)) throw usageError(`--cfg wants KEY:VALUE, not ${JSON.stringify(change)}.`);
    words.push('--set', change);
  }
  return words;
}

/**
 * The resulting configuration, with all defaults, as the binary reads it; nothing is opened. A UserError names file, line
 * and key of what is wrong.
 */
export function resolveRouterConfig(binary: string, words: readonly string[]): unknown {
  const file = words[1] ?? '';
  if (!existsSync(file))
    throw new UserError(`There is no file ${file}.`, { hint: 'Give the path of a zenoh configuration: -c FILE' });
  const print = spawnSync(binary, [...words, '--print-config'], { encoding: 'utf8', timeout: 10_000 });
  if (print.status === 0) return JSON.parse(print.stdout);
  if (print.error !== undefined) throw new UserError(`Could not run ${binary}: ${print.error.message}`);
  const syntax = /\.json5?$/.test(file) ? syntaxError(file, readText(file)) : undefined;
  throw new UserError(syntax ?? print.stderr.trim().replace(/^bubbaloop-router: /, ''), {
    hint: 'A configuration that works, with every key: bubbaloop router standalone --print-config',
  });
}

/** `HOST` or `HOST:PORT`, IPv6 in brackets, to a zenoh endpoint. A whole endpoint is taken as it is. */
export function centralEndpoint(central: string): string {
  if (/[\s"'\p{Cc}]/u.test(central))
    throw usageError(`--central ${JSON.stringify(central)} holds a blank, a quote or a control character.`);
  if (central.includes('/')) return central;
  const match = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]]+)(?::(\d+))?$/.exec(central);
  if (match === null) {
    throw usageError(
      `--central wants HOST or HOST:PORT, not ${JSON.stringify(central)}.`,
      'IPv6 addresses go in brackets: [fd7a::1]:7447',
    );
  }
  const port = match[2] === undefined ? 7447 : Number(match[2]);
  if (port < 1 || port > 65_535) throw usageError(`--central: ${port} is not a port (1 to 65535).`);
  return `tcp/${match[1]}:${port}`;
}

/** Checks the value of a flag. */
export function hostAndPort(flag: string, value: string): string {
  const port = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):(\d+)$/.exec(value)?.[1];
  if (port === undefined || Number(port) > 65_535) {
    throw usageError(`${flag} wants HOST:PORT, not ${JSON.stringify(value)}.`, 'For every interface: 0.0.0.0:10000');
  }
  return value;
}

/** Where the file is no JSON5 at all, json5's message is the exact one; undefined where it parses. */
export function syntaxError(file: string, text: string): string | undefined {
  try {
    JSON5.parse(text);
    return undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const { lineNumber, columnNumber } = error as SyntaxError & { lineNumber: number; columnNumber: number };
    const key = keyAtLine(text, lineNumber);
    const what = error.message.replace(/^JSON5: /, '').replace(/ at \d+:\d+$/, '');
    return `${file}:${lineNumber}:${columnNumber}: ${key === undefined ? '' : `near key \`${key}\`: `}${what}`;
  }
}

/** The last key that begins on that line or above it. */
function keyAtLine(text: string, line: number): string | undefined {
  for (const candidate of text.split('\n').slice(0, line).reverse()) {
    const key = /["']?([A-Za-z_][\w/-]*)["']?\s*:/.exec(candidate.replace(/\/\/.*$/, ''))?.[1];
    if (key !== undefined) return key;
  }
  return undefined;
}

/** The file's `metadata`; undefined where the file cannot be read as JSON5 or holds something else there. */
function metadataOf(file: string): Readonly<Record<string, unknown>> | undefined {
  let config: unknown;
  try {
    config = JSON5.parse(readText(file));
  } catch {
    // Missing, no JSON5, or YAML, which zenoh reads too: the check that follows says what is wrong, if anything is.
    return undefined;
  }
  const metadata = (config as { readonly metadata?: unknown } | null)?.metadata ?? {};
  return typeof metadata === 'object' && !Array.isArray(metadata) ? (metadata as Record<string, unknown>) : undefined;
}

function readText(file: string): string {
  return readFileSync(file, 'utf8');
}
