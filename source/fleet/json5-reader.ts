/** Reads values of a JSON5 tree as what they should be; what they are not becomes a mistake with its place. */
import type { MemberNode, ValueNode } from '@humanwhocodes/momoa';
import type { Mistake } from './json5-tree.ts';

const MAX_MISTAKES = 20;
const MAX_ITEMS = 1_000;

/** Each reader gives undefined, or nothing, for what it has noted as a mistake. An absent value is none. */
export class Json5Reader {
  readonly mistakes: Mistake[] = [];

  object(node: ValueNode, known: readonly string[], what: string): ReadonlyMap<string, ValueNode> {
    const fields = new Map<string, ValueNode>();
    if (node.type !== 'Object') {
      this.wrong(node, `${what} is ${describe(node)}; expected “{ … }” with ${known.join(', ')}`);
      return fields;
    }
    for (const member of node.members) {
      const name = nameOf(member);
      if (!known.includes(name)) {
        this.wrong(member.name, `${what} has no "${name}"${nearest(name, known)}; expected ${known.join(', ')}`);
      } else if (fields.has(name)) this.wrong(member.name, `"${name}" stands here a second time; expected it once`);
      else fields.set(name, member.value);
    }
    return fields;
  }

  list(node: ValueNode | undefined, what: string): readonly ValueNode[] {
    if (node === undefined) return [];
    if (node.type !== 'Array') {
      this.wrong(node, `${what} are ${describe(node)}; expected a list “[ … ]”`);
      return [];
    }
    if (node.elements.length > MAX_ITEMS) {
      this.wrong(node, `${node.elements.length} ${what}; expected at most ${MAX_ITEMS}`);
      return [];
    }
    return node.elements.map((element) => element.value);
  }

  oneOrMore(node: ValueNode, what: string): readonly ValueNode[] {
    if (node.type !== 'Array') return [node];
    if (node.elements.length === 0) this.wrong(node, `${what} is an empty list; expected at least one`);
    return node.elements.map((element) => element.value);
  }

  choice<T extends string>(node: ValueNode, choices: readonly T[], what: string): T | undefined {
    const text = node.type === 'String' ? node.value : undefined;
    const choice = choices.find((candidate) => candidate === text);
    if (choice === undefined) {
      this.wrong(
        node,
        `${what} is ${describe(node)}${nearest(text ?? '', choices)}; expected one of ${choices.join(', ')}`,
      );
    }
    return choice;
  }

  optionalChoice<T extends string>(node: ValueNode | undefined, choices: readonly T[], what: string): T | undefined {
    return node === undefined ? undefined : this.choice(node, choices, what);
  }

  text(node: ValueNode | undefined): string | undefined {
    if (node === undefined) return undefined;
    if (node.type === 'String') return node.value;
    this.wrong(node, `this is ${describe(node)}; expected a string`);
    return undefined;
  }

  flag(node: ValueNode | undefined): boolean | undefined {
    if (node === undefined) return undefined;
    if (node.type === 'Boolean') return node.value;
    this.wrong(node, `this is ${describe(node)}; expected true or false`);
    return undefined;
  }

  /** Notes what is wrong with a value, and what was expected there. */
  wrong(node: Pick<ValueNode, 'loc'>, message: string): void {
    if (this.mistakes.length < MAX_MISTAKES) this.mistakes.push({ ...place(node), message });
  }
}

function nameOf({ name }: MemberNode): string {
  return name.type === 'Identifier' ? name.name : name.value;
}

function place({ loc }: Pick<ValueNode, 'loc'>): { readonly line: number; readonly column: number } {
  return { line: loc.start.line, column: loc.start.column };
}

/** A value as a mistake speaks of it: `an object`, `"front"`, `5`. */
export function describe(node: ValueNode): string {
  switch (node.type) {
    case 'Object':
      return 'an object';
    case 'Array':
      return 'a list';
    case 'String':
      return JSON.stringify(node.value.length > 40 ? `${node.value.slice(0, 40)}…` : node.value);
    case 'Number':
    case 'Boolean':
      return String(node.value);
    default:
      return node.type.toLowerCase();
  }
}

/** ` (did you mean "node-down"?)` for a word that is nearly one of the choices. */
function nearest(word: string, choices: readonly string[]): string {
  const close = choices.find((choice) => word !== '' && isNear(word.toLowerCase(), choice.toLowerCase()));
  return close === undefined ? '' : ` (did you mean "${close}"?)`;
}

/** One beginning of the other, the same letters, or the same but for one place. */
function isNear(a: string, b: string): boolean {
  if (Math.min(a.length, b.length) > 3 && (a.startsWith(b) || b.startsWith(a))) return true;
  if ([...a].sort().join('') === [...b].sort().join('')) return true;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  return Math.max(a.length, b.length) - start - end <= 1;
}
