/** Zenoh as it is published stops here after a handful of questions; the one that we build must not (source/native/patches). */
import { afterEach, expect, test } from 'vitest';
import { churn } from '../support/admin-churn.ts';
import { startRouter, type TestRouter } from '../support/router.ts';

const routers: TestRouter[] = [];
afterEach(async () => {
  for (const router of routers.splice(0).reverse()) await router.stop();
});

test.each([
  ['endpoint', 4_000],
  // Each question takes some 30 ms over a WebSocket.
  ['wsUrl', 1_000],
] as const)(
  'routers answer who declares what while others declare and undeclare without a pause (%s)',
  async (askBy, questions) => {
    const central = await startRouter();
    routers.push(central);
    const robot = await startRouter({ configOverrides: { connect: { endpoints: [central.endpoint] } } });
    routers.push(robot);
    const outcome = await churn({ routers: [central, robot], askBy, questions, limitMs: 60_000 });
    expect(outcome.stoppedAfter).toBeUndefined();
    // A busy machine may not come to all of them in time.
    expect(outcome.questions).toBeGreaterThan(400);
    expect(outcome.replies).toBeGreaterThan(outcome.questions);
    expect(outcome.declarations).toBeGreaterThan(100);
  },
  180_000,
);
