/** Reads a rule file. Every mistake says where it is and what was expected there; the file is then not used at all. */
import type { MemberNode, ObjectNode, ValueNode } from '@humanwhocodes/momoa';
import { type Mistake, parseJson5 } from './json5-tree.ts';
import {
  type LimitUnit,
  RULE_NAMES,
  type Rule,
  type RuleName,
  type RuleSet,
  ruleKind,
  type Severity,
  type Silence,
  type SubjectPatterns,
  USUAL_RULES,
  usualClearAfterMs,
} from './rules.ts';

export type { Mistake };

export type ParsedRules =
  | { readonly ok: true; readonly rules: RuleSet }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] };

const MAX_MISTAKES = 20;
const MAX_RULES = 1_000;

/** The rules of the text, and of the usual ones those whose kind it does not name. */
export function parseRules(text: string): ParsedRules {
  const tree = parseJson5(text);
  if (!tree.ok) return { ok: false, mistakes: [tree.mistake] };
  const reader = new RuleReader();
  const rules = reader.file(tree.body);
  return reader.mistakes.length === 0 ? { ok: true, rules } : { ok: false, mistakes: reader.mistakes };
}

class RuleReader {
  readonly mistakes: Mistake[] = [];

  file(body: ValueNode): RuleSet {
    const fields = this.#object(body, ['usual', 'rules', 'silence'], 'the rule file');
    const keepsUsual = this.#flag(fields.get('usual')) ?? true;
    const named = new Set<RuleName>();
    const rules: Rule[] = [];
    for (const node of this.#list(fields.get('rules'), 'rules')) {
      const rule = this.#rule(node, named);
      if (rule !== undefined) rules.push(rule);
    }
    const silences = this.#list(fields.get('silence'), 'silences').map((node) => this.#silence(node));
    const kept = keepsUsual ? USUAL_RULES.rules.filter(({ when }) => !named.has(when)) : [];
    return { rules: [...kept, ...rules], silences };
  }

