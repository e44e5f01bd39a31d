import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findHome } from '../daemon/home.ts';
import { EXIT_OK, UserError, usageError } from '../errors.ts';
import { nativeFile, projectRoot } from '../project-root.ts';
import { type Profile, profiles, readRouterChoice } from '../setup/router-choice.ts';
import { booleanFlag, type Command, type Invocation, stringFlag } from './command.ts';

/** File of configs/zenoh that a profile starts from. */
const profileFile: Readonly<Record<Profile, string>> = {
  standalone: 'standalone.json5',
  central: 'central-router.json5',
  jetson: 'jetson-router.json5',
};

export const routerCommand: Command = {
  name: 'router',
  summary: 'Run a zenoh router: for one machine, for the central server, or for a robot',
  operands: '[standalone|central|jetson]',
  flags: {
    central: {
      type: 'string',
      placeholder: 'HOST[:PORT]',
      summary: 'jetson: the central router to connect to',
      defaultText: 'port 7447',
    },
    config: {
      type: 'string',
      shortFlag: 'c',
      placeholder: 'FILE',
      summary: 'any zenoh configuration file, in place of a profile',
    },
    name: { type: 'string', placeholder: 'NAME', summary: 'name that `top` shows', defaultText: 'the machine id' },
    listen: {
      type: 'string',
      placeholder: 'ENDPOINT',
      isMultiple: true,
      summary: 'listen here in place of the profile’s endpoints, tcp/127.0.0.1:7447',
    },
    websocket: { type: 'string', placeholder: 'HOST:PORT', summary: 'address of the WebSocket for zenoh-ts' },
    rest: { type: 'string', placeholder: 'HOST:PORT', summary: 'address of the REST interface' },
    cfg: {
      type: 'string',
      placeholder: 'KEY:VALUE',
      isMultiple: true,
      summary: 'set any key of the configuration, as with zenohd: transport/unicast/max_sessions:100',
    },
    home: {
      type: 'string',
      placeholder: 'DIR',
      summary: 'folder whose router.json5 says what to run where neither profile nor file is named',
      defaultText: 'BUBBALOOP_HOME, then ~/.bubbaloop',
    },
    printConfig: { type: 'boolean', summary: 'print the configuration that would be used, and end' },
  },
  examples: [
    'bubbaloop router    # as `bubbaloop setup` has written down, else standalone',
    'bubbaloop router standalone',
    'bubbaloop router central',
    'bubbaloop router jetson --central central.example.org',
    'bubbaloop router -c my-router.json5 --print-config',
  ],
  async run(invocation) {
    const { resolveRouterConfig, routerArguments } = await import('./router-config.ts');
    const binary = routerBinary();
    const words = routerArguments(await routerRequest(invocation), process.env);
    const config = resolveRouterConfig(binary, words);
    if (booleanFlag(invocation, 'printConfig')) {
      process.stdout.write(`${JSON.stringify(config, null, 2)}\n`);
      return EXIT_OK;
    }
    const { checkCertificates, openDoors } = await import('../setup/router-safety.ts');
    checkCertificates(config, Date.now());
    for (const door of openDoors(config)) process.stderr.write(`bubbaloop router: warning: ${door}\n`);
    return become(binary, words);
  },
};

/** What a command line asks for, before it is turned into words for the binary. */
export type RouterRequest = {
  readonly file: string;
  readonly central?: string | undefined;
  readonly name?: string | undefined;
  readonly listen: readonly string[];
  readonly websocket?: string | undefined;
  readonly rest?: string | undefined;
  readonly cfg: readonly string[];
};

/** Path of the router binary; a UserError that says what to do where it was not built. */
export function routerBinary(): string {
  const binary = nativeFile('bubbaloop-router');
  if (existsSync(binary)) return binary;
  throw new UserError(`The router was not built (${binary} is missing).`, {
    hint: 'It needs a Rust toolchain (https://rustup.rs), then: npm run build:native',
  });
}

/** Path of a profile's configuration file. */
export function profileConfig(profile: Profile): string {
  return join(projectRoot, 'configs', 'zenoh', profileFile[profile]);
}

async function routerRequest(invocation: Invocation): Promise<RouterRequest> {
  const [operand, ...more] = invocation.operands;
  if (more.length > 0) throw usageError(`router takes one profile, not ${invocation.operands.length}.`);
  const config = stringFlag(invocation, 'config');
  if (config !== undefined && operand !== undefined) {
    throw usageError(`Either a profile (${operand}) or a configuration file (${config}), not both.`);
  }
  const { folder } = findHome(stringFlag(invocation, 'home'), process.env);
  const choice = operand === undefined && config === undefined ? await readRouterChoice(folder) : undefined;
  const profile = choice?.profile ?? profiles.find((name) => name === (operand ?? 'standalone'));
  if (profile === undefined) {
    throw usageError(`There is no router profile ${JSON.stringify(operand)}.`, `Profiles: ${profiles.join(', ')}.`);
  }
  const central = stringFlag(invocation, 'central');
  if (central !== undefined && (config !== undefined || profile !== 'jetson')) {
    throw usageError('--central goes with the profile jetson: bubbaloop router jetson --central HOST');
  }
  const listen = listFlag(invocation, 'listen');
  const chosen = Object.entries(choice?.cfg ?? {}).map(([key, value]) => `${key}:${JSON.stringify(value)}`);
  return {
    file: config ?? profileConfig(profile),
    central: central ?? choice?.central,
    name: stringFlag(invocation, 'name') ?? choice?.name,
    listen: listen.length > 0 ? listen : (choice?.listen ?? []),
    websocket: stringFlag(invocation, 'websocket') ?? choice?.websocket,
    rest: stringFlag(invocation, 'rest') ?? choice?.rest,
    cfg: [...chosen, ...listFlag(invocation, 'cfg')],
  };
}

function listFlag(invocation: Invocation, name: string): readonly string[] {
  const value = invocation.flags[name];
  return Array.isArray(value) ? value : [];
}

/** The router takes this process's place: a supervisor sees one process, 14 MB, and signals reach it directly. */
function become(binary: string, words: readonly string[]): never {
  if (process.execve === undefined) {
    throw new UserError(
      `Node ${process.version} cannot hand over to the router; bubbaloop needs the Node that npm brings.`,
    );
  }
  process.execve(binary, [binary, ...words], process.env);
  throw new UserError(`Could not start ${binary}.`);
}
