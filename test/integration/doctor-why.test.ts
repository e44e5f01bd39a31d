/** `bubbaloop doctor why KEY` between two real routers. */
import { afterEach, expect, test } from 'vitest';
import { openSession } from '../../source/zenoh/open-session.ts';
import type { Session } from '../../source/zenoh/session.ts';
import { runBubbaloop } from '../support/command-line.ts';
import { until } from '../support/daemon-rig.ts';
import { startRouter, type TestRouter } from '../support/router.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function router(name: string, more: Readonly<Record<string, unknown>> = {}): Promise<TestRouter> {
  const started = await startRouter({ configOverrides: { metadata: { name }, ...more } });
  cleanUps.push(() => started.stop());
  return started;
}

async function session(endpoint: string): Promise<Session> {
  const opened = openSession(endpoint);
  cleanUps.push(() => opened.close());
  await opened.connected({ timeoutMs: 20_000 });
  return opened;
}

interface Answer {
  readonly code: number | null;
  readonly kind: string;
  readonly verdict: string;
  readonly sentences: readonly string[];
  readonly remedy: string | null;
  readonly samples: { readonly count: number };
}

async function why(key: string, endpoint: string, more: readonly string[] = []): Promise<Answer> {
  const words = ['doctor', 'why', key, '--json', '--duration', '0.5', '--endpoint', endpoint, ...more];
  const ran = await runBubbaloop(words);
  expect(ran.stderr).toBe('');
  return { code: ran.code, ...JSON.parse(ran.stdout) };
}

/** Declarations and links take a moment to get around. */
async function untilWhy(kind: string, key: string, endpoint: string): Promise<Answer> {
  let answer = await why(key, endpoint);
  await until(async () => {
    if (answer.kind !== kind) answer = await why(key, endpoint);
    return answer.kind === kind;
  });
  return answer;
}

const KEY = 'bubbaloop/global/jetson_1/weather';

test('from nobody at all to samples that pass, between two machines', async () => {
  const central = await router('central');
  const jetson = await router('jetson_1', { connect: { endpoints: [central.endpoint] } });
  const [there, here] = [await session(jetson.endpoint), await session(central.endpoint)];

  expect(await untilWhy('no-publisher', KEY, central.endpoint)).toMatchObject({ code: 1 });
  const misspelt = await here.declareSubscriber('bubbaloop/global/jetson-1/weather', () => undefined);
  const publisher = await there.declarePublisher(KEY);
  const nearMiss = await untilWhy('no-subscriber', KEY, central.endpoint);
  expect(nearMiss.remedy).toContain('bubbaloop/global/jetson-1/weather');
  expect(nearMiss.sentences[0]).toContain(KEY);
  await misspelt.undeclare();

  await here.declareSubscriber('bubbaloop/global/*/weather', () => undefined);
  const silent = await untilWhy('silent', KEY, central.endpoint);
  expect(silent.sentences.join(' ')).toContain('The two expressions intersect.');
  expect(silent.sentences.join(' ')).toContain(
    'From router jetson_1 to router central there is a route; the first knows',
  );

  const ticking = setInterval(() => void publisher.put('sun').catch(() => undefined), 20);
  cleanUps.push(() => clearInterval(ticking));
  const flowing = await untilWhy('flows', KEY, central.endpoint);
  expect(flowing.code).toBe(0);
  expect(flowing.samples.count).toBeGreaterThan(0);
  // For people the verdict comes first.
  const ran = await runBubbaloop(['doctor', 'why', KEY, '--duration', '0.5', '--endpoint', central.endpoint]);
  expect(ran.stdout).toMatch(/^It is seen: [\d.]+ samples a second pass\.\n/);
});

test('a queryable is asked, not subscribed to; keys of this machine alone stay there', async () => {
  const central = await router('central');
  const here = await session(central.endpoint);
  await here.declareQueryable('bubbaloop/global/central/daemon/nodes', (query) => query.replyError('busy'));
  expect(await untilWhy('asked', 'bubbaloop/global/*/daemon/nodes', central.endpoint)).toMatchObject({ code: 0 });
  const local = await why('bubbaloop/local/jetson_1/front/raw', central.endpoint);
  expect(local).toMatchObject({ kind: 'local', code: 1 });
  expect(local.verdict).toContain('programs on jetson_1 itself');
});

