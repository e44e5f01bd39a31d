import { expect, test } from 'vitest';
import { conclude } from '../../source/doctor/why/conclude.ts';
import { type Declarations, withTold } from '../../source/doctor/why/declarations.ts';
import type { Evidence } from '../../source/doctor/why/evidence.ts';

const none: Declarations = { declared: [], known: [], isCut: false };
const at = (routerZid: string, keyExpr: string, zid: string): Declarations => ({
  declared: [{ keyExpr, routerZid, zid }],
  known: [{ keyExpr, atRouter: routerZid, ofRouters: [routerZid] }],
  isCut: false,
});
const nothing = { count: 0, bytes: 0, overMs: 2_000, lastAgoMs: undefined, lastKey: undefined, viaShm: false };

function evidence(change: Partial<Evidence>): Evidence {
  return {
    keyExpr: 'bubbaloop/global/jetson_1/x',
    endpoint: 'tcp/central:7447',
    own: { zid: 'c', name: 'central' },
    here: 'central',
    routers: [
      { zid: 'c', name: 'central' },
      { zid: 'j', name: 'jetson_1' },
    ],
    unasked: [],
    links: [['c', 'j']],
    publishers: none,
    subscribers: none,
    queryables: none,
    tokens: none,
    machines: ['jetson_1'],
    names: new Map([['p', 'jetson_1/weather']]),
    denials: [],
    missingLinks: [],
    samples: nothing,
    reached: new Set(['c', 'j']),
    ...change,
  };
}

const published = at('j', 'bubbaloop/global/jetson_1/x', 'p');
const subscribed = at('c', 'bubbaloop/global/*/x', 's');
/** As the router of the publisher tells it. */
const carried: Declarations = {
  ...subscribed,
  known: [...subscribed.known, { keyExpr: 'bubbaloop/global/*/x', atRouter: 'j', ofRouters: ['c'] }],
};

const denial = (sparesThisMachine: boolean) => ({
  rule: 'r',
  keyExprs: ['**'],
  messages: ['put'],
  flows: ['egress'],
  subjects: ['everyone'],
  sparesThisMachine,
});

test('verdicts, from what was found', () => {
  const flowing = { ...nothing, count: 30, bytes: 300, lastAgoMs: 4, lastKey: 'k' };
  const cases: readonly [string, Partial<Evidence>, RegExp][] = [
    ['flows', { publishers: published, subscribers: carried, samples: flowing }, /15\.0 samples a second/],
    [
      'no-intersection',
      { keyExpr: 'a/**', publishers: at('c', 'a/b', 'p'), subscribers: at('c', 'a/c', 's'), samples: flowing },
      /no key in common/,
    ],
    ['unwanted', { publishers: published, samples: flowing }, /nobody but doctor/],
    ['silent', { publishers: published, subscribers: carried }, /for 2\.0 s nothing was sent/],
    [
      'dropped',
      { publishers: published, subscribers: subscribed },
      /router jetson_1, where .* does not know of the subscription/,
    ],
    ['no-route', { publishers: published, subscribers: subscribed, links: [] }, /no route between router jetson_1/],
    [
      'no-publisher',
      { subscribers: subscribed },
      /^Nobody publishes it: no publisher is declared, and in 2\.0 s nothing was sent\.$/,
    ],
    ['no-publisher', { subscribers: subscribed, machines: [] }, /Machine jetson_1 itself is not seen/],
    ['no-subscriber', { publishers: published }, /^Nobody subscribes to it\.$/],
    ['no-subscriber', { publishers: published, missingLinks: ['No link to tcp/c:1.'] }, /No link to tcp\/c:1\./],
    ['asked', { queryables: published }, /a get on it is answered/],
    ['dropped', { publishers: published, reached: new Set(['c']) }, /subscription at router central/],
    ['no-route', { publishers: published, reached: new Set(['c']), links: [] }, /no route/],
    [
      'local',
      {
        keyExpr: 'bubbaloop/local/jetson_1/x',
        publishers: at('j', 'bubbaloop/local/jetson_1/x', 'p'),
        reached: new Set(['c']),
      },
      /never leaves its machine/,
    ],
    ['local', { keyExpr: 'bubbaloop/local/jetson_1/cam/raw' }, /never leaves its machine/],
    ['local', { publishers: published, denials: [denial(true)] }, /It stays on this machine/],
    ['no-publisher', { denials: [denial(true)] }, /Nobody publishes it/],
    ['dropped', { publishers: published, denials: [denial(false)] }, /access control denies it/],
    [
      'no-intersection',
      { keyExpr: 'a/**', publishers: at('c', 'a/b', 'p'), subscribers: at('c', 'a/c', 's') },
      /no key in common/,
    ],
  ];
  for (const [kind, change, verdict] of cases) {
    const conclusion = conclude(evidence(change));
    expect(conclusion).toMatchObject({ kind, ok: kind === 'flows' || kind === 'asked' });
    expect(conclusion.verdict).toMatch(verdict);
  }
});

