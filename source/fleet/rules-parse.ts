/** Reads a rule file. Every mistake says where it is and what was expected there; the file is then not used at all. */
import type { ValueNode } from '@humanwhocodes/momoa';
import { describe, Json5Reader } from './json5-reader.ts';
import { type Mistake, parseJson5 } from './json5-tree.ts';
import { LIMIT_UNITS } from './rule-limits.ts';
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

export type ParsedRules =
  | { readonly ok: true; readonly rules: RuleSet }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] };

/** The rules of the text, and of the usual ones those whose kind it does not name. */
export function parseRules(text: string): ParsedRules {
  const tree = parseJson5(text);
  if (!tree.ok) return { ok: false, mistakes: [tree.mistake] };
  const reader = new RuleReader();
  const rules = reader.file(tree.body);
  return reader.mistakes.length === 0 ? { ok: true, rules } : { ok: false, mistakes: reader.mistakes };
}

class RuleReader {
  readonly #json = new Json5Reader();

  get mistakes(): readonly Mistake[] {
    return this.#json.mistakes;
  }

  file(body: ValueNode): RuleSet {
    const fields = this.#json.object(body, ['usual', 'rules', 'silence'], 'the rule file');
    const keepsUsual = this.#json.flag(fields.get('usual')) ?? true;
    const named = new Set<RuleName>();
    const rules: Rule[] = [];
    for (const node of this.#json.list(fields.get('rules'), 'rules')) {
      const rule = this.#rule(node, named);
      if (rule !== undefined) rules.push(rule);
    }
    const silences = this.#json.list(fields.get('silence'), 'silences').map((node) => this.#silence(node));
    const kept = keepsUsual ? USUAL_RULES.rules.filter(({ when }) => !named.has(when)) : [];
    return { rules: [...kept, ...rules], silences };
  }

  /** Undefined for a rule that turns its kind off, or cannot be read. */
  #rule(node: ValueNode, named: Set<RuleName>): Rule | undefined {
    const fields = this.#json.object(node, RULE_FIELDS, 'a rule');
    const whenNode = fields.get('when');
    if (whenNode === undefined) {
      if (node.type === 'Object')
        this.#json.wrong(node, `this rule has no "when"; expected one of ${RULE_NAMES.join(', ')}`);
      return undefined;
    }
    const when = this.#json.choice(whenNode, RULE_NAMES, '"when"');
    if (when === undefined) return undefined;
    named.add(when);
    const usual = USUAL_RULES.rules.find((rule) => rule.when === when);
    const severity =
      this.#json.optionalChoice(fields.get('severity'), SEVERITIES, '"severity"') ?? usual?.severity ?? 'warn';
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
      this.#json.wrong(given, `${when} has no "${side}"; expected ${expected}`);
    }
    if (limit === undefined) return 0;
    const given = fields.get(limit.side);
    if (given !== undefined) return this.#quantity(given, limit.unit) ?? 0;
    if (usual === undefined && !isOff) {
      this.#json.wrong(node, `${when} needs "${limit.side}"; expected ${LIMIT_UNITS[limit.unit].example}`);
    }
    return usual ?? 0;
  }

  #silence(node: ValueNode): Silence {
    const fields = this.#json.object(node, SILENCE_FIELDS, 'a silence');
    const patterns = this.#patterns(fields, undefined);
    const whenNode = fields.get('when');
    const when =
      whenNode === undefined
        ? undefined
        : this.#json
            .oneOrMore(whenNode, '"when"')
            .flatMap((item) => this.#json.choice(item, RULE_NAMES, '"when"') ?? []);
    const isBare = Object.keys(patterns).length === 0 && when === undefined;
    if (node.type === 'Object' && isBare) {
      this.#json.wrong(node, 'this silences everything; expected at least one of machine, node, router, when');
    }
    return {
      ...patterns,
      when,
      untilMs: this.#moment(fields.get('until')),
      reason: this.#json.text(fields.get('reason')) ?? '',
    };
  }

  #patterns(fields: ReadonlyMap<string, ValueNode>, when: RuleName | undefined): SubjectPatterns {
    const patterns: { machine?: readonly string[]; node?: readonly string[]; router?: readonly string[] } = {};
    for (const name of ['machine', 'node', 'router'] as const) {
      const given = fields.get(name);
      if (given === undefined) continue;
      const subject = when === undefined ? undefined : ruleKind(when).subject;
      if (subject !== undefined && !SUBJECT_FIELDS[subject].includes(name)) {
        this.#json.wrong(
          given,
          `${when} is about a ${subject}; expected ${SUBJECT_FIELDS[subject].join(' or ')}, not "${name}"`,
        );
        continue;
      }
      patterns[name] = this.#json.oneOrMore(given, `"${name}"`).flatMap((item) => this.#json.text(item) ?? []);
    }
    return patterns;
  }

  #duration(node: ValueNode | undefined): number | undefined {
    return node === undefined ? undefined : this.#quantity(node, 'milliseconds');
  }

  #quantity(node: ValueNode, unit: LimitUnit): number | undefined {
    const { read, example } = LIMIT_UNITS[unit];
    const value =
      node.type === 'String' ? read(node.value.trim()) : node.type === 'Number' ? read(String(node.value)) : undefined;
    if (value !== undefined) return value;
    this.#json.wrong(node, `this is ${describe(node)}; expected ${example}`);
    return undefined;
  }

  #moment(node: ValueNode | undefined): number | undefined {
    if (node === undefined) return undefined;
    const text = node.type === 'String' ? node.value : '';
    const atMs = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
    if (!Number.isNaN(atMs)) return atMs;
    this.#json.wrong(
      node,
      `this is ${describe(node)}; expected a day or a moment such as '2026-12-24' or '2026-12-24T18:00'`,
    );
    return undefined;
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
