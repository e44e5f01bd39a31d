/** The router of this machine as a process: who holds its port, and the configuration that it was started with. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import JSON5 from 'json5';
import { listPids, processName, readProcessStat, readProcFile } from '../daemon/proc.ts';
import { nativeFile } from '../project-root.ts';

export interface LocalProcess {
  readonly pid: number;
  readonly name: string;
  readonly isRouter: boolean;
  /** Of proc(5): `T` is stopped by a signal, `D` waits for a disk. */
  readonly state: string;
}

const ROUTERS = /^(bubbaloop-router|zenohd)$/;
const PRINT_LIMIT_MS = 3_000;

export function describeProcess(pid: number): LocalProcess {
  const words = commandLine(pid);
  return {
    pid,
    name: processName(pid),
    isRouter: ROUTERS.test(basename(words[0] ?? '')),
    state: readProcessStat(pid)?.state ?? '',
  };
}

/** Every router that runs on this machine, as far as this user may see. */
export function findRouters(): LocalProcess[] {
  return listPids()
    .filter((pid) => ROUTERS.test(basename(commandLine(pid)[0] ?? '')))
    .map(describeProcess)
    .filter(({ state }) => state !== '' && state !== 'Z' && state !== 'X');
}

/** As far as doctor asks for it. */
export type RouterConfig = Readonly<Record<string, unknown>>;

/**
 * The configuration of a router that runs: its own words are given to our router's binary to print what they come to. Of a
 * zenohd only its file is read. Undefined where that cannot be told; the router may have read another text of its file.
 */
export async function readConfigOf(pid: number): Promise<RouterConfig | undefined> {
  const [program = '', ...words] = commandLine(pid);
  const folder = folderOf(pid);
  if (folder === undefined) return undefined;
  const binary = nativeFile('bubbaloop-router');
  if (basename(program) === 'bubbaloop-router' && existsSync(binary)) return printConfig(binary, words, folder);
  const at = words.findIndex((word) => word === '-c' || word === '--config');
  const file = words[at + 1];
  return at < 0 || file === undefined ? undefined : readConfigFile(resolve(folder, file));
}

function printConfig(binary: string, words: readonly string[], cwd: string): Promise<RouterConfig | undefined> {
  return new Promise((done) => {
    execFile(binary, [...words, '--print-config'], { cwd, timeout: PRINT_LIMIT_MS }, (error, stdout) => {
      done(error === null ? objectOf(JSON.parse(stdout)) : undefined);
    });
  });
}

export function readConfigFile(file: string): RouterConfig | undefined {
  try {
    return objectOf(JSON5.parse(readFileSync(file, 'utf8')));
  } catch {
    // Gone, or YAML, which zenoh reads too.
    return undefined;
  }
}

function commandLine(pid: number): string[] {
  return (readProcFile(pid, 'cmdline') ?? '').split('\0').slice(0, -1);
}

function folderOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    // Another user's.
    return undefined;
  }
}

function objectOf(value: unknown): RouterConfig | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as RouterConfig) : undefined;
}

/** `config.a.b`; undefined where a part is missing. */
export function at(config: unknown, ...path: readonly string[]): unknown {
  let here: unknown = config;
  for (const key of path) here = objectOf(here)?.[key];
  return here;
}

/** Of `listen` or `connect`: a list of endpoints, or one list a mode. */
export function endpointsOf(config: unknown, key: 'listen' | 'connect'): string[] {
  const value = at(config, key, 'endpoints');
  const list = Array.isArray(value) ? value : at(value, String(at(config, 'mode') ?? 'router'));
  return Array.isArray(list) ? list.filter((endpoint): endpoint is string => typeof endpoint === 'string') : [];
}
