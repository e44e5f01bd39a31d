/** What may stand where on a command line, read from the command table: shells' completions are made of it. */
import { ENCODINGS } from '../zenoh/encodings.ts';
import type { Command, Flag } from './command.ts';
import { kebabCase } from './parse.ts';

/** What only the fleet or the file system knows. */
export type Kind = 'node' | 'machine' | 'file' | 'folder';

export interface Candidates {
  readonly words: readonly string[];
  readonly kinds: readonly Kind[];
}

export interface FlagWords {
  /** With its dashes. */
  readonly long: string;
  readonly short: string | undefined;
  readonly summary: string;
  /** Undefined where it takes no value. */
  readonly value: Candidates | undefined;
}

export interface CommandWords {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly FlagWords[];
  /** Its first operand, by the key ''; and the second, by the word that is the first. */
  readonly operands: ReadonlyMap<string, Candidates>;
}

export function commandWords(command: Command): CommandWords {
  const flags = Object.entries(command.flags).map(([name, flag]) => ({
    long: `--${kebabCase(name)}`,
    short: flag.shortFlag === undefined ? undefined : `-${flag.shortFlag}`,
    summary: flag.summary,
    value: flag.type === 'boolean' ? undefined : candidatesOf(flag.placeholder ?? '', flagOwner(name, flag)),
  }));
  const help = { long: '--help', short: '-h', summary: 'what it does and takes', value: undefined };
  return {
    name: command.name,
    summary: command.summary,
    flags: [...flags, help],
    operands: operandsOf(command.operands ?? '', command.name),
  };
}

/** Placeholders mean different things: ID is a machine of the fleet only where the flag says so. */
function flagOwner(name: string, flag: Flag): string {
  return name === 'machine' && flag.placeholder === 'ID' ? 'machine' : '';
}

/**
 * Reads `list | add PATH | remove|start NAME | import [FILE]`: alternatives between ` | `, in each of them words one
 * after the other, small letters as they are typed, capitals for what they stand for.
 */
function operandsOf(text: string, owner: string): ReadonlyMap<string, Candidates> {
  const merged = new Map<string, Candidates>();
  const add = (after: string, { words, kinds }: Candidates): void => {
    const known = merged.get(after) ?? { words: [], kinds: [] };
    merged.set(after, {
      words: [...new Set([...known.words, ...words])],
      kinds: [...new Set([...known.kinds, ...kinds])],
    });
  };
  for (const alternative of text.split(' | ')) {
    const [first = '', second] = alternative.replaceAll(/[[\]]/g, '').split(' ');
    const candidates = candidatesOf(first, owner);
    add('', candidates);
    if (second === undefined) continue;
    for (const word of candidates.words) add(word, candidatesOf(second, owner));
  }
  return merged;
}

const KINDS: Readonly<Record<string, Kind>> = { NODE: 'node', FILE: 'file', PATH: 'file', DIR: 'folder' };

function candidatesOf(placeholder: string, owner: string): Candidates {
  if (placeholder === 'ENCODING') return { words: ENCODINGS, kinds: [] };
  const parts = placeholder.split('|');
  return {
    words: parts.filter((part) => /^[a-z][a-z\d-]*$/.test(part)),
    kinds: parts.flatMap((part) => kindOf(part, owner) ?? []),
  };
}

function kindOf(placeholder: string, owner: string): Kind | undefined {
  if (placeholder === 'NAME' && owner === 'node') return 'node';
  if (placeholder === 'ID' && owner === 'machine') return 'machine';
  return KINDS[placeholder];
}