  /** Undefined for a rule that turns its kind off, or cannot be read. */
  #rule(node: ValueNode, named: Set<RuleName>): Rule | undefined {
    const fields = this.#object(node, RULE_FIELDS, 'a rule');
    const whenNode = fields.get('when');
    if (whenNode === undefined) {
      if (node.type === 'Object')
        this.#wrong(node, `this rule has no "when"; expected one of ${RULE_NAMES.join(', ')}`);
      return undefined;
    }
    const when = this.#choice(whenNode, RULE_NAMES, '"when"');
    if (when === undefined) return undefined;
    named.add(when);
    const usual = USUAL_RULES.rules.find((rule) => rule.when === when);
    const severity =
      this.#optionalChoice(fields.get('severity'), SEVERITIES, '"severity"') ?? usual?.severity ?? 'warn';
    const forMs = this.#duration(fields.get('for')) ?? usual?.forMs ?? 0;
    const clearAfterMs = this.#duration(fields.get('clearAfter')) ?? usualClearAfterMs(when);
    const patterns = this.#patterns(fields, when);
    const limit = this.#limit(node, fields, when, usual?.limit, severity === 'off');
    return severity === 'off' ? undefined : { when, severity, limit, forMs, clearAfterMs, ...patterns };
  }

  #limit(
    node: ValueNode,
    fields: ReadonlyMap<string, ValueNode>,
    when: RuleName,
    usual: number | undefined,
    isOff: boolean,
  ): number {
    const { limit } = ruleKind(when);
    for (const side of ['above', 'below'] as const) {
      const given = fields.get(side);
      if (given === undefined || limit?.side === side) continue;
      const expected = limit === undefined ? 'no limit' : `"${limit.side}"`;
      this.#wrong(given, `${when} has no "${side}"; expected ${expected}`);
    }
    if (limit === undefined) return 0;
    const given = fields.get(limit.side);
    if (given !== undefined) return this.#quantity(given, limit.unit) ?? 0;
    if (usual === undefined && !isOff) {
      this.#wrong(node, `${when} needs "${limit.side}"; expected ${UNITS[limit.unit].example}`);
    }
    return usual ?? 0;
  }

  #silence(node: ValueNode): Silence {
    const fields = this.#object(node, SILENCE_FIELDS, 'a silence');
    const patterns = this.#patterns(fields, undefined);
    const whenNode = fields.get('when');
    const when =
      whenNode === undefined
        ? undefined
        : this.#oneOrMore(whenNode, '"when"').flatMap((item) => this.#choice(item, RULE_NAMES, '"when"') ?? []);
    const isBare = Object.keys(patterns).length === 0 && when === undefined;
    if (node.type === 'Object' && isBare) {
      this.#wrong(node, 'this silences everything; expected at least one of machine, node, router, when');
    }
    return {
      ...patterns,
      when,
      untilMs: this.#moment(fields.get('until')),
      reason: this.#text(fields.get('reason')) ?? '',
    };
  }

  #patterns(fields: ReadonlyMap<string, ValueNode>, when: RuleName | undefined): SubjectPatterns {
    const patterns: { machine?: readonly string[]; node?: readonly string[]; router?: readonly string[] } = {};
    for (const name of ['machine', 'node', 'router'] as const) {
      const given = fields.get(name);
      if (given === undefined) continue;
      const subject = when === undefined ? undefined : ruleKind(when).subject;
      if (subject !== undefined && !SUBJECT_FIELDS[subject].includes(name)) {
        this.#wrong(
          given,
          `${when} is about a ${subject}; expected ${SUBJECT_FIELDS[subject].join(' or ')}, not "${name}"`,
        );
        continue;
      }
      patterns[name] = this.#oneOrMore(given, `"${name}"`).flatMap((item) => this.#text(item) ?? []);
    }
    return patterns;
  }

  #object(node: ValueNode, known: readonly string[], what: string): ReadonlyMap<string, ValueNode> {
    const fields = new Map<string, ValueNode>();
    if (node.type !== 'Object') {
      this.#wrong(node, `${what} is ${describe(node)}; expected “{ … }” with ${known.join(', ')}`);
      return fields;
    }
    for (const member of membersOf(node)) {
      const name = nameOf(member);
      if (!known.includes(name)) {
        this.#wrong(member.name, `${what} has no "${name}"${nearest(name, known)}; expected ${known.join(', ')}`);
      } else if (fields.has(name)) this.#wrong(member.name, `"${name}" stands here a second time; expected it once`);
      else fields.set(name, member.value);
    }
    return fields;
  }

  #list(node: ValueNode | undefined, what: string): readonly ValueNode[] {
    if (node === undefined) return [];
    if (node.type !== 'Array') {
      this.#wrong(node, `${what} are ${describe(node)}; expected a list “[ … ]”`);
      return [];
    }
    if (node.elements.length > MAX_RULES) {
      this.#wrong(node, `${node.elements.length} ${what}; expected at most ${MAX_RULES}`);
      return [];
    }
    return node.elements.map((element) => element.value);
  }

  #oneOrMore(node: ValueNode, what: string): readonly ValueNode[] {
    if (node.type !== 'Array') return [node];
    if (node.elements.length === 0) this.#wrong(node, `${what} is an empty list; expected at least one`);
    return node.elements.map((element) => element.value);
  }

  #choice<T extends string>(node: ValueNode, choices: readonly T[], what: string): T | undefined {
    const text = node.type === 'String' ? node.value : undefined;
    const choice = choices.find((candidate) => candidate === text);
    if (choice === undefined) {
      this.#wrong(
        node,
        `${what} is ${describe(node)}${nearest(text ?? '', choices)}; expected one of ${choices.join(', ')}`,
      );
    }
    return choice;
  }

  #optionalChoice<T extends string>(node: ValueNode | undefined, choices: readonly T[], what: string): T | undefined {
    return node === undefined ? undefined : this.#choice(node, choices, what);
  }

  #text(node: ValueNode | undefined): string | undefined {
    if (node === undefined) return undefined;
    if (node.type === 'String') return node.value;
    this.#wrong(node, `this is ${describe(node)}; expected a string`);
    return undefined;
  }

  #flag(node: ValueNode | undefined): boolean | undefined {
    if (node === undefined) return undefined;
    if (node.type === 'Boolean') return node.value;
    this.#wrong(node, `this is ${describe(node)}; expected true or false`);
    return undefined;
  }

  #duration(node: ValueNode | undefined): number | undefined {
    return node === undefined ? undefined : this.#quantity(node, 'milliseconds');
  }

  #quantity(node: ValueNode, unit: LimitUnit): number | undefined {
    const { read, example } = UNITS[unit];
    const value =
      node.type === 'String' ? read(node.value.trim()) : node.type === 'Number' ? read(String(node.value)) : undefined;
    if (value !== undefined) return value;
    this.#wrong(node, `this is ${describe(node)}; expected ${example}`);
    return undefined;
  }

  #moment(node: ValueNode | undefined): number | undefined {
    if (node === undefined) return undefined;
    const text = node.type === 'String' ? node.value : '';
    const atMs = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
    if (!Number.isNaN(atMs)) return atMs;
    this.#wrong(
      node,
      `this is ${describe(node)}; expected a day or a moment such as '2026-12-24' or '2026-12-24T18:00'`,
    );
    return undefined;
  }

  #wrong(node: Pick<ValueNode, 'loc'>, message: string): void {
    if (this.mistakes.length < MAX_MISTAKES) this.mistakes.push({ ...place(node), message });
  }
}

