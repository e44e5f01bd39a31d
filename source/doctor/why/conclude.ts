/** From what was found out to an answer in sentences, the verdict first. Pure. */
import { parseKey } from '../../wire/keys.ts';
import { keyExprIncludes, keyExprIntersects } from '../../zenoh/key-expr.ts';
import type { Declarations, Declared } from './declarations.ts';
import type { Evidence } from './evidence.ts';
import { nearest } from './nearest.ts';
import {
  accessSentences,
  hasRoute,
  isKnownAt,
  LOCAL_KEYS,
  type Matched,
  pathSentences,
  routerName,
  sampleSentence,
  unaskedSentences,
  whoSentences,
} from './sentences.ts';

export type VerdictKind =
  | 'flows'
  | 'unwanted'
  | 'asked'
  | 'dropped'
  | 'local'
  | 'no-route'
  | 'no-intersection'
  | 'no-publisher'
  | 'no-subscriber'
  | 'silent'
  /** Some routers were not asked, and what they know might change the verdict. */
  | 'not-asked';

export interface Conclusion {
  readonly kind: VerdictKind;
  /** Whether somebody sees the key. */
  readonly ok: boolean;
  /** One sentence. */
  readonly verdict: string;
  /** What it rests on, a sentence each. */
  readonly sentences: readonly string[];
  readonly remedy: string | undefined;
}

export function conclude(evidence: Evidence): Conclusion {
  const { keyExpr } = evidence;
  const on = ({ declared }: Declarations): Declared[] =>
    declared.filter((declaration) => keyExprIntersects(declaration.keyExpr, keyExpr));
  const matched: Matched = {
    publishers: on(evidence.publishers),
    subscribers: on(evidence.subscribers),
    queryables: on(evidence.queryables),
    tokens: on(evidence.tokens),
  };
  const sentences = [
    ...whoSentences(evidence, matched),
    ...unaskedSentences(evidence),
    ...pathSentences(evidence, matched),
    ...accessSentences(evidence),
    sampleSentence(evidence),
  ];
  return { ...withUnasked(evidence, judge(evidence, matched)), sentences };
}

/** Those that rest on what nobody declared, or no router knows. */
const UNSURE: ReadonlySet<VerdictKind> = new Set([
  'unwanted',
  'no-route',
  'no-intersection',
  'no-publisher',
  'no-subscriber',
]);

function withUnasked(evidence: Evidence, judged: Omit<Conclusion, 'sentences'>): Omit<Conclusion, 'sentences'> {
  const { keyExpr, unasked } = evidence;
  if (unasked.length === 0 || !UNSURE.has(judged.kind)) return judged;
  const { count, overMs } = evidence.samples;
  const seconds = overMs / 1_000;
  const seen =
    count > 0
      ? `It is sent (${(count / seconds).toFixed(1)} samples a second)`
      : `In ${seconds.toFixed(1)} s nothing was sent`;
  return {
    kind: 'not-asked',
    ok: false,
    verdict: `${seen}; who publishes it and who subscribes is not known, since not every router was asked.`,
    remedy: `When a stop of ${unasked.length === 1 ? 'that router' : 'those routers'} does no harm: bubbaloop doctor why ${keyExpr} --ask-routers`,
  };
}

function judge(evidence: Evidence, matched: Matched): Omit<Conclusion, 'sentences'> {
  const { keyExpr, samples, denials = [], missingLinks } = evidence;
  const { publishers, subscribers } = matched;
  const machine = machineOf(keyExpr);
  const blame = denials[0];
  const seconds = (samples.overMs / 1_000).toFixed(1);
  const rate = (samples.count / (samples.overMs / 1_000)).toFixed(1);
  const no = (kind: VerdictKind, verdict: string, remedy?: string) => ({ kind, ok: false, verdict, remedy });

  const isLocal = keyExprIncludes(LOCAL_KEYS, keyExpr) && isElsewhere(evidence, machine);
  if (isLocal && samples.count === 0 && !isSentHere(evidence, publishers)) {
    return no(
      'local',
      `It never leaves its machine: keys under bubbaloop/local are for programs on ${machine ?? 'that machine'} itself.`,
      `Look there, or at what is sent under bubbaloop/global/${machine ?? '*'}/`,
    );
  }
  const cut = firstCut(evidence, matched);
  if (cut !== undefined) return cut;
  if (samples.count > 0 && subscribers.length > 0) {
    return { kind: 'flows', ok: true, verdict: `It is seen: ${rate} samples a second pass.`, remedy: undefined };
  }
  if (samples.count > 0) {
    return no(
      'unwanted',
      `It is sent (${rate} samples a second), and nobody but doctor subscribes.`,
      nearMiss(evidence),
    );
  }
  const cutHere = cutFromHere(evidence, publishers);
  if (cutHere !== undefined) return cutHere;
  if (blame !== undefined && !blame.sparesThisMachine) {
    return no('dropped', 'The router of this machine drops it: access control denies it.', accessRemedy(blame.rule));
  }
  if (blame !== undefined && publishers.length > 0 && subscribers.length === 0) {
    return no(
      'local',
      'It stays on this machine: access control gives it to nobody else, and here nobody subscribes.',
      accessRemedy(blame.rule),
    );
  }
  if (publishers.length === 0) {
    if (matched.queryables.length > 0) {
      return {
        kind: 'asked',
        ok: true,
        verdict: 'It is asked for, not sent: a get on it is answered.',
        remedy: undefined,
      };
    }
    const isGone = machine !== undefined && isElsewhere(evidence, machine) && !evidence.machines.includes(machine);
    const whose = isGone ? ` Machine ${machine} itself is not seen from here.` : '';
    const link = missingLinks[0] === undefined ? '' : ` ${missingLinks[0]}`;
    return no(
      'no-publisher',
      `Nobody publishes it: no publisher is declared, and in ${seconds} s nothing was sent.${whose}${link}`,
      publisherRemedy(evidence, machine, isGone),
    );
  }
  if (subscribers.length === 0) {
    const link = missingLinks[0] === undefined ? '' : ` ${missingLinks[0]}`;
    return no('no-subscriber', `Nobody subscribes to it.${link}`, nearMiss(evidence));
  }
  return no(
    'silent',
    `It is published and subscribed to, the way is open, and for ${seconds} s nothing was sent.`,
    silentRemedy(publishers, evidence),
  );
}

