/** Liveliness tokens and those who watch them. */
import { expect, it } from 'vitest';
import { type Bench, until } from './rig.ts';

export function livelinessContract(bench: () => Bench): void {
  it('tokens are listed while they live', async () => {
    const key = bench().key('robot');
    const [session, other] = [await bench().session(), await bench().other()];
    const token = await session.liveliness.declareToken(`${key}/1`);
    await other.liveliness.declareToken(`${key}/2`);
    for (const asker of [session, other]) {
      await until(async () => (await asker.liveliness.get(`${key}/*`)).length === 2, 'both tokens');
    }
    expect((await session.liveliness.get(`${key}/**`)).sort()).toEqual([`${key}/1`, `${key}/2`]);
    await token.undeclare();
    await token.undeclare();
    await until(async () => (await other.liveliness.get(`${key}/*`)).length === 1, 'one token');
    expect(await session.liveliness.get(bench().key())).toEqual([]);
  });

  it('a subscriber with history gets those alive first, then what changes', async () => {
    const key = bench().key('robot');
    const [session, other] = [await bench().session(), await bench().other()];
    await other.liveliness.declareToken(`${key}/old`);
    await until(async () => (await session.liveliness.get(`${key}/*`)).length === 1, 'the token');
    const events: string[] = [];
    const watch = await session.liveliness.declareSubscriber(
      `${key}/*`,
      (event) => events.push(`${event.alive ? '+' : '-'}${event.keyExpr}`),
      { history: true },
    );
    await until(() => events.length === 1, 'the history');
    const token = await other.liveliness.declareToken(`${key}/new`);
    await until(() => events.length === 2, 'the new token');
    await token.undeclare();
    await until(() => events.length === 3, 'its end');
    await other.close();
    await until(() => events.length === 4, 'the end of the session');
    expect(events).toEqual([`+${key}/old`, `+${key}/new`, `-${key}/new`, `-${key}/old`]);
    await watch.undeclare();
  });

  it('a subscriber without history gets only what changes', async () => {
    const key = bench().key('robot');
    const [session, other] = [await bench().session(), await bench().other()];
    await other.liveliness.declareToken(`${key}/old`);
    await until(async () => (await session.liveliness.get(`${key}/*`)).length === 1, 'the token');
    const events: string[] = [];
    await session.liveliness.declareSubscriber(`${key}/*`, (event) => events.push(event.keyExpr));
    await other.liveliness.declareToken(`${key}/new`);
    await until(() => events.length > 0, 'the new token');
    expect(events).toEqual([`${key}/new`]);
  });

  it('an abort and bad arguments are refused', async () => {
    const { liveliness } = await bench().session();
    await expect(liveliness.get('**', { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
    await expect(liveliness.get('a//b')).rejects.toMatchObject({ code: 'invalid-argument' });
    await expect(liveliness.declareToken('')).rejects.toMatchObject({ code: 'invalid-argument' });
    await expect(liveliness.declareSubscriber('a/', () => {})).rejects.toMatchObject({ code: 'invalid-argument' });
  });
}
