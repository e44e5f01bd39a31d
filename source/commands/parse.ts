import meow from 'meow';
import { usageError } from '../errors.ts';
import type { Command, Flag, Invocation } from './command.ts';

type MeowFlag = {
  readonly type: Flag['type'];
  readonly shortFlag?: string;
  readonly isMultiple?: boolean;
};

/** Parses what follows the command's name. `help` where help was asked for; a usage error for an unknown flag. */
export function parseCommandLine(command: Command, argv: readonly string[]): Invocation | 'help' {
  const separator = argv.indexOf('--');
  const words = separator === -1 ? argv : argv.slice(0, separator);
  const rest = separator === -1 ? [] : argv.slice(separator + 1);
  if (words.includes('--help') || words.includes('-h')) return 'help';

  refuseUnknownFlags(command, words);
  const parsed = meow({
    importMeta: import.meta,
    argv: words,
    // What `ps` shows: meow names the process after this.
    pkg: { name: `bubbaloop ${command.name}` },
    autoHelp: false,
    autoVersion: false,
    // Boolean flags stay undefined when absent: only then can a config file or the environment speak.
    booleanDefault: undefined,
    flags: Object.fromEntries(Object.entries(command.flags).map(([name, flag]) => [name, meowFlag(flag)])),
  });
  const flags = parsed.flags as Record<string, Invocation['flags'][string]>;
  for (const [name, flag] of Object.entries(command.flags)) {
    const value = flags[name];
    if (flag.type === 'number' && value !== undefined && (typeof value !== 'number' || Number.isNaN(value))) {
      throw usageError(`--${kebabCase(name)} wants a number.`, helpHint(command));
    }
    if (flag.type === 'string' && value === '') {
      throw usageError(`--${kebabCase(name)} wants a value: ${flagSynopsis(name, flag)}.`, helpHint(command));
    }
  }
  return { operands: parsed.input, flags, rest };
}

/** `--interval SECONDS`, or `-c, --config FILE`. */
export function flagSynopsis(name: string, flag: Flag): string {
  const short = flag.shortFlag === undefined ? '' : `-${flag.shortFlag}, `;
  const value = flag.type === 'boolean' ? '' : ` ${flag.placeholder ?? (flag.type === 'number' ? 'N' : 'TEXT')}`;
  return `${short}--${kebabCase(name)}${value}`;
}

function refuseUnknownFlags(command: Command, words: readonly string[]): void {
  const long = new Set(Object.keys(command.flags).map(kebabCase));
  const short = new Set(Object.values(command.flags).flatMap((flag) => flag.shortFlag ?? []));
  for (const word of words) {
    const longName = /^--(?:no-)?([^=]+)/.exec(word)?.[1];
    const shortName = /^-([A-Za-z])/.exec(word)?.[1];
    if (longName !== undefined && !long.has(longName)) {
      throw usageError(`${command.name} has no flag --${longName}.`, helpHint(command));
    }
    if (longName === undefined && shortName !== undefined && !short.has(shortName)) {
      throw usageError(`${command.name} has no flag -${shortName}.`, helpHint(command));
    }
  }
}

function helpHint(command: Command): string {
  return `See \`bubbaloop ${command.name} --help\`.`;
}

function meowFlag(flag: Flag): MeowFlag {
  return {
    type: flag.type,
    ...(flag.shortFlag === undefined ? {} : { shortFlag: flag.shortFlag }),
    ...(flag.isMultiple === undefined ? {} : { isMultiple: flag.isMultiple }),
  };
}

/** `camelCase` as flags are typed: `camel-case`. */
export function kebabCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