const RULE_FIELDS = ['when', 'severity', 'above', 'below', 'for', 'clearAfter', 'machine', 'node', 'router'];
const SILENCE_FIELDS = ['when', 'machine', 'node', 'router', 'until', 'reason'];
const SEVERITIES = ['bad', 'warn', 'off'] as const satisfies readonly (Severity | 'off')[];
const SUBJECT_FIELDS: Readonly<Record<'node' | 'machine' | 'router', readonly string[]>> = {
  node: ['machine', 'node'],
  machine: ['machine'],
  router: ['router'],
};

const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A reader for each unit: the number, undefined for a text that is none. */
const UNITS: Readonly<Record<LimitUnit, { read(text: string): number | undefined; readonly example: string }>> = {
  hertz: { read: withUnit(/^([\d.]+)\s*(?:hz)?$/i), example: "messages per second, 5 or '5 Hz'" },
  percent: { read: withUnit(/^([\d.]+)\s*%?$/, 100), example: "a share, 90 or '90%'" },
  celsius: { read: withUnit(/^(-?[\d.]+)\s*(?:°?C)?$/i), example: "degrees Celsius, 85 or '85C'" },
  count: { read: withUnit(/^(\d+)$/), example: 'a whole number' },
  milliseconds: {
    read: (text) => {
      const [, figure, unit] = /^([\d.]+)\s*(ms|s|m|h|d)$/.exec(text) ?? [];
      const value = Number(figure) * (DURATION_UNITS[unit ?? ''] ?? Number.NaN);
      return Number.isFinite(value) ? value : undefined;
    },
    example: "a time such as '10s', '500ms', '2m', '1h'",
  },
};

function withUnit(pattern: RegExp, most = Number.POSITIVE_INFINITY): (text: string) => number | undefined {
  return (text) => {
    const value = Number(pattern.exec(text)?.[1] ?? Number.NaN);
    return Number.isFinite(value) && value <= most ? value : undefined;
  };
}

function membersOf(node: ObjectNode): readonly MemberNode[] {
  return node.members;
}

function nameOf({ name }: MemberNode): string {
  return name.type === 'Identifier' ? name.name : name.value;
}

function place({ loc }: Pick<ValueNode, 'loc'>): { readonly line: number; readonly column: number } {
  return { line: loc.start.line, column: loc.start.column };
}

function describe(node: ValueNode): string {
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