test('what a router tells of one that was not asked counts, without a name', () => {
  const told: Declarations = {
    declared: [],
    known: [{ keyExpr: 'bubbaloop/**', atRouter: 'j', ofRouters: ['c'] }],
    isCut: false,
  };
  expect(withTold(told, []).declared).toEqual([]);
  const { kind, sentences } = conclude(
    evidence({
      unasked: [{ zid: 'c', name: 'central' }],
      publishers: published,
      subscribers: withTold(told, ['c']),
      samples: { ...nothing, count: 30, bytes: 300, lastAgoMs: 4, lastKey: 'k' },
    }),
  );
  expect(kind).toBe('flows');
  expect(sentences).toContain('Subscribed to by a program at router central (bubbaloop/**).');
});

test('where a router was not asked, no verdict rests on what nobody knows of', () => {
  const unasked = [{ zid: 'c', name: 'central' }];
  const flowing = { ...nothing, count: 30, bytes: 300, lastAgoMs: 4, lastKey: 'k' };
  const cases: readonly [string, Partial<Evidence>, RegExp][] = [
    ['not-asked', {}, /^In 2\.0 s nothing was sent; who publishes it and who subscribes is not known/],
    ['not-asked', { samples: flowing }, /^It is sent \(15\.0 samples a second\); who publishes it/],
    ['not-asked', { publishers: published }, /not every router was asked/],
    ['flows', { publishers: published, subscribers: carried, samples: flowing }, /15\.0 samples a second/],
    ['silent', { publishers: published, subscribers: carried }, /for 2\.0 s nothing was sent/],
    ['dropped', { publishers: published, denials: [denial(false)] }, /access control denies it/],
  ];
  for (const [kind, change, verdict] of cases) {
    const conclusion = conclude(evidence({ unasked, ...change }));
    expect(conclusion).toMatchObject({ kind, ok: kind === 'flows' });
    expect(conclusion.verdict).toMatch(verdict);
    expect(conclusion.sentences.join(' ')).toMatch(/Not asked who declared what: central\. .*zenoh#2619/);
    if (kind === 'not-asked')
      expect(conclusion.remedy).toMatch(/that router .*: bubbaloop doctor why \S+ --ask-routers$/);
  }
});

test('the sentences name who publishes, and a near miss', () => {
  const { sentences, remedy } = conclude(
    evidence({ publishers: published, subscribers: at('c', 'bubbaloop/global/jetson-1/x', 's') }),
  );
  expect(sentences[0]).toBe('Published by jetson_1/weather (bubbaloop/global/jetson_1/x).');
  expect(remedy).toContain('bubbaloop/global/jetson-1/x');
  expect(conclude(evidence({ publishers: published, subscribers: carried })).remedy).toBe(
    'bubbaloop node logs weather',
  );
});
