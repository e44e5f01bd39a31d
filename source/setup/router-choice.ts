/** `router.json5` in the home: what `bubbaloop router` runs where its command line names neither profile nor file. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { parseJson5, placeOf } from '../json5-text.ts';

export const profiles = ['standalone', 'central', 'jetson'] as const;
export type Profile = (typeof profiles)[number];

export interface RouterChoice {
  readonly profile: Profile;
  /** jetson: `HOST`, `HOST:PORT` or a zenoh endpoint. */
  readonly central?: string;
  readonly name?: string;
  readonly listen?: readonly string[];
  /** `HOST:PORT`. */
  readonly websocket?: string;
  /** `HOST:PORT`. */
  readonly rest?: string;
  /** Any key of zenoh's configuration, `transport/unicast/max_sessions`, and its value. */
  readonly cfg?: Readonly<Record<string, unknown>>;
}

const keys = ['profile', 'central', 'name', 'listen', 'websocket', 'rest', 'cfg'];

export function routerChoiceFile(home: string): string {
  return join(home, 'router.json5');
}

/** Undefined where there is no such file. A UserError names file, line and column of what is wrong. */
export async function readRouterChoice(home: string): Promise<RouterChoice | undefined> {
  const file = routerChoiceFile(home);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new UserError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}.`, {
      cause: error,
    });
  }
  return decode(file, await parseJson5(file, text, "{ profile: 'jetson', central: 'HOST' }"), text);
}

function decode(file: string, json: unknown, text: string): RouterChoice {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new UserError(`${file}:1:1: it holds no object.`, { hint: `Its keys: ${keys.join(', ')}.` });
  const values = json as Readonly<Record<string, unknown>>;
  const wrong = (key: string, what: string): UserError => new UserError(`${file}${placeOf(key, text)}: ${what}.`);
  for (const key of Object.keys(values)) {
    if (!keys.includes(key)) throw wrong(key, `there is no key ${JSON.stringify(key)}; there are ${keys.join(', ')}`);
  }
  const textOf = (key: string): string | undefined => {
    const value = values[key];
    if (value === undefined || (typeof value === 'string' && value !== '')) return value;
    throw wrong(key, `\`${key}\` wants a text in quotes`);
  };
  const profile = profiles.find((name) => name === values.profile);
  if (profile === undefined) throw wrong('profile', `\`profile\` is one of ${profiles.join(', ')}`);
  const { listen, cfg } = values;
  if (listen !== undefined && !(Array.isArray(listen) && listen.every((entry) => typeof entry === 'string')))
    throw wrong('listen', "`listen` wants a list of endpoints, ['tcp/127.0.0.1:7447']");
  if (cfg !== undefined && (typeof cfg !== 'object' || cfg === null || Array.isArray(cfg)))
    throw wrong('cfg', '`cfg` wants an object, { KEY: VALUE }');
  const central = textOf('central');
  if (central !== undefined && profile !== 'jetson') throw wrong('central', '`central` goes with the profile jetson');
  const given = { central, name: textOf('name'), listen, websocket: textOf('websocket'), rest: textOf('rest'), cfg };
  return { profile, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) };
}

/** The file as `setup` writes it. */
export async function routerChoiceText(choice: RouterChoice): Promise<string> {
  const { default: JSON5 } = await import('json5');
  const lines = [
    `// What \`bubbaloop router\` runs on this machine, written by \`bubbaloop setup ${choice.profile}\`. It is yours to edit:`,
    '// setup keeps a file that you changed. What it amounts to: bubbaloop router --print-config',
    '{',
    '  // Where it starts from: configs/zenoh of bubbaloop.',
    `  profile: '${choice.profile}',`,
  ];
  const add = (comment: string, key: keyof RouterChoice): void => {
    const value = choice[key];
    if (value === undefined) return;
    const text = JSON5.stringify(value, null, 2).replaceAll('\n', '\n  ');
    lines.push(`  // ${comment}`, `  ${key}: ${text},`);
  };
  add('The central router: HOST, HOST:PORT or a zenoh endpoint.', 'central');
  add('The name that `top` shows.', 'name');
  add('Where it listens for zenoh.', 'listen');
  add('Where it listens for zenoh-ts and browsers.', 'websocket');
  add('Where it listens for REST.', 'rest');
  add('Any other key of zenoh’s configuration, and its value.', 'cfg');
  return `${[...lines, '}'].join('\n')}\n`;
}
