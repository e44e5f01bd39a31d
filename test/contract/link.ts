/** The link: opening, losing it, its return, a router that hangs, the close. */
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { collectReplies, type LinkState, type Session } from '../../source/zenoh/session.ts';
import { type Bench, matchedPublisher, textOf, until } from './rig.ts';

export function linkContract(bench: () => Bench): void {
  it('tells who it is and where it is connected', async () => {
    const session = bench().track(bench().rig.open());
    expect(session.kind).toBe(bench().rig.kind);
    expect(session.link.state).toBe('connecting');
    expect(session.zid).toBe('');
    const states: LinkState[] = [];
    const stop = session.onLink((link) => states.push(link));
    await session.connected();
    await session.connected();
    expect(session.link).toMatchObject({
      state: 'connected',
      zid: session.zid,
      routerZid: expect.stringMatching(/^[0-9a-f]+$/),
    });
    expect(session.zid).toMatch(/^[0-9a-f]+$/);
    expect(states).toEqual([session.link]);
    stop();
    await session.close();
    expect(states).toHaveLength(1);
    expect(session.link.state).toBe('closed');
  });

  it('after the close everything is refused, and closing again does no harm', async () => {
    const session = await bench().session();
    const subscriber = await session.declareSubscriber(bench().key(), () => {});
    const publisher = await session.declarePublisher(bench().key());
    const token = await session.liveliness.declareToken(bench().key());
    await Promise.all([session.close(), session.close()]);
    await session.close();
    const closed = { code: 'closed' };
    await expect(session.put('a', 'x')).rejects.toMatchObject(closed);
    await expect(session.delete('a')).rejects.toMatchObject(closed);
    await expect(publisher.put('x')).rejects.toMatchObject(closed);
    await expect(collectReplies(session.get('a'))).rejects.toMatchObject(closed);
    await expect(session.liveliness.get('a')).rejects.toMatchObject(closed);
    await expect(session.declareSubscriber('a', () => {})).rejects.toMatchObject(closed);
    await expect(session.createShmProvider(4096)).rejects.toMatchObject(closed);
    await expect(session.connected()).rejects.toMatchObject(closed);
    await subscriber.undeclare();
    await publisher.undeclare();
    await token.undeclare();
    expect(publisher.matching).toBe(false);
  });

  it('the close ends what is under way with `closed`', async () => {
    const key = bench().key();
    const session = await bench().session();
    await session.declareQueryable(key, () => new Promise(() => {}));
    const pending = collectReplies(session.get(key, { timeoutMs: 60_000 }));
    pending.catch(() => {});
    await sleep(20);
    await session.close();
    await expect(pending).rejects.toMatchObject({ code: 'closed' });
  });

  it('nothing listens there: lost with a reason, retried, requests refused at once', async () => {
    const session = bench().track(bench().rig.openNowhere({ retry: { initialMs: 10, maxMs: 20 } }));
    await until(() => session.link.state === 'lost', 'lost');
    const { link } = session;
    if (link.state !== 'lost') throw new Error('not lost');
    expect(link.reason).toMatch(/refused/i);
    expect(link.attempt).toBeGreaterThan(1);
    await until(() => session.link.state === 'lost' && session.link.attempt > link.attempt + 1, 'more attempts');
    expect(session.link).toMatchObject({ sinceMs: link.sinceMs });
    await expect(session.put('a', 'x')).rejects.toMatchObject({ code: 'link-lost' });
    await expect(collectReplies(session.get('a'))).rejects.toMatchObject({ code: 'link-lost' });
    await expect(session.connected({ timeoutMs: 30 })).rejects.toMatchObject({ code: 'timeout' });
    await expect(session.connected({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
    await session.declareSubscriber('a', () => {});
    await session.close();
    expect(session.link.state).toBe('closed');
  });

  it('may be closed while it is still connecting', async () => {
    const session = bench().rig.open();
    const connected = session.connected();
    await session.close();
    await expect(connected).rejects.toMatchObject({ code: 'closed' });
  });

  it.each([
    ['says nothing', () => {}],
    ['hangs up', (socket: Socket) => void socket.destroy()],
    ['speaks something else', (socket: Socket) => void socket.end('SSH-2.0-OpenSSH_9.6\r\n'.repeat(20))],
  ])('a port where something %s: lost with a reason', async (_what, greet) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      greet(socket);
    });
    const port = await listen(server);
    const session = bench().rig.openAtPort(port, { connectTimeoutMs: 500, retry: { initialMs: 10, maxMs: 20 } });
    try {
      if (session === undefined) return;
      bench().track(session);
      await until(() => session.link.state === 'lost', 'lost');
      if (session.link.state !== 'lost') throw new Error('not lost');
      expect(session.link.reason).not.toBe('');
      await until(() => session.link.state === 'lost' && session.link.attempt > 3, 'more attempts');
      await session.close();
    } finally {
      server.close();
    }
  });

  it('a killed router is noticed, everything is told, and all comes back with it', async () => {
    const { rig } = bench();
    const key = bench().key();
    const session = await bench().session();
    const other = await bench().other();
    const publisher = await session.declarePublisher(`${key}/out`, { encoding: 'text/plain' });
    const heard: string[] = [];
    await session.declareSubscriber(`${key}/in`, (sample) => heard.push(textOf(sample.payload)));
    const ended = await session.declareSubscriber(`${key}/in`, () => heard.push('a ghost'));
    await session.declareQueryable(`${key}/ask`, (query) => query.reply(`${key}/ask`, 'answer'));
    await session.declareQueryable(`${key}/never`, () => new Promise(() => {}));
    await session.liveliness.declareToken(`${key}/token`);
    const tokens: string[] = [];
    await session.liveliness.declareSubscriber(
      `${key}/*`,
      (event) => tokens.push(`${event.alive ? '+' : '-'}${event.keyExpr.slice(key.length + 1)}`),
      { history: true },
    );
    await other.liveliness.declareToken(`${key}/away`);
    const outside: string[] = [];
    await other.declareSubscriber(`${key}/out`, (sample) => outside.push(textOf(sample.payload)));
    await until(() => publisher.matching && tokens.length === 2, 'the start');
    const matchings: boolean[] = [];
    publisher.onMatching((matching) => matchings.push(matching));
    const pending = collectReplies(session.get(`${key}/never`, { timeoutMs: 60_000 }));
    pending.catch(() => {});
    await sleep(20);

    await rig.killRouter();
    await until(() => session.link.state === 'lost' && other.link.state === 'lost', 'lost');
    await expect(pending).rejects.toMatchObject({ code: 'link-lost' });
    await expect(session.put(key, 'x')).rejects.toMatchObject({ code: 'link-lost' });
    await expect(publisher.put('x')).rejects.toMatchObject({ code: 'link-lost' });
    await expect(session.liveliness.get('**')).rejects.toMatchObject({ code: 'link-lost' });
    expect(publisher.matching).toBe(false);
    expect(matchings).toEqual([false]);
    expect(tokens.slice(2).sort()).toEqual(['-away', '-token']);
    await ended.undeclare();
    const late: string[] = [];
    await session.declareSubscriber(`${key}/late`, (sample) => late.push(textOf(sample.payload)));

    await rig.restartRouter();
    await session.connected({ timeoutMs: 20_000 });
    await other.connected({ timeoutMs: 20_000 });
    await until(() => publisher.matching, 'matching again');
    await publisher.put('again');
    await (await matchedPublisher(other, `${key}/in`)).put('inward');
    await (await matchedPublisher(other, `${key}/late`)).put('new');
    await until(() => outside.length > 0 && heard.length > 0 && late.length > 0, 'samples again');
    expect([outside, heard, late]).toEqual([['again'], ['inward'], ['new']]);
    const replies = await collectReplies(other.get(`${key}/ask`));
    expect(replies.map((reply) => reply.ok && textOf(reply.sample.payload))).toEqual(['answer']);
    await until(() => tokens.length === 6, 'the tokens again');
    expect(tokens.slice(4).sort()).toEqual(['+away', '+token']);
  });

  it('survives many deaths of its router', async () => {
    const { rig } = bench();
    const key = bench().key();
    const session = await bench().session({ retry: { initialMs: 20, maxMs: 100 } });
    const got: string[] = [];
    await session.declareSubscriber(key, (sample) => got.push(textOf(sample.payload)));
    for (let round = 0; round < 5; round++) {
      await rig.killRouter();
      await until(() => session.link.state === 'lost', 'lost');
      await rig.restartRouter();
      await session.connected({ timeoutMs: 20_000 });
      const publisher = await matchedPublisher(session, key);
      await publisher.put(String(round));
      await until(() => got.length === round + 1, 'one sample, not two');
      await publisher.undeclare();
    }
    expect(got).toEqual(['0', '1', '2', '3', '4']);
  });

  it('a router that hangs: requests end by their limits, then the link counts as lost, then it is back', async () => {
    const { rig } = bench();
    const key = bench().key();
    const session = await bench().session();
    await session.declareQueryable(key, (query) => query.reply(key, 'answer'));
    await rig.suspendRouter();
    try {
      await hangs(session, key);
      await until(() => session.link.state === 'lost', 'lost', 30_000);
    } finally {
      rig.resumeRouter();
    }
    await session.connected({ timeoutMs: 30_000 });
    await until(async () => (await collectReplies(session.get(key))).length === 1, 'the answer');
  });

  it('closes also at a router that hangs', async () => {
    const { rig } = bench();
    const session = await bench().session();
    const subscriber = await session.declareSubscriber(bench().key(), () => {});
    await session.declarePublisher(bench().key());
    await rig.suspendRouter();
    try {
      const startMs = Date.now();
      await subscriber.undeclare();
      await session.close();
      // What the seam promises: 3 s for the close, and 2 s for an undeclaration; the rest is a busy machine.
      expect(Date.now() - startMs).toBeLessThan(10_000);
    } finally {
      rig.resumeRouter();
    }
  });
}

async function hangs(session: Session, key: string): Promise<void> {
  const controller = new AbortController();
  const aborted = collectReplies(session.get(`${key}/remote`, { signal: controller.signal, timeoutMs: 60_000 }));
  setTimeout(() => controller.abort(), 50);
  await expect(aborted).rejects.toMatchObject({ code: 'aborted' });
  expect(await collectReplies(session.get('@/*/router', { timeoutMs: 300 }))).toEqual([
    expect.objectContaining({ ok: false, timedOut: true }),
  ]);
  await expect(session.liveliness.get(`${key}/*`, { timeoutMs: 300 })).rejects.toMatchObject({ code: 'timeout' });
  await session.put(key, 'x').catch(() => {});
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}