test('a stock router is asked who declared what with --ask-routers only', async () => {
  const central = await router('central');
  const jetson = await session(central.endpoint);
  await jetson.declareSubscriber(KEY, () => undefined);
  const asked: string[] = [];
  await jetson.declareQueryable('@/c1/router/**', async (query) => {
    if (query.keyExpr.includes('/router/')) asked.push(query.keyExpr);
    else
      await query.reply(
        '@/c1/router',
        JSON.stringify({ zid: 'c1', version: 'v1.10.2-release', metadata: { name: 'stock' } }),
      );
  });
  const careful = await untilWhy('not-asked', KEY, central.endpoint);
  expect(careful).toMatchObject({ code: 1, remedy: expect.stringContaining('--ask-routers') });
  expect(careful.sentences.join(' ')).toContain('Not asked who declared what: stock.');
  expect(careful.sentences.join(' ')).toContain('Subscribed to by');
  expect(asked).toEqual([]);
  expect(await why(KEY, central.endpoint, ['--ask-routers'])).toMatchObject({ code: 1, kind: 'no-publisher' });
  expect(asked).toContain('@/*/router/subscriber/**');
});

test('what access control drops: by this machine’s rule, and by another’s that keeps the subscription out', async () => {
  const deny = (messages: readonly string[]) => ({
    access_control: {
      enabled: true,
      default_permission: 'allow',
      rules: [{ id: 'secret', permission: 'deny', flows: ['ingress', 'egress'], messages, key_exprs: [KEY] }],
      subjects: [{ id: 'everyone' }],
      policies: [{ rules: ['secret'], subjects: ['everyone'] }],
    },
  });
  const central = await router('central');
  // Listed: who may subscribe. Declarations of publishers are not messages that it knows.
  const jetson = await router('jetson_1', {
    connect: { endpoints: [central.endpoint] },
    ...deny(['put', 'declare_subscriber']),
  });
  const [there, here] = [await session(jetson.endpoint), await session(central.endpoint)];
  await there.declarePublisher(KEY);
  await here.declareSubscriber(KEY, () => undefined);
  const onCentral = await untilWhy('dropped', KEY, central.endpoint);
  expect(onCentral.verdict).toContain(
    'router jetson_1, where it is published, does not know of the subscription at router central',
  );
  const onJetson = await untilWhy('dropped', KEY, jetson.endpoint);
  expect(onJetson.sentences.join(' ')).toContain('(rule secret, ingress and egress) for everyone');
});

test('without a link to central: the link is named; without a router: that', async () => {
  const central = await router('central');
  const jetson = await router('jetson_1', {
    connect: { endpoints: [central.endpoint], timeout_ms: -1, exit_on_failure: false },
  });
  await (await session(jetson.endpoint)).declarePublisher(KEY);
  await central.kill();
  const alone = await untilWhy('no-subscriber', KEY, jetson.endpoint);
  await until(async () => (await why(KEY, jetson.endpoint)).verdict.includes('refuses connections'));
  expect(alone.code).toBe(1);
  const ran = await runBubbaloop(['doctor', 'why', KEY, '--endpoint', central.endpoint]);
  expect(ran).toMatchObject({ code: 1, stdout: '' });
  expect(ran.stderr).toContain('Nobody sees anything here: no router at');
  const asking = runBubbaloop(['doctor', 'why', KEY, '--duration', '30', '--endpoint', jetson.endpoint]);
  const watcher = await session(jetson.endpoint);
  const subscriptions = async (): Promise<number> => {
    let count = 0;
    for await (const reply of watcher.get(`@/*/router/subscriber/${KEY}`)) if (reply.ok) count += 1;
    return count;
  };
  await until(async () => (await subscriptions()) > 0);
  await jetson.kill();
  const silent = await asking;
  expect(silent).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('went away while it was asked'),
  });
});
