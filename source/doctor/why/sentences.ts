/** What was found out about a key, told in sentences. Pure. */
import { keyExprIncludes, keyExprIntersects } from '../../zenoh/key-expr.ts';
import { denialText } from './access.ts';
import type { Declared } from './declarations.ts';
import type { Evidence } from './evidence.ts';

/** Under which keys never leave their machine. */
export const LOCAL_KEYS = 'bubbaloop/local/**';

/** Declarations that meet the key. */
export interface Matched {
  readonly publishers: readonly Declared[];
  readonly subscribers: readonly Declared[];
  readonly queryables: readonly Declared[];
  readonly tokens: readonly Declared[];
}

/** Who publishes, who subscribes, and what else stands there. */
export function whoSentences(evidence: Evidence, matched: Matched): string[] {
  const who = (what: string, none: string, declared: readonly Declared[]): string => {
    if (declared.length === 0) return none;
    const shown = declared.slice(0, MAX_SHOWN).map((item) => `${programName(evidence, item)} (${item.keyExpr})`);
    const more = declared.length > MAX_SHOWN ? ` and ${declared.length - MAX_SHOWN} more` : '';
    return `${what} ${shown.join(', ')}${more}.`;
  };
  const sentences = [
    who(
      'Published by',
      `No router ${evidence.unasked.length > 0 ? 'that was asked ' : ''}knows of a publisher; who puts without declaring one is not listed.`,
      matched.publishers,
    ),
    who(
      'Subscribed to by',
      `No router ${evidence.unasked.length > 0 ? 'that was asked ' : ''}knows of a subscriber, doctor apart.`,
      matched.subscribers,
    ),
  ];
  if (matched.queryables.length > 0) sentences.push(who('Queries are answered by', '', matched.queryables));
  if (matched.tokens.length > 0) sentences.push(who('A liveliness token stands there, of', '', matched.tokens));
  const { publishers, subscribers, queryables, tokens } = evidence;
  if ([publishers, subscribers, queryables, tokens].some(({ isCut }) => isCut)) {
    sentences.push('There are more declarations than could be read in time: the lists may lack some.');
  }
  return sentences;
}

const MAX_SHOWN = 5;

/** Which routers were left alone, and why. */
export function unaskedSentences({ unasked }: Evidence): string[] {
  if (unasked.length === 0) return [];
  const shown = unasked.slice(0, MAX_SHOWN).map(({ name }) => name);
  const more = unasked.length > MAX_SHOWN ? ` and ${unasked.length - MAX_SHOWN} more` : '';
  return [
    `Not asked who declared what: ${shown.join(', ')}${more}. A stock router of zenoh 1.10 can stop for good while it answers (eclipse-zenoh/zenoh#2619); that of bubbaloop cannot.`,
  ];
}

/** Whether what is published can reach who subscribes. */
export function pathSentences(evidence: Evidence, { publishers, subscribers }: Matched): string[] {
  const [publisher] = publishers;
  const [subscriber] = subscribers;
  const sentences = [
    `Asked at ${evidence.endpoint}; routers seen: ${evidence.routers.map(({ name }) => name).join(', ') || 'none'}.`,
  ];
  if (publisher === undefined || subscriber === undefined) return [...sentences, ...evidence.missingLinks];
  const doMeet = keyExprIntersects(publisher.keyExpr, subscriber.keyExpr);
  sentences.push(`The two expressions ${doMeet ? 'intersect' : 'do not intersect'}.`);
  const [from, to] = [publisher.routerZid, subscriber.routerZid];
  if (from === to) sentences.push(`Both are at router ${routerName(evidence, from)}.`);
  else {
    const way = hasRoute(evidence, from, to) ? 'there is a route' : 'there is no route';
    const knows = isKnownAt(evidence, from, subscriber) ? 'knows' : 'does not know';
    sentences.push(
      `From router ${routerName(evidence, from)} to router ${routerName(evidence, to)} ${way}; the first ${knows} of the subscription.`,
    );
  }
  return [...sentences, ...evidence.missingLinks];
}

export function accessSentences({ denials, keyExpr }: Evidence): string[] {
  const sentences =
    denials === undefined
      ? [
          'The configuration of the router cannot be read from here: whether its access control drops the key is not known.',
        ]
      : denials.length === 0
        ? ['The access control of this machine’s router does not concern it; that of other routers is not known here.']
        : denials.map(denialText);
  if (keyExprIncludes(LOCAL_KEYS, keyExpr))
    sentences.push('Keys under bubbaloop/local are not meant to leave their machine.');
  return sentences;
}

export function sampleSentence({ samples }: Evidence): string {
  const seconds = (samples.overMs / 1_000).toFixed(1);
  if (samples.count === 0) return `In ${seconds} s no sample came.`;
  const size = samples.bytes > 0 ? `, the last on ${samples.lastKey ?? ''}` : '';
  const shm = samples.viaShm ? ' through shared memory' : '';
  return `In ${seconds} s ${samples.count} samples came${shm}${size}, ${samples.lastAgoMs ?? 0} ms before the end.`;
}

function programName(evidence: Evidence, { zid, routerZid }: Declared): string {
  if (evidence.unasked.some((router) => router.zid === routerZid)) {
    return `a program at router ${routerName(evidence, routerZid)}`;
  }
  if (zid === '') return `the router ${routerZid.slice(0, 8)} itself, for its WebSocket or REST clients`;
  return evidence.names.get(zid) ?? `session ${zid.slice(0, 8)}`;
}

export function routerName({ routers }: Evidence, zid: string): string {
  return routers.find((router) => router.zid === zid)?.name ?? zid.slice(0, 8);
}

/** Whether the router of a publisher knows of a subscription: then it sends there. */
export function isKnownAt({ subscribers }: Evidence, routerZid: string, subscriber: Declared): boolean {
  if (subscriber.routerZid === routerZid) return true;
  return subscribers.known.some(
    ({ atRouter, keyExpr, ofRouters }) =>
      atRouter === routerZid && keyExpr === subscriber.keyExpr && ofRouters.includes(subscriber.routerZid),
  );
}

export function hasRoute({ links }: Evidence, from: string, to: string): boolean {
  const seen = new Set([from]);
  for (const zid of seen) {
    for (const [left, right] of links) {
      if (left === zid) seen.add(right);
      if (right === zid) seen.add(left);
    }
  }
  return seen.has(to);
}
