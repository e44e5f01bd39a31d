import type { Settings } from './settings.ts';

/** One subcommand. Help, the man page and the README's tables derive from it. */
export interface Command {
  readonly name: string;
  /** One line, for the list in `bubbaloop --help`. */
  readonly summary: string;
  /** What follows `bubbaloop NAME`, `[standalone|central|jetson]`. */
  readonly operands?: string;
  readonly flags: Readonly<Record<string, Flag>>;
  /** Lines for the end of its help. */
  readonly examples?: readonly string[];
  /**
   * Runs it; the result is the exit code. What `settings` says stands in the environment already, flags apart. Heavy
   * modules (React, sharp, the addon) are imported inside. Throws UserError for what the user can mend.
   */
  run(invocation: Invocation, settings: Settings): Promise<number>;
}

export interface Flag {
  readonly type: 'string' | 'boolean' | 'number';
  readonly summary: string;
  readonly shortFlag?: string;
  /** Shown in help in place of the type, `HOST[:PORT]`. */
  readonly placeholder?: string;
  readonly isMultiple?: boolean;
  /** What is used where the flag is absent, for help only. */
  readonly defaultText?: string;
}

/** A parsed command line. */
export interface Invocation {
  readonly operands: readonly string[];
  /** Keyed by the flag's camelCase name. */
  readonly flags: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  /** What followed a bare `--`, word by word. */
  readonly rest: readonly string[];
}

/** The string value of a flag, undefined where absent. */
export function stringFlag(invocation: Invocation, name: string): string | undefined {
  const value = invocation.flags[name];
  return typeof value === 'string' ? value : undefined;
}

/** The number value of a flag, undefined where absent. */
export function numberFlag(invocation: Invocation, name: string): number | undefined {
  const value = invocation.flags[name];
  return typeof value === 'number' && !Number.isNaN(value) ? value : undefined;
}

/** Whether a boolean flag was given. */
export function booleanFlag(invocation: Invocation, name: string): boolean {
  return invocation.flags[name] === true;
}
