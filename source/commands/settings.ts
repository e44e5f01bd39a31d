/**
 * What a command takes from its surroundings, decided in one place: a flag beats the environment, the environment beats
 * the file `config.json5` in the home, the file beats the default. What the file says is put into the environment
 * before a command runs, so that every reader of the environment, and every process that is started, sees it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { UserError } from '../errors.ts';
import { parseJson5, placeOf } from '../json5-text.ts';
import { machineId } from '../wire/names.ts';
import { plainText } from '../wire/plain-text.ts';
import { CREDENTIALS_VARIABLE } from '../zenoh/credentials.ts';
import { DEFAULT_ENDPOINT, parseEndpoint } from '../zenoh/endpoint.ts';
import { SessionError } from '../zenoh/session.ts';
import type { Invocation } from './command.ts';

export const CONFIG_FILE_NAME = 'config.json5';

export const settingNames = [
  'BUBBALOOP_ZENOH_ENDPOINT',
  'BUBBALOOP_MACHINE_ID',
  'BUBBALOOP_HOME',
  'RUST_LOG',
  'NO_COLOR',
] as const;
export type SettingName = (typeof settingNames)[number];

/** Flags that decide the same, by their camelCase name. */
const flagOf: Readonly<Partial<Record<SettingName, string>>> = {
  BUBBALOOP_ZENOH_ENDPOINT: 'endpoint',
  BUBBALOOP_MACHINE_ID: 'machineId',
  BUBBALOOP_HOME: 'home',
};

export type SettingOrigin = 'flag' | 'environment' | 'file' | 'default';

export interface Setting {
  readonly name: SettingName;
  /** Undefined where nothing is set and nothing is the default. */
  readonly value: string | undefined;
  readonly origin: SettingOrigin;
}

export interface Settings {
  readonly file: string;
  readonly isFilePresent: boolean;
  readonly settings: readonly Setting[];
}

const EXAMPLE = `{ BUBBALOOP_ZENOH_ENDPOINT: '${DEFAULT_ENDPOINT}' }`;

type Environment = Record<string, string | undefined>;

/** The file that counts: in the home of the flag, of the environment, or in `~/.bubbaloop`. */
export function configFile(homeFlag: string | undefined, env: Readonly<Environment>): string {
  const home = homeFlag || env.BUBBALOOP_HOME || join(homedir(), '.bubbaloop');
  return resolve(home, CONFIG_FILE_NAME);
}

/** Values of the file by name; undefined where there is none. A UserError names file, line and column. */
export async function readConfigFile(
  file: string,
): Promise<Readonly<Partial<Record<SettingName, string>>> | undefined> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined;
    throw new UserError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}.`, {
      cause: error,
    });
  }
  return decodeConfig(file, await parseJson5(file, text, EXAMPLE), text);
}

/** Fills `env` with what the file says and the environment does not, and tells for each name which of them won. */
export async function settle(invocation: Invocation, env: Environment): Promise<Settings> {
  const homeFlag = flagValue(invocation, 'BUBBALOOP_HOME');
  const file = configFile(homeFlag, env);
  const values = await readConfigFile(file);
  const settings = settingNames.map((name): Setting => {
    const flag = flagValue(invocation, name);
    const given = env[name];
    const isSet = given !== undefined && given !== '';
    const fromFile = values?.[name];
    if (!isSet && fromFile !== undefined && fromFile !== '') env[name] = fromFile;
    if (flag !== undefined) return { name, value: flag, origin: 'flag' };
    if (isSet) return { name, value: given, origin: 'environment' };
    if (fromFile !== undefined) return { name, value: fromFile === '' ? undefined : fromFile, origin: 'file' };
    return { name, value: defaultOf(name), origin: 'default' };
  });
  const home = settings.find(({ name }) => name === 'BUBBALOOP_HOME')?.value;
  // Set but empty means none.
  const credentials = home === undefined || env[CREDENTIALS_VARIABLE] !== undefined ? undefined : credentialsFile(home);
  if (credentials !== undefined) env[CREDENTIALS_VARIABLE] = credentials;
  return { file, isFilePresent: values !== undefined, settings };
}

/** What sessions show to routers: written by hand, or brought with the certificates of `setup tls`. */
function credentialsFile(home: string): string | undefined {
  return [join(home, 'credentials.json'), join(home, 'tls', 'credentials.json')].find((file) => existsSync(file));
}

function flagValue(invocation: Invocation, name: SettingName): string | undefined {
  const flag = flagOf[name];
  const value = flag === undefined ? undefined : invocation.flags[flag];
  return typeof value === 'string' ? value : undefined;
}

function defaultOf(name: SettingName): string | undefined {
  if (name === 'BUBBALOOP_ZENOH_ENDPOINT') return DEFAULT_ENDPOINT;
  if (name === 'BUBBALOOP_MACHINE_ID') return machineId({}, hostname());
  if (name === 'BUBBALOOP_HOME') return join(homedir(), '.bubbaloop');
  return undefined;
}

function decodeConfig(file: string, json: unknown, text: string): Readonly<Partial<Record<SettingName, string>>> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new UserError(`${file}:1:1: it holds no object.`, { hint: `Its names: ${settingNames.join(', ')}.` });
  }
  const values: Partial<Record<SettingName, string>> = {};
  for (const [key, value] of Object.entries(json)) {
    const at = `${file}${placeOf(key, text)}`;
    const name = settingNames.find((candidate) => candidate === key);
    if (name === undefined) {
      throw new UserError(`${at}: there is no setting ${JSON.stringify(plainText(key))}.`, {
        hint: `There are: ${settingNames.join(', ')}.`,
      });
    }
    if (name === 'NO_COLOR' && typeof value === 'boolean') {
      values[name] = value ? '1' : '';
      continue;
    }
    if (typeof value !== 'string') throw new UserError(`${at}: ${name} wants a text in quotes.`);
    if (/\p{Cc}/u.test(value)) throw new UserError(`${at}: ${name} has control characters in it.`);
    if (name === 'BUBBALOOP_ZENOH_ENDPOINT') checkEndpoint(at, value);
    values[name] = value;
  }
  return values;
}

function checkEndpoint(at: string, value: string): void {
  try {
    parseEndpoint(value);
  } catch (error) {
    if (!(error instanceof SessionError)) throw error;
    throw new UserError(`${at}: ${error.message}`, { cause: error });
  }
}
