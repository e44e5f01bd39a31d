import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { LinkState, Session } from '../../source/zenoh/session.ts';
import { collectReplies } from '../../source/zenoh/session.ts';
import { FakeNetwork, linkReaches } from '../support/fake-session.ts';

const sessions: Session[] = [];
async function connect(network: FakeNetwork): Promise<Session> {
  const session = await network.connect();
  sessions.push(session);
  return session;
}
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.close()));
});

describe('link', () => {
  it('goes connecting, connected, lost, connected, closed', async () => {
    const network = new FakeNetwork();
    const session = network.session();
    const states: LinkState['state'][] = [session.link.state];
    session.onLink((link) => states.push(link.state));
    await session.connected();
    network.cut('killed');
    const lost = await linkReaches(session, 'lost');
    expect(lost).toMatchObject({ reason: 'killed', attempt: 1 });
    expect(lost.retryAtMs).toBeGreaterThanOrEqual(lost.sinceMs);
    network.restore();
    await linkReaches(session, 'connected');
    await session.close();
    expect(states.filter((state, index) => state !== states[index - 1])).toEqual([
      'connecting',
      'connected',
      'lost',
      'connected',
      'closed',
    ]);
  });

  it('counts attempts, keeps sinceMs and tells the reason of the last one', async () => {
    const network = new FakeNetwork();
    network.cut();
    const session = network.session();
    sessions.push(session);
    const first = await linkReaches(session, 'lost');
    expect(first).toMatchObject({ attempt: 2, reason: 'connection refused' });
    while (network.openCount < 4) await sleep(5);
    expect(session.link).toMatchObject({ state: 'lost', sinceMs: first.sinceMs });
    await expect(session.connected({ timeoutMs: 20 })).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('connection refused'),
    });
  });

  it('gives up an attempt that hangs, and closes what opens too late', async () => {
    const network = new FakeNetwork();
    network.stall();
    const session = network.session({ connectTimeoutMs: 20 });
    sessions.push(session);
    expect((await linkReaches(session, 'lost')).reason).toMatch(/connecting took longer/);
    await session.close();
    expect(network.declarations()).toEqual([]);
  });
});

describe('declarations', () => {
  it('come back once each before the link is connected, also those changed while it was lost', async () => {
    const network = new FakeNetwork();
    const session = await connect(network);
    const kept = await session.declareSubscriber('kept', () => {});
    const ended = await session.declareSubscriber('ended', () => {});
    await session.declarePublisher('out');
    await session.declareQueryable('q', () => {});
    await session.liveliness.declareToken('alive');
    await session.liveliness.declareSubscriber('**', () => {});
    network.cut();
    await linkReaches(session, 'lost');
    await ended.undeclare();
    await session.declareSubscriber('new', () => {});
    let atConnected: string[] = [];
    session.onLink((link) => {
      if (link.state === 'connected') atConnected = network.declarations();
    });
    network.restore();
    await linkReaches(session, 'connected');
    const expected = [
      'publisher out',
      'queryable q',
      'subscriber kept',
      'subscriber new',
      'token alive',
      'token-subscriber **',
    ];
    expect(atConnected).toEqual(expected);
    expect(network.declarations()).toEqual(expected);
    await kept.undeclare();
    await kept.undeclare();
    expect(network.declarations()).not.toContain('subscriber kept');
    await session.close();
    expect(network.declarations()).toEqual([]);
  });

  it('undeclared while it is being made does not stay', async () => {
    const network = new FakeNetwork();
    const session = network.session();
    sessions.push(session);
    const early = await session.declareSubscriber('a', () => {});
    const undeclared = early.undeclare();
    await session.connected();
    await undeclared;
    expect(network.declarations()).toEqual([]);
  });

  it('survive a flapping link without doubling', async () => {
    const network = new FakeNetwork();
    const session = await connect(network);
    await session.declareSubscriber('a', () => {});
    for (let round = 0; round < 10; round++) {
      network.cut();
      network.restore();
      await linkReaches(session, 'lost');
      await linkReaches(session, 'connected');
    }
    expect(network.declarations()).toEqual(['subscriber a']);
  });
});

describe('requests', () => {
  it('fail at once with link-lost when the link goes', async () => {
    const network = new FakeNetwork();
    const session = await connect(network);
    await session.declareQueryable('never', () => new Promise(() => {}));
    const replies = collectReplies(session.get('never', { timeoutMs: 60_000 }));
    await sleep(5);
    network.cut();
    await expect(replies).rejects.toMatchObject({ code: 'link-lost' });
    await expect(session.put('a', 'b')).rejects.toMatchObject({ code: 'link-lost' });
    await expect(session.liveliness.get('**')).rejects.toMatchObject({ code: 'link-lost' });
  });

  it('fail with closed after the close', async () => {
    const network = new FakeNetwork();
    const session = await connect(network);
    const pending = collectReplies(session.get('a'));
    await session.close();
    await session.close();
    await pending.catch(() => {});
    await expect(session.put('a', 'b')).rejects.toMatchObject({ code: 'closed' });
    await expect(session.declareSubscriber('a', () => {})).rejects.toMatchObject({ code: 'closed' });
    await expect(session.connected()).rejects.toMatchObject({ code: 'closed' });
  });

  it('release their shared memory where they fail', async () => {
    const network = new FakeNetwork();
    const session = await connect(network);
    const provider = await session.createShmProvider(4096);
    network.cut();
    await linkReaches(session, 'lost');
    const buffer = provider.alloc(4096);
    expect(provider.alloc(1)).toBeUndefined();
    if (buffer === undefined) throw new Error('no buffer');
    await expect(session.put('a', buffer)).rejects.toMatchObject({ code: 'link-lost' });
    expect(buffer.data.byteLength).toBe(0);
    expect(provider.alloc(4096)).toBeDefined();
  });
});

describe('liveliness', () => {
  it('reports every token as gone at the loss, once, and again when it is back', async () => {
    const network = new FakeNetwork();
    const robot = await connect(network);
    const screen = await connect(network);
    await robot.liveliness.declareToken('robot/1');
    const events: string[] = [];
    await screen.liveliness.declareSubscriber(
      'robot/*',
      (event) => events.push(`${event.alive ? '+' : '-'}${event.keyExpr}`),
      { history: true },
    );
    network.cut();
    await linkReaches(screen, 'lost');
    expect(events).toEqual(['+robot/1', '-robot/1']);
    network.restore();
    await Promise.all([linkReaches(robot, 'connected'), linkReaches(screen, 'connected')]);
    expect(events).toEqual(['+robot/1', '-robot/1', '+robot/1']);
  });
});
