/** Shared memory on the implementations that have it, its refusal on the others. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Frame, SessionKind } from '../../source/zenoh/session.ts';
import { type Bench, matchedPublisher, until } from './rig.ts';

const SIZE = 1_000_000;

export function sharedMemoryContract(bench: () => Bench, kind: SessionKind): void {
  if (kind === 'remote') {
    it('is refused as unsupported', async () => {
      const session = await bench().session();
      await expect(session.createShmProvider(SIZE)).rejects.toMatchObject({ code: 'unsupported' });
    });

    it('payloads too big for a WebSocket message are refused beforehand, and the link stands', async () => {
      const key = bench().key();
      const session = await bench().session();
      const publisher = await session.declarePublisher(key);
      const big = new Uint8Array(17 * 1024 * 1024);
      await expect(session.put(key, big)).rejects.toMatchObject({ code: 'unsupported' });
      await expect(publisher.put(big)).rejects.toMatchObject({ code: 'unsupported' });
      await session.put(key, 'small');
      expect(session.link.state).toBe('connected');
    });
    return;
  }

  it('a buffer is written, put, consumed, and arrives through shared memory', async () => {
    const key = bench().key();
    const session = await bench().session();
    const receiver = await bench().session();
    const provider = await session.createShmProvider(4 * SIZE);
    expect(provider.sizeBytes).toBeGreaterThanOrEqual(4 * SIZE);
    const got: unknown[] = [];
    await receiver.declareFrameSubscriber(key, (frame) => {
      got.push([frame.shm, frame.payload.byteLength, frame.payload.at(-1), frame.encoding]);
      frame.release();
    });
    const publisher = await matchedPublisher(session, key);
    const buffer = provider.alloc(SIZE);
    if (buffer === undefined) throw new Error('no room');
    expect(buffer.sizeBytes).toBe(SIZE);
    expect(buffer.data.byteLength).toBe(SIZE);
    buffer.data.fill(42);
    await publisher.put(buffer, { encoding: 'application/octet-stream' });
    expect(buffer.data.byteLength).toBe(0);
    buffer.release();
    await until(() => got.length === 1, 'the frame');
    expect(got).toEqual([[true, SIZE, 42, 'application/octet-stream']]);
    provider.close();
  });

  it('room comes back when frames are released, and unsent buffers too', async () => {
    const key = bench().key();
    const session = await bench().session();
    const receiver = await bench().session();
    const provider = await session.createShmProvider(4 * SIZE);
    const held: Frame[] = [];
    await receiver.declareFrameSubscriber(key, (frame) => held.push(frame), {
      channel: { kind: 'fifo', capacity: 100 },
    });
    const publisher = await matchedPublisher(session, key);
    const send = async () => {
      const buffer = provider.alloc(SIZE);
      if (buffer === undefined) return false;
      await publisher.put(buffer);
      return true;
    };
    let sent = 0;
    while (await send()) sent += 1;
    expect(sent).toBeGreaterThan(1);
    await until(() => held.length === sent, 'every frame');
    expect(provider.alloc(SIZE)).toBeUndefined();
    for (const frame of held.splice(0)) frame.release();
    await until(() => send(), 'room again');
    for (let n = 0; n < 20; n++) {
      await until(() => {
        for (const frame of held.splice(0)) frame.release();
        const unsent = provider.alloc(SIZE);
        unsent?.release();
        unsent?.release();
        return unsent !== undefined && unsent.data.byteLength === 0;
      }, 'room for an unsent buffer');
      await sleep(0);
    }
    expect(provider.alloc(100 * SIZE)).toBeUndefined();
    provider.close();
  });

  it('sizes are checked', async () => {
    const session = await bench().session();
    await expect(session.createShmProvider(100)).rejects.toMatchObject({ code: 'invalid-argument' });
    await expect(session.createShmProvider(Number.NaN)).rejects.toMatchObject({ code: 'invalid-argument' });
  });
}
