import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { nodeNameProblem } from '../wire/names.ts';
import { isCode, isRecord, messageOf } from './home.ts';
import type { RegistryEntry } from './registry.ts';
import { DEFAULT_POLICY, type RunPolicy, readRunPolicy } from './run-policy.ts';

/** A node as its folder and its registry entry describe it. */
export interface NodeSpec {
  /** Name of this instance. */
  readonly name: string;
  /** `name_override` of its registry entry: with the folder it names the entry. */
  readonly nameOverride: string | undefined;
  /** Name in node.yaml where this instance has another, else empty. */
  readonly baseNode: string;
  readonly path: string;
  readonly version: string;
  readonly description: string;
  /** `rust`, `python`, `node`; untrusted text. */
  readonly type: string;
  /** As written in node.yaml; {@link splitCommand} makes words of it. */
  readonly command: string | undefined;
  readonly build: string | undefined;
  /** What removes that which was built; `cargo clean` for a Rust node that names none. */
  readonly clean: string | undefined;
  /** Whether the program it starts exists, where its command names a file; true otherwise. */
  readonly isBuilt: boolean;
  /** File with its configuration, empty where it has none. */
  readonly configPath: string;
  readonly autostart: boolean;
  /** False after `uninstall`: then it cannot be started. */
  readonly installed: boolean;
  /** False where node.yaml tells no name: then it is the folder's. */
  readonly hasName: boolean;
  /** Why it cannot run, undefined where it can. */
  readonly problem: string | undefined;
  readonly policy: RunPolicy;
}

const MAX_YAML_BYTES = 256 * 1024;
const MAX_CONFIG_BYTES = 64 * 1024;
/** In a node's folder, the first of them that is there. */
export const CONFIG_FILES = ['config.yaml', 'config.yml', 'config.json'];

/** Reads the node's folder. Never throws: what is wrong with it is its `problem`. */
export async function readNodeSpec(entry: RegistryEntry): Promise<NodeSpec> {
  const path = resolve(entry.path);
  const fallbackName = entry.nameOverride ?? basename(path);
  const yaml = await readNodeYaml(path);
  if (typeof yaml === 'string') return brokenSpec(entry, path, fallbackName, yaml);

  const baseName = text(yaml.name) ?? basename(path);
  const name = entry.nameOverride ?? baseName;
  const nameProblem = nodeNameProblem(name);
  if (nameProblem !== undefined)
    return brokenSpec(entry, path, fallbackName, `name ${JSON.stringify(name)}: ${nameProblem}`);
  const policy = readRunPolicy(yaml);
  if (typeof policy === 'string') return brokenSpec(entry, path, name, `${join(path, 'node.yaml')}: ${policy}`, true);
  const type = text(yaml.type) ?? '';
  const command = text(yaml.command) ?? defaultCommand(type, baseName, path);
  return {
    name,
    nameOverride: entry.nameOverride,
    hasName: true,
    baseNode: name === baseName ? '' : baseName,
    path,
    version: text(yaml.version) ?? '',
    description: text(yaml.description) ?? '',
    type,
    command,
    build: text(yaml.build),
    clean: text(yaml.clean) ?? (type === 'rust' ? 'cargo clean' : undefined),
    isBuilt: command === undefined || isProgramThere(command, path),
    configPath: entry.configOverride ?? CONFIG_FILES.map((file) => join(path, file)).find(existsSync) ?? '',
    autostart: entry.autostart,
    installed: entry.installed,
    problem: command === undefined ? 'node.yaml has no "command", and its type has no usual one' : undefined,
    policy,
  };
}

/** Its parsed content, or what is wrong with it. */
async function readNodeYaml(folder: string): Promise<Record<string, unknown> | string> {
  const file = join(folder, 'node.yaml');
  try {
    if (statSync(file).size > MAX_YAML_BYTES) return `${file} is larger than ${MAX_YAML_BYTES / 1024} KB`;
    // Loaded late: `node list` on a machine without nodes need not have it.
    const { parse } = await import('yaml');
    // Its warnings would quote the file, control characters and all, on the daemon's stderr.
    const value: unknown = parse(readFileSync(file, 'utf8'), { maxAliasCount: 20, logLevel: 'error' });
    return isRecord(value) ? value : `${file} is not a map`;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return `${file} does not exist`;
    return `${file}: ${messageOf(error).split('\n')[0]}`;
  }
}

function brokenSpec(
  entry: RegistryEntry,
  path: string,
  wantedName: string,
  problem: string,
  hasName = false,
): NodeSpec {
  const name = wantedName.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 64) || 'unnamed';
  return {
    name: nodeNameProblem(name) === undefined ? name : `${name.slice(0, 63)}_`,
    nameOverride: entry.nameOverride,
    hasName,
    baseNode: '',
    path,
    version: '',
    description: '',
    type: '',
    command: undefined,
    build: undefined,
    clean: undefined,
    isBuilt: false,
    configPath: '',
    autostart: entry.autostart,
    installed: entry.installed,
    problem,
    policy: DEFAULT_POLICY,
  };
}

function text(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

/** What nodes without a `command` are started with, by type. */
function defaultCommand(type: string, name: string, folder: string): string | undefined {
  const [file, command] =
    type === 'rust'
      ? [`target/release/${name}`, `./target/release/${name}`]
      : type === 'python'
        ? ['main.py', 'python3 main.py']
        : type === 'node'
          ? ['index.js', 'node index.js']
          : [undefined, undefined];
  if (file === undefined) return undefined;
  // A Rust node that is not built yet has its command already.
  return type === 'rust' || existsSync(join(folder, file)) ? command : undefined;
}

function isProgramThere(command: string, folder: string): boolean {
  const [program = ''] = command.split(/\s/, 1);
  // A name without a slash is looked up on PATH when it is started.
  return !program.includes('/') || /["'\\$]/.test(program) || existsSync(resolve(folder, program));
}

/** Content of the node's configuration file, empty where there is none or it is too long to show. */
export function readNodeConfig(spec: NodeSpec): string {
  if (spec.configPath === '') return '';
  try {
    const isShort = statSync(spec.configPath).size <= MAX_CONFIG_BYTES;
    return isShort ? withoutUrlSecrets(readFileSync(spec.configPath, 'utf8')) : '';
  } catch {
    // Shown as empty; that it is missing is said by the node itself when it starts.
    return '';
  }
}

/** It travels to whoever asks for the list of nodes; a camera's password in its URL must not. */
function withoutUrlSecrets(text: string): string {
  return text.replace(/([A-Za-z][\w+.-]*:\/\/)[^/\s'"]*@/g, '$1***@');
}
