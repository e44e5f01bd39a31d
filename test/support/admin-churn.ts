/**
 * Asks routers who declared what while others declare and undeclare without a pause. A router that keeps its tables locked
 * while it answers (eclipse-zenoh/zenoh#2619) stops for good within seconds.
 */
import { openSession } from '../../source/zenoh/open-session.ts';
import { type Session, SessionError } from '../../source/zenoh/session.ts';
import type { TestRouter } from './router.ts';

export interface ChurnOptions {
  /** All of them linked; declarations come to each, questions to the first. */
  readonly routers: readonly [TestRouter, ...TestRouter[]];
  /** Where questions come from. */
  readonly askBy: 'endpoint' | 'wsUrl';
  /** After so many it ends, */
  readonly questions: number;
  /** or then. */
  readonly limitMs: number;
}

export interface ChurnOutcome {
  /** Those that were answered in time. */
  readonly questions: number;
  readonly replies: number;
  readonly declarations: number;
  /** Questions answered until a router fell silent; undefined: all of them answered to the end. */
  readonly stoppedAfter: number | undefined;
}

/** Keys that are declared all the time: each is a reply. */
const STANDING_KEYS = 100;
const SESSIONS_OF_A_KIND = 4;
/** The slowest answer of a router that lives takes much less, on a busy machine, too. */
const SILENCE_MS = 20_000;

export async function churn({ routers, askBy, questions, limitMs }: ChurnOptions): Promise<ChurnOutcome> {
  const sessions: Session[] = [];
  const open = async (endpoint: string): Promise<Session> => {
    const session = openSession(endpoint, { shm: false });
    sessions.push(session);
    await session.connected({ timeoutMs: 20_000 });
    return session;
  };
  const [first] = routers;
  const last = routers[routers.length - 1] ?? first;
  /** All that a router answers from its tables. */
  const asked = [
    ...['subscriber', 'publisher', 'queryable', 'querier', 'token', 'route/successor'].map(
      (kind) => `*/router/${kind}/**`,
    ),
    '*/router/linkstate/*',
    `*/router/route/successor/src/${first.zid}/dst/${last.zid}`,
  ];
  const endsAtMs = performance.now() + limitMs;
  const count = { questions: 0, replies: 0, declarations: 0 };
  let stoppedAfter: number | undefined;
  const isOver = (): boolean =>
    stoppedAfter !== undefined || count.questions >= questions || performance.now() > endsAtMs;

  const ask = async (session: Session, from: number): Promise<void> => {
    for (let turn = from; !isOver(); turn += 1) {
      let isAnswered = true;
      const options = { target: 'all', consolidation: 'none', timeoutMs: 5_000 } as const;
      for await (const reply of session.get(`@/${asked[turn % asked.length]}`, options)) {
        if (reply.ok) count.replies += 1;
        else isAnswered = false;
      }
      if (isAnswered) count.questions += 1;
    }
  };

  const probe = async (session: Session, router: TestRouter): Promise<void> => {
    let answeredAtMs = performance.now();
    while (!isOver()) {
      for await (const reply of session.get(`@/${router.zid}/router`, { timeoutMs: 1_000 })) {
        if (reply.ok) answeredAtMs = performance.now();
      }
      if (performance.now() - answeredAtMs > SILENCE_MS) stoppedAfter ??= count.questions;
      else await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  const declare = async (session: Session, name: string): Promise<void> => {
    for (let turn = 0; !isOver(); turn += 1) {
      const key = `churn/${name}/${turn % 50}`;
      const made = await Promise.all([
        session.declareSubscriber(key, () => undefined),
        session.declarePublisher(key),
        session.declareQueryable(key, () => undefined),
        session.liveliness.declareToken(key),
      ]);
      await Promise.all(made.map((declaration) => declaration.undeclare()));
      count.declarations += made.length;
    }
  };

  try {
    const standing = await open(first.endpoint);
    for (let index = 0; index < STANDING_KEYS; index += 1) {
      await standing.declareSubscriber(`standing/${index}`, () => undefined);
      await standing.liveliness.declareToken(`standing/${index}`);
    }
    const works: (() => Promise<void>)[] = [];
    for (const router of routers) {
      const prober = await open(router.endpoint);
      works.push(() => probe(prober, router));
    }
    for (let index = 0; index < SESSIONS_OF_A_KIND; index += 1) {
      const asker = await open(first[askBy]);
      const declarer = await open((routers[index % routers.length] ?? first).endpoint);
      works.push(
        () => ask(asker, index),
        () => untilSilence(declare(declarer, `${index}`)),
      );
    }
    await Promise.all(works.map((work) => work()));
  } finally {
    await Promise.all(sessions.map((session) => session.close()));
  }
  return { ...count, stoppedAfter };
}

/** A router that has stopped takes no declarations: the probe tells of it. */
async function untilSilence(declaring: Promise<void>): Promise<void> {
  try {
    await declaring;
  } catch (error) {
    if (!(error instanceof SessionError && error.code === 'timeout')) throw error;
  }
}
