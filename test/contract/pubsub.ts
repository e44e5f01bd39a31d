/** Put, delete, publishers, subscribers, frames and their queues. */
import { expect, it } from 'vitest';
import type { Frame, Sample } from '../../source/zenoh/session.ts';
import { type Bench, blockThread, matchedPublisher, textOf, until } from './rig.ts';

export function pubsubContract(bench: () => Bench): void {
  it.each([
    ['text', 'grüße', new TextEncoder().encode('grüße')],
    ['binary', new Uint8Array([0, 255, 1, 128]), new Uint8Array([0, 255, 1, 128])],
    ['empty', new Uint8Array(0), new Uint8Array(0)],
    ['empty text', '', new Uint8Array(0)],
    ['1 MB', patterned(1_000_000), patterned(1_000_000)],
    ['8 MB', patterned(8_294_400), patterned(8_294_400)],
  ])(
    'a %s payload arrives as it was put, within a session and between both kinds',
    async (_what, payload, expected) => {
      const [session, other] = [await bench().session(), await bench().other()];
      for (const [sender, receiver] of [
        [session, session],
        [session, other],
        [other, session],
      ] as const) {
        const key = bench().key();
        const got: Sample[] = [];
        await receiver.declareSubscriber(key, (sample) => got.push(sample));
        const publisher = await matchedPublisher(sender, key);
        await publisher.put(payload);
        await sender.put(key, payload, { congestion: 'block' });
        await until(() => got.length === 2, 'both samples');
        for (const sample of got) {
          expect(sample).toMatchObject({ keyExpr: key, kind: 'put', encoding: 'zenoh/bytes' });
          expect(Buffer.compare(sample.payload, expected)).toBe(0);
          expect(sample.attachment).toBeUndefined();
        }
      }
    },
  );

  it.each(['text/plain', 'application/cbor', 'application/json;v=1', 'zenoh/bytes', 'bubbaloop/own'])(
    'encoding %s and an attachment arrive',
    async (encoding) => {
      const key = bench().key();
      const session = await bench().session();
      const other = await bench().other();
      const got: Sample[] = [];
      await other.declareSubscriber(key, (sample) => got.push(sample));
      await matchedPublisher(session, key);
      await session.put(key, 'x', { encoding, attachment: new Uint8Array([7, 0, 9]) });
      await session.put(key, 'y', { encoding, attachment: new Uint8Array(0), congestion: 'block', express: true });
      await until(() => got.length === 2, 'the samples');
      expect(got[0]).toMatchObject({ encoding });
      expect([...(got[0]?.attachment ?? [])]).toEqual([7, 0, 9]);
      expect(textOf(got[1]?.payload ?? new Uint8Array(0))).toBe('y');
    },
  );

  it('a delete arrives as a delete, and wild subscribers get what matches', async () => {
    const key = bench().key('camera');
    const session = await bench().session();
    const got: string[] = [];
    await session.declareSubscriber(`${key}/*/raw`, (sample) => got.push(`${sample.kind} ${sample.keyExpr}`));
    const publisher = await matchedPublisher(session, `${key}/front/raw`);
    await session.put(`${key}/front/thumb`, 'no');
    await publisher.put('yes');
    await publisher.delete();
    await session.delete(`${key}/back/raw`);
    await until(() => got.length === 3, 'three samples');
    expect(got).toEqual([`put ${key}/front/raw`, `delete ${key}/front/raw`, `delete ${key}/back/raw`]);
  });

  it('samples of one publisher come in order, without a loss', async () => {
    const key = bench().key();
    const session = await bench().session();
    const sender = await bench().other();
    const got: number[] = [];
    const subscriber = await session.declareSubscriber(key, (sample) => got.push(Number(textOf(sample.payload))), {
      channel: { kind: 'fifo', capacity: 5_000 },
    });
    const publisher = await sender.declarePublisher(key, { congestion: 'block' });
    await until(() => publisher.matching, 'the subscriber');
    for (let n = 0; n < 2_000; n++) await publisher.put(String(n));
    await until(() => got.length === 2_000, 'all samples');
    expect(got).toEqual(Array.from({ length: 2_000 }, (_, n) => n));
    expect(subscriber.droppedCount).toBe(0);
  });

  it('the payload given may be written again once the put is done', async () => {
    const key = bench().key();
    const session = await bench().session();
    const got: string[] = [];
    await session.declareSubscriber(key, (sample) => got.push(textOf(sample.payload)));
    const publisher = await matchedPublisher(session, key);
    const bytes = new TextEncoder().encode('first');
    await publisher.put(bytes);
    bytes.fill(0x78);
    await until(() => got.length === 1, 'the sample');
    expect(got).toEqual(['first']);
  });

  it('a publisher has its own encoding and attachment, and each put may have another', async () => {
    const key = bench().key();
    const session = await bench().session();
    const got: Sample[] = [];
    await session.declareSubscriber(key, (sample) => got.push(sample));
    const publisher = await session.declarePublisher(key, { encoding: 'text/plain', attachment: new Uint8Array([1]) });
    await until(() => publisher.matching, 'the subscriber');
    await publisher.put('a');
    await publisher.put('b', { encoding: 'application/json', attachment: new Uint8Array([2]) });
    await until(() => got.length === 2, 'both samples');
    expect(got.map((sample) => [sample.encoding, ...(sample.attachment ?? [])])).toEqual([
      ['text/plain', 1],
      ['application/json', 2],
    ]);
  });

  it('a publisher knows whether it has subscribers', async () => {
    const key = bench().key();
    const session = await bench().session();
    const other = await bench().other();
    const publisher = await session.declarePublisher(key);
    expect(publisher.matching).toBe(false);
    const changes: boolean[] = [];
    const stop = publisher.onMatching((matching) => changes.push(matching));
    const subscriber = await other.declareSubscriber(key, () => {});
    await until(() => publisher.matching, 'matching');
    await subscriber.undeclare();
    await until(() => !publisher.matching, 'no longer matching');
    expect(changes).toEqual([true, false]);
    stop();
    await other.declareSubscriber(key, () => {});
    await until(() => publisher.matching, 'matching again');
    expect(changes).toEqual([true, false]);
  });

  it('what is undeclared is over, twice does no harm', async () => {
    const key = bench().key();
    const session = await bench().session();
    const got: string[] = [];
    const ended = await session.declareSubscriber(key, () => got.push('ended'));
    await session.declareSubscriber(key, () => got.push('kept'));
    const publisher = await matchedPublisher(session, key);
    await ended.undeclare();
    await ended.undeclare();
    await publisher.put('x');
    await until(() => got.length > 0, 'the sample');
    await publisher.undeclare();
    await publisher.undeclare();
    await expect(publisher.put('x')).rejects.toMatchObject({ code: 'closed' });
    expect(publisher.matching).toBe(false);
    expect(got).toEqual(['kept']);
  });

  it('a handler that throws is told of and hears the next sample', async () => {
    const key = bench().key();
    const errors: unknown[] = [];
    const session = await bench().session({ onHandlerError: (error) => errors.push(error) });
    const got: string[] = [];
    await session.declareSubscriber(key, (sample) => {
      got.push(textOf(sample.payload));
      throw new Error(`no ${textOf(sample.payload)}`);
    });
    const publisher = await matchedPublisher(session, key);
    await publisher.put('1');
    await publisher.put('2');
    await until(() => got.length === 2, 'both samples');
    expect(errors.map(String)).toEqual(['Error: no 1', 'Error: no 2']);
  });

  it('a ring keeps the newest and counts what it drops', async () => {
    const { got, droppedCount } = await flood(bench(), { kind: 'ring', capacity: 3 }, 200);
    expect(got.at(-1)).toBe(199);
    expect(droppedCount).toBeGreaterThan(0);
    expect(got.length + droppedCount).toBe(200);
    expect(got).toEqual(got.toSorted((a, b) => a - b));
  });

  it('a fifo keeps the oldest and counts what it drops', async () => {
    const { got, droppedCount } = await flood(bench(), { kind: 'fifo', capacity: 3 }, 200);
    expect(got.slice(0, 3)).toEqual([0, 1, 2]);
    expect(droppedCount).toBeGreaterThan(0);
    expect(got.length + droppedCount).toBe(200);
  });

  it('a frame is empty once it is released', async () => {
    const key = bench().key();
    const session = await bench().session();
    const sizes: number[][] = [];
    await session.declareFrameSubscriber(key, (frame) => {
      const before = frame.payload.byteLength;
      const { keyExpr } = frame;
      frame.release();
      frame.release();
      sizes.push([before, frame.payload.byteLength]);
      expect(keyExpr).toBe(key);
    });
    const publisher = await matchedPublisher(session, key);
    await publisher.put(new Uint8Array(100_000));
    await until(() => sizes.length === 1, 'the frame');
    expect(sizes).toEqual([[100_000, 0]]);
  });

  it('a frame may be kept until later and released with `using`', async () => {
    const key = bench().key();
    const session = await bench().session();
    let kept: Frame | undefined;
    await session.declareFrameSubscriber(key, (frame) => {
      kept = frame;
    });
    const publisher = await matchedPublisher(session, key);
    await publisher.put(new Uint8Array(1_000).fill(3));
    await until(() => kept !== undefined, 'the frame');
    if (kept === undefined) return;
    {
      using frame = kept;
      expect(frame.payload.reduce((sum, byte) => sum + byte, 0)).toBe(3_000);
    }
    expect(kept.payload.byteLength).toBe(0);
  });

  it('what is no key expression is refused', async () => {
    const session = await bench().session();
    const refused = { code: 'invalid-argument' };
    await expect(session.put('a//b', 'x')).rejects.toMatchObject(refused);
    await expect(session.delete('/a')).rejects.toMatchObject(refused);
    await expect(session.declarePublisher('')).rejects.toMatchObject(refused);
    await expect(session.declareSubscriber('a/b*', () => {})).rejects.toMatchObject(refused);
    await expect(
      session.declareSubscriber('a', () => {}, { channel: { kind: 'ring', capacity: 0 } }),
    ).rejects.toMatchObject(refused);
  });
}

function patterned(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31) % 251);
}

/** Sends `count` numbers while the handler's thread is blocked. */
async function flood(bench: Bench, channel: { kind: 'ring' | 'fifo'; capacity: number }, count: number) {
  const key = bench.key();
  const session = await bench.session();
  const sender = await bench.sender();
  const got: number[] = [];
  const subscriber = await session.declareSubscriber(key, (sample) => got.push(Number(textOf(sample.payload))), {
    channel,
  });
  const publisher = await matchedPublisher(sender, key);
  const puts = Array.from({ length: count }, (_, n) => publisher.put(String(n)));
  blockThread(300);
  await Promise.all(puts);
  await until(() => got.length + subscriber.droppedCount === count, 'every sample');
  return { got, droppedCount: subscriber.droppedCount };
}
