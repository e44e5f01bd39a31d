/** Get and queryables. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { collectReplies, type Query, type Reply, type Session } from '../../source/zenoh/session.ts';
import { type Bench, textOf, until } from './rig.ts';

export function queryContract(bench: () => Bench): void {
  it('a query brings its parameters, payload, encoding and attachment; the reply its own', async () => {
    const key = bench().key();
    const [session, other] = [await bench().session(), await bench().other()];
    for (const [asker, answerer] of [
      [session, other],
      [other, session],
    ] as const) {
      const seen: Query[] = [];
      const queryable = await answerer.declareQueryable(key, async (query) => {
        seen.push(query);
        await query.reply(key, new Uint8Array([1, 2]), {
          encoding: 'application/cbor',
          attachment: new Uint8Array([3]),
        });
      });
      await answers(asker, key, 1);
      seen.length = 0;
      const replies = await collectReplies(
        asker.get(`${key}?a=1;b`, {
          payload: 'ask',
          encoding: 'text/plain',
          attachment: new Uint8Array([9]),
          target: 'all',
          consolidation: 'none',
        }),
      );
      expect(seen).toHaveLength(1);
      expect(seen[0]).toMatchObject({ keyExpr: key, parameters: 'a=1;b', encoding: 'text/plain' });
      expect(textOf(seen[0]?.payload ?? new Uint8Array(0))).toBe('ask');
      expect([...(seen[0]?.attachment ?? [])]).toEqual([9]);
      expect(replies).toHaveLength(1);
      const [reply] = replies;
      if (!reply?.ok) throw new Error('no reply');
      expect(reply.sample).toMatchObject({ keyExpr: key, kind: 'put', encoding: 'application/cbor', shm: false });
      expect([...reply.sample.payload]).toEqual([1, 2]);
      expect([...(reply.sample.attachment ?? [])]).toEqual([3]);
      await queryable.undeclare();
    }
  });

  it('target all reaches every machine, and one key may have many replies', async () => {
    const key = bench().key();
    const asker = await bench().session();
    for (const machine of ['a', 'b', 'c']) {
      const session = await (machine === 'b' ? bench().other() : bench().session());
      await session.declareQueryable(`${key}/${machine}/nodes`, async (query) => {
        await query.reply(`${key}/${machine}/nodes`, machine);
      });
    }
    const replies = await answers(asker, `${key}/*/nodes`, 3);
    expect(replies.map(replyText).sort()).toEqual(['a', 'b', 'c']);
  });

  it('several replies of one queryable come in order, also large ones', async () => {
    const key = bench().key();
    const session = await bench().session();
    const other = await bench().other();
    await other.declareQueryable(`${key}/**`, async (query) => {
      for (let n = 0; n < 5; n++) await query.reply(`${key}/${n}`, new Uint8Array(1_000_000).fill(n));
    });
    const replies = await answers(session, `${key}/*`, 5);
    expect(replies.map((reply) => (reply.ok ? reply.sample.payload.at(-1) : reply))).toEqual([0, 1, 2, 3, 4]);
  });

  it('nobody there: no reply, and an end', async () => {
    const session = await bench().session();
    expect(await collectReplies(session.get(bench().key()))).toEqual([]);
  });

  it('an error reply is a value', async () => {
    const key = bench().key();
    const session = await bench().session();
    await (await bench().other()).declareQueryable(key, (query) => query.replyError('no such node: grüße'));
    const [reply] = await answers(session, key, 1);
    expect(reply).toMatchObject({ ok: false, message: 'no such node: grüße', timedOut: false });
  });

  it('a handler that throws answers with its error, once, and is told of', async () => {
    const key = bench().key();
    const errors: unknown[] = [];
    const session = await bench().session({ onHandlerError: (error) => errors.push(error) });
    await session.declareQueryable(`${key}/sync`, () => {
      throw new Error('broken');
    });
    await session.declareQueryable(`${key}/async`, async () => {
      await sleep(1);
      throw new Error('broken later');
    });
    expect(await collectReplies(session.get(`${key}/sync`))).toMatchObject([{ ok: false, message: 'broken' }]);
    expect(await collectReplies(session.get(`${key}/async`))).toMatchObject([{ ok: false, message: 'broken later' }]);
    expect(errors.map(String)).toEqual(['Error: broken', 'Error: broken later']);
  });

  it('a handler that answers nothing ends the query when it settles', async () => {
    const key = bench().key();
    const session = await bench().session();
    let isAsked = false;
    await session.declareQueryable(key, async () => {
      await sleep(5);
      isAsked = true;
    });
    expect(await collectReplies(session.get(key, { timeoutMs: 20_000 }))).toEqual([]);
    expect(isAsked).toBe(true);
  });

  it('a reply must answer the query, and not come after its end', async () => {
    const key = bench().key();
    const errors: unknown[] = [];
    const session = await bench().session({ onHandlerError: (error) => errors.push(error) });
    const results: unknown[] = [];
    let late: Query | undefined;
    await session.declareQueryable(key, async (query) => {
      late = query;
      results.push(await query.reply('some/where/else', 'x').catch((error) => error.code));
    });
    expect(await collectReplies(session.get(key))).toEqual([]);
    expect(results).toEqual(['invalid-argument']);
    await expect(late?.reply(key, 'x')).rejects.toMatchObject({ code: 'failed' });
    expect(errors).toEqual([]);
  });

  it('at the time limit the last reply says so, after those that came', async () => {
    const key = bench().key();
    const session = await bench().session();
    const other = await bench().other();
    await other.declareQueryable(`${key}/slow`, () => new Promise(() => {}));
    await other.declareQueryable(`${key}/quick`, (query) => query.reply(`${key}/quick`, 'here'));
    let replies: Reply[] = [];
    await until(async () => {
      replies = await collectReplies(session.get(`${key}/*`, { target: 'all', consolidation: 'none', timeoutMs: 300 }));
      return replies.length === 2;
    }, 'both');
    expect(replies.map(replyText)).toEqual(['here', expect.stringContaining('300 ms')]);
    expect(replies[1]).toMatchObject({ ok: false, timedOut: true });
  });

  it('an abort ends it at once, before the start too', async () => {
    const key = bench().key();
    const session = await bench().session();
    await session.declareQueryable(key, () => new Promise(() => {}));
    const controller = new AbortController();
    const pending = collectReplies(session.get(key, { signal: controller.signal, timeoutMs: 60_000 }));
    await sleep(20);
    controller.abort();
    await expect(pending).rejects.toMatchObject({ code: 'aborted' });
    await expect(collectReplies(session.get(key, { signal: controller.signal }))).rejects.toMatchObject({
      code: 'aborted',
    });
  });

  it('leaving the loop cancels the query, and the session works on', async () => {
    const key = bench().key();
    const session = await bench().session();
    const other = await bench().other();
    await other.declareQueryable(`${key}/*`, async (query) => {
      await query.reply(`${key}/1`, 'one');
      await new Promise(() => {});
    });
    await until(async () => {
      for await (const reply of session.get(`${key}/1`, { consolidation: 'none', timeoutMs: 1_000 })) {
        if (reply.ok) return true;
      }
      return false;
    }, 'the first reply');
    expect(await collectReplies(session.get(bench().key()))).toEqual([]);
  });

  it('many queries at once are kept apart', async () => {
    const key = bench().key();
    const session = await bench().session();
    const other = await bench().other();
    await other.declareQueryable(`${key}/*`, (query) => query.reply(query.keyExpr, query.keyExpr));
    await answers(session, `${key}/first`, 1);
    const texts = await Promise.all(
      Array.from({ length: 50 }, async (_, n) => (await collectReplies(session.get(`${key}/${n}`))).map(replyText)),
    );
    expect(texts).toEqual(Array.from({ length: 50 }, (_, n) => [`${key}/${n}`]));
  });

  it('bad arguments are refused', async () => {
    const session = await bench().session();
    const refused = { code: 'invalid-argument' };
    await expect(collectReplies(session.get('a//b?x'))).rejects.toMatchObject(refused);
    await expect(collectReplies(session.get('a', { timeoutMs: 0 }))).rejects.toMatchObject(refused);
    await expect(collectReplies(session.get('a', { timeoutMs: Number.NaN }))).rejects.toMatchObject(refused);
    await expect(session.declareQueryable('a//b', () => {})).rejects.toMatchObject(refused);
  });
}

/** Asks until there are `count` replies: a declaration takes a moment to reach the asker. */
async function answers(session: Session, selector: string, count: number): Promise<Reply[]> {
  let replies: Reply[] = [];
  await until(async () => {
    replies = await collectReplies(session.get(selector, { target: 'all', consolidation: 'none' }));
    return replies.length === count;
  }, `${count} replies of ${selector}`);
  return replies;
}

function replyText(reply: Reply): string {
  return reply.ok ? textOf(reply.sample.payload) : reply.message;
}
