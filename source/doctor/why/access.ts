/** What a router's access control does with a key, as its configuration has it. Pure. */
import { keyExprIntersects } from '../../zenoh/key-expr.ts';
import { at } from '../local-router.ts';

/** A rule, or the default, that drops a key. */
export interface Denial {
  /** Id of the rule; undefined where nothing allows the key and the default is to deny. */
  readonly rule: string | undefined;
  readonly keyExprs: readonly string[];
  readonly messages: readonly string[];
  readonly flows: readonly string[];
  /** Ids of the subjects that it concerns. */
  readonly subjects: readonly string[];
  /** Whether programs that come in over loopback are let through all the same. */
  readonly sparesThisMachine: boolean;
}

/** Every denial that concerns `keyExpr`; empty where access control is off. Unknown shapes are passed over. */
export function findDenials(config: unknown, keyExpr: string): Denial[] {
  const access = at(config, 'access_control');
  if (at(access, 'enabled') !== true) return [];
  const rules = listAt(access, 'rules');
  const policies = listAt(access, 'policies');
  const subjects = listAt(access, 'subjects');
  const concerning = rules.filter((rule) => textsAt(rule, 'key_exprs').some((expr) => meets(expr, keyExpr)));
  const denials = concerning
    .filter((rule) => at(rule, 'permission') === 'deny')
    .map((rule): Denial => {
      const id = String(at(rule, 'id') ?? '');
      const named = policies
        .filter((policy) => textsAt(policy, 'rules').includes(id))
        .flatMap((policy) => textsAt(policy, 'subjects'));
      return {
        rule: id,
        keyExprs: textsAt(rule, 'key_exprs'),
        messages: textsAt(rule, 'messages'),
        flows: textsAt(rule, 'flows').length > 0 ? textsAt(rule, 'flows') : ['ingress', 'egress'],
        subjects: named,
        sparesThisMachine: isLoopbackSpared(subjects, named),
      };
    })
    // A rule that no policy names does nothing.
    .filter(({ subjects: named }) => named.length > 0);
  const isAllowed = concerning.some((rule) => at(rule, 'permission') === 'allow');
  if (at(access, 'default_permission') === 'deny' && !isAllowed) {
    const everything = {
      keyExprs: ['**'],
      messages: ['everything'],
      flows: ['ingress', 'egress'],
      subjects: ['everyone'],
    };
    denials.push({ rule: undefined, ...everything, sparesThisMachine: false });
  }
  return denials;
}

export function denialText({ rule, keyExprs, messages, flows, subjects, sparesThisMachine }: Denial): string {
  if (rule === undefined) return 'Its access control denies what no rule allows, and no rule allows this key.';
  const spared = sparesThisMachine ? ', programs of this machine apart' : '';
  return (
    `Its access control drops ${messages.join(', ')} on ${keyExprs.join(', ')} (rule ${rule}, ${flows.join(' and ')}) ` +
    `for ${subjects.join(', ')}${spared}.`
  );
}

/**
 * A subject that names other interfaces only does not mean loopback. And a session that is several subjects may do what
 * any of them may: one for loopback that the rule does not concern lets it through.
 */
function isLoopbackSpared(subjects: readonly unknown[], denied: readonly string[]): boolean {
  const interfaces = (subject: unknown): string[] => textsAt(subject, 'interfaces');
  const idOf = (subject: unknown): string => String(at(subject, 'id') ?? '');
  const concerned = subjects.filter((subject) => denied.includes(idOf(subject)));
  const meansLoopback = concerned.some(
    (subject) => interfaces(subject).length === 0 || interfaces(subject).includes('lo'),
  );
  if (!meansLoopback && concerned.length > 0) return true;
  return subjects.some((subject) => interfaces(subject).includes('lo') && !denied.includes(idOf(subject)));
}

function meets(expr: string, keyExpr: string): boolean {
  return keyExprIntersects(expr, keyExpr);
}

function listAt(value: unknown, key: string): readonly unknown[] {
  const list = at(value, key);
  return Array.isArray(list) ? list : [];
}

function textsAt(value: unknown, key: string): string[] {
  return listAt(value, key).filter((item): item is string => typeof item === 'string');
}