/** Whether a router of some publisher would send to doctor’s own subscription. */
function isSentHere({ reached }: Evidence, publishers: readonly Declared[]): boolean {
  return publishers.some(({ routerZid }) => reached.has(routerZid));
}

/** Nothing comes to the router that was asked, though others may get it. */
function cutFromHere(evidence: Evidence, publishers: readonly Declared[]): Omit<Conclusion, 'sentences'> | undefined {
  const [publisher] = publishers;
  const { own } = evidence;
  if (publisher === undefined || own === undefined || isSentHere(evidence, publishers)) return undefined;
  return lostBetween(evidence, publisher.routerZid, own.zid);
}

/** A publisher and a subscriber that do not meet, where no pair does. */
function firstCut(evidence: Evidence, { publishers, subscribers }: Matched): Omit<Conclusion, 'sentences'> | undefined {
  const pairs = publishers.flatMap((publisher) => subscribers.map((subscriber) => ({ publisher, subscriber })));
  if (pairs.length === 0) return undefined;
  const meeting = pairs.filter(({ publisher, subscriber }) => keyExprIntersects(publisher.keyExpr, subscriber.keyExpr));
  const [first] = pairs;
  if (meeting.length === 0 && first !== undefined) {
    return {
      kind: 'no-intersection',
      ok: false,
      verdict: `What is published (${first.publisher.keyExpr}) and what is subscribed to (${first.subscriber.keyExpr}) have no key in common.`,
      remedy: 'Change one of the two expressions',
    };
  }
  const lost = meeting.filter(({ publisher, subscriber }) => !isKnownAt(evidence, publisher.routerZid, subscriber));
  const [pair] = lost;
  if (lost.length < meeting.length || pair === undefined) return undefined;
  return lostBetween(evidence, pair.publisher.routerZid, pair.subscriber.routerZid);
}

/** The subscription at one router is not known at the other. */
function lostBetween(evidence: Evidence, publisherZid: string, subscriberZid: string): Omit<Conclusion, 'sentences'> {
  const [from, to] = [routerName(evidence, publisherZid), routerName(evidence, subscriberZid)];
  if (hasRoute(evidence, publisherZid, subscriberZid)) {
    return {
      kind: 'dropped',
      ok: false,
      verdict: `It is dropped on the way: router ${from}, where it is published, does not know of the subscription at router ${to}, though the two are linked.`,
      remedy: `Look at access_control in the configurations of both routers; on each: bubbaloop doctor why ${evidence.keyExpr}`,
    };
  }
  return {
    kind: 'no-route',
    ok: false,
    verdict: `There is no route between router ${from}, where it is published, and router ${to}, where it is subscribed to.`,
    remedy: 'bubbaloop doctor -c link, on both machines',
  };
}

function machineOf(keyExpr: string): string | undefined {
  const [root, , machine] = keyExpr.split('/');
  if (root !== 'bubbaloop' || machine === undefined || machine.includes('*')) return undefined;
  return parseKey(keyExpr).kind === 'health' && keyExpr.startsWith('bubbaloop/nodes/') ? undefined : machine;
}

/** Whether the key is of another machine than the router that was asked. */
function isElsewhere({ own, here }: Evidence, machine: string | undefined): boolean {
  return machine !== undefined && own?.name !== machine && here !== machine;
}

function accessRemedy(rule: string | undefined): string {
  return rule === undefined
    ? 'Allow the key by a rule of access_control in the router’s configuration'
    : `Change rule ${rule} of access_control in the router’s configuration, if it is not meant`;
}

function nearMiss({ subscribers, keyExpr }: Evidence): string | undefined {
  const near = nearest(
    keyExpr,
    subscribers.declared.map((declared) => declared.keyExpr),
  );
  return near.length === 0 ? undefined : `Did its reader mean it? Subscribed to nearby: ${near.join(', ')}`;
}

function publisherRemedy({ publishers, keyExpr }: Evidence, machine: string | undefined, isGone: boolean): string {
  const near = nearest(
    keyExpr,
    publishers.declared.map((declared) => declared.keyExpr),
  );
  if (near.length > 0) return `Is the key spelt right? Published nearby: ${near.join(', ')}`;
  if (isGone) return `On ${machine}: bubbaloop doctor -c router -c link -c daemon`;
  return machine === undefined ? 'Start the program that publishes it' : `bubbaloop node list --machine ${machine}`;
}

function silentRemedy(publishers: readonly Declared[], evidence: Evidence): string {
  const [first] = publishers;
  const name = first === undefined ? undefined : evidence.names.get(first.zid);
  const node = name === undefined ? undefined : /^[^/\s]+\/([A-Za-z0-9_-]+)$/.exec(name)?.[1];
  return node === undefined
    ? 'Look at the program that publishes it; --duration waits longer'
    : `bubbaloop node logs ${node}`;
}
