import { describe, expect, it } from 'vitest';
import { parseEndpoint, resolveEndpoint } from '../../source/zenoh/endpoint.ts';

describe('parseEndpoint', () => {
  it.each([
    ['tcp/127.0.0.1:7447', 'native'],
    ['tcp/robot.local:7447', 'native'],
    ['tcp/[::1]:7447', 'native'],
    ['udp/10.0.0.1:7447', 'native'],
    ['tls/central:7447', 'native'],
    ['tcp/10.0.0.1:7447?rel=0#iface=eth0', 'native'],
    ['unixsock-stream/tmp/z.sock', 'native'],
    ['ws/127.0.0.1:10000', 'native'],
    ['ws://127.0.0.1:10000', 'remote'],
    ['wss://central.example:443/zenoh', 'remote'],
    ['ws://[::1]:10000', 'remote'],
  ])('%s is %s', (text, kind) => expect(parseEndpoint(text)).toEqual({ kind, text }));

  it.each([
    ['', 'it is empty'],
    ['127.0.0.1:7447', 'did you mean `tcp/127.0.0.1:7447`?'],
    ['central', 'did you mean `tcp/central:7447`?'],
    ['tcp://central', 'did you mean `tcp/central:7447`?'],
    ['tcp://central:7448', 'did you mean `tcp/central:7448`?'],
    ['zenoh://central:7447', 'did you mean `tcp/central:7447`?'],
    ['http://central:8000', 'did you mean `ws://central:8000`?'],
    ['tcp/central', 'the port is missing; did you mean `tcp/central:7447`?'],
    ['tcp/central:', 'the port is missing; did you mean `tcp/central:7447`?'],
    ['tcp/central:port', 'the port is a number'],
    ['tcp/central:0', 'the port is a number'],
    ['tcp/central:99999', 'the port is a number'],
    ['tcp/:7447', 'the host is missing; did you mean `tcp/127.0.0.1:7447`?'],
    ['tcp/', 'the host is missing'],
    ['tcp/::1:7447', 'in brackets'],
    ['tpc/central:7447', '“tpc” is no protocol of zenoh'],
    ['TCP/central:7447', 'did you mean `tcp/central:7447`?'],
    ['"tcp/central:7447"', 'did you mean `tcp/central:7447`?'],
    [' tcp/central:7447', 'did you mean `tcp/central:7447`?'],
    ['tcp/central:7447\n', 'control characters'],
    ['tcp/a:1,tcp/b:2', 'did you mean `tcp/a:1`?'],
    ['ws://central', 'did you mean `ws://central:10000`?'],
    ['wss/central:10000', 'did you mean `wss://central:10000`?'],
    ['ws://user:secret@central:10000', 'not an endpoint'],
    ['tcp/central:7447/x', 'did you mean `tcp/central:7447`?'],
    ['unixsock-stream/', 'the path is missing'],
  ])('%j is refused: %s', (text, message) => {
    expect(() => parseEndpoint(text)).toThrow(message);
    expect(() => parseEndpoint(text)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });

  it('shows a refused text without its escape sequences', () => {
    expect(() => parseEndpoint('tcp/\u001b[31m:7447')).toThrow(/^[^\u001b]*$/);
  });
});

describe('resolveEndpoint', () => {
  it('takes the flag, then the environment, then the default', () => {
    const env = { BUBBALOOP_ZENOH_ENDPOINT: 'tcp/env:1' };
    expect(resolveEndpoint('tcp/flag:1', env)).toBe('tcp/flag:1');
    expect(resolveEndpoint(undefined, env)).toBe('tcp/env:1');
    expect(resolveEndpoint(undefined, { BUBBALOOP_ZENOH_ENDPOINT: '' })).toBe('tcp/127.0.0.1:7447');
    expect(resolveEndpoint(undefined, {})).toBe('tcp/127.0.0.1:7447');
  });
});
