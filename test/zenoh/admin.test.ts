import { describe, expect, it } from 'vitest';
import { decodeRouter, getRouters } from '../../source/zenoh/admin.ts';
import { FakeNetwork } from '../support/fake-session.ts';

const encode = (json: unknown) => new TextEncoder().encode(JSON.stringify(json));

/** As a router 1.10.2 writes it. */
const current = {
  zid: '5f7b1e1b24b0f6dfcbdacd8678e47840',
  version: 'v1.10.2-release built with rustc 1.95.0 (59807616e 2026-04-14)',
  metadata: { name: 'jetson_1' },
  locators: ['tcp/10.0.0.1:7447', 7],
  plugins: { rest: { name: 'rest', path: '__static_lib__' } },
  stats: { rx_bytes: 69, tx_bytes: 1, rx_n_msgs: { net: 3, shm: 4 }, tx_n_msgs: 2, rx_n_dropped: 0, tx_n_dropped: 5 },
  sessions: [
    {
      peer: '474c531820806b9a07e526e75787c642',
      whatami: 'client',
      region: 'south:0:client',
      shm: true,
      weight: null,
      links: [{ src: 'tcp/127.0.0.1:40279', dst: 'tcp/127.0.0.1:36932' }],
    },
    { peer: 'abc', whatami: 'router', weight: 100, links: [] },
    { whatami: 'peer' },
    'rubbish',
  ],
};

describe('decodeRouter', () => {
  it('reads what a router of today writes', () => {
    expect(decodeRouter(encode(current))).toEqual({
      ok: true,
      router: {
        zid: '5f7b1e1b24b0f6dfcbdacd8678e47840',
        version: '1.10.2',
        isSafeToAsk: false,
        name: 'jetson_1',
        metadata: { name: 'jetson_1' },
        locators: ['tcp/10.0.0.1:7447'],
        plugins: [{ name: 'rest', path: '__static_lib__' }],
        stats: { rxBytes: 69, txBytes: 1, rxMessages: 7, txMessages: 2, rxDropped: 0, txDropped: 5 },
        sessions: [
          {
            peer: '474c531820806b9a07e526e75787c642',
            whatAmI: 'client',
            region: 'south:0:client',
            shm: true,
            links: [{ src: 'tcp/127.0.0.1:40279', dst: 'tcp/127.0.0.1:36932' }],
          },
          { peer: 'abc', whatAmI: 'router', shm: false, weight: 100, links: [] },
        ],
      },
    });
  });

  it('knows a router by its version that does not stop while it is asked who declared what', () => {
    const isSafe = (version: unknown): boolean | undefined => {
      const read = decodeRouter(encode({ ...current, version }));
      return read.ok ? read.router.isSafeToAsk : undefined;
    };
    expect(isSafe('v1.10.2-bubbaloop built with rustc 1.95.0')).toBe(true);
    for (const other of ['v1.10.2-release built with rustc 1.95.0', '-bubbaloop', 'v1.10.2-bubbaloops', '', 7]) {
      expect(isSafe(other)).toBe(false);
    }
  });

  it('takes the zid from the key where the text has none, and leaves out the rest', () => {
    expect(decodeRouter(encode({ plugins: null, metadata: null }), '@/abc/router')).toEqual({
      ok: true,
      router: { zid: 'abc', version: '', isSafeToAsk: false, metadata: null, locators: [], plugins: [], sessions: [] },
    });
  });

  it.each([
    ['no JSON', new TextEncoder().encode('{')],
    ['no UTF-8', new Uint8Array([0xff, 0xfe])],
    ['nothing', new Uint8Array(0)],
    ['no object', encode([1])],
    ['no zid', encode({})],
  ])('%s is a value with a reason', (_what, payload) => {
    expect(decodeRouter(payload)).toMatchObject({ ok: false, reason: expect.any(String) });
  });

  it('survives every cut of a real text', () => {
    const whole = encode(current);
    for (let length = 0; length < whole.length; length++)
      expect(decodeRouter(whole.subarray(0, length)).ok).toBe(false);
  });
});

describe('getRouters', () => {
  it('returns each answer, the bad ones too', async () => {
    const network = new FakeNetwork();
    const session = await network.connect();
    await session.declareQueryable('@/a/router', (query) => query.reply('@/a/router', '{"zid":"a"}'));
    await session.declareQueryable('@/b/router', (query) => query.reply('@/b/router', 'rubbish'));
    await session.declareQueryable('@/c/router', (query) => query.replyError('busy'));
    const replies = await getRouters(session);
    expect(replies).toHaveLength(3);
    expect(replies).toContainEqual({ ok: true, router: expect.objectContaining({ zid: 'a' }) });
    expect(replies).toContainEqual({ ok: false, reason: expect.stringMatching(/^not JSON/), keyExpr: '@/b/router' });
    expect(replies).toContainEqual({ ok: false, reason: 'busy', keyExpr: '' });
    await session.close();
  });
});
