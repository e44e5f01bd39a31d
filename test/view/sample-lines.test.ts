import { expect, it } from 'vitest';
import { formatSample, formatSamplePretty, sampleToJson } from '../../source/view/sample-lines.ts';
import { encodeCbor } from '../../source/wire/cbor-encode.ts';
import { encodeEnvelope } from '../../source/wire/envelope.ts';
import type { Sample } from '../../source/zenoh/session.ts';

const sample = (payload: Uint8Array | string, encoding = 'zenoh/bytes', more: Partial<Sample> = {}): Sample => ({
  keyExpr: 'a/b',
  kind: 'put',
  payload: typeof payload === 'string' ? Buffer.from(payload) : payload,
  encoding,
  shm: false,
  ...more,
});

const header = { schemaUri: 'x', sourceInstance: 'n', monotonicSeq: 7n, tsNs: 1_764_086_400_123_456_789n };

it.each<[string, Sample, string]>([
  [
    'the envelope',
    sample(encodeEnvelope(header, { big: 2n ** 60n, list: [1.5, null], 'odd name': true }), 'application/cbor'),
    `a/b  #7 2025-11-25T16:00:00.123456Z  {big: ${2n ** 60n}, list: [1.5, null], "odd name": true}`,
  ],
  ['an envelope without a name', sample(encodeEnvelope(header, 'hi')), 'a/b  #7 2025-11-25T16:00:00.123456Z  "hi"'],
  ['JSON', sample('{"a": 9007199254740993}', 'application/json'), 'a/b  {a: 9007199254740993}'],
  [
    'a CBOR map',
    sample(encodeCbor({ data: new Uint8Array(3_000), id: Uint8Array.of(1, 255) })),
    'a/b  {data: <2.9K>, id: <01 ff>}',
  ],
  ['text', sample('ok\nfine', 'text/plain'), 'a/b  ok fine'],
  ['text that is a number', sample('17'), 'a/b  17'],
  ['text that is no CBOR though it says so', sample('hello', 'application/cbor'), 'a/b  hello'],
  ['bytes', sample(Uint8Array.of(0, 1, 0xfe)), 'a/b  <00 01 fe>'],
  [
    'an attachment',
    sample('ok', 'text/plain', { attachment: Buffer.from('from \u001b[31mhere') }),
    'a/b  ok  +"from here"',
  ],
  ['an attachment of bytes', sample('ok', 'text/plain', { attachment: Uint8Array.of(0, 1) }), 'a/b  ok  +<00 01>'],
  ['nothing', sample(''), 'a/b  '],
  ['a deletion', sample('', 'zenoh/bytes', { kind: 'delete' }), 'a/b  deleted'],
  ['escapes', sample('\u001b]0;evil\u0007text', 'text/plain', { keyExpr: 'a/\u001b[31mb' }), 'a/b  text'],
  ['escapes within a message', sample(encodeCbor({ name: '\u001b[2J' })), 'a/b  {name: "\\u001b[2J"}'],
])('shows %s', (_what, given, line) => {
  expect(formatSample(given)).toBe(line);
});

it('cuts what is long, in text only', () => {
  const long = sample(Uint8Array.from({ length: 500 }, (_value, index) => index % 7));
  expect(formatSample(long)).toMatch(/^a\/b {2}00 01 .* … \(500B\)$/);
  expect(formatSample(sample('x'.repeat(5_000))).length).toBeLessThan(2_100);
  expect(sampleToJson(sample('x'.repeat(5_000)), 0).length).toBeGreaterThan(5_000);
});

it('JSON keeps everything', () => {
  const payload = encodeEnvelope(header, { big: 2n ** 63n, bytes: Uint8Array.of(1, 2, 3) });
  expect(sampleToJson(sample(payload, 'application/cbor', { shm: true, timestamp: 't/z' }), 5)).toBe(
    `{"key":"a/b","kind":"put","encoding":"application/cbor","size_bytes":${payload.length},"shm":true,` +
      '"received_at_ms":5,"timestamp":"t/z","header":{"schema_uri":"x","source_instance":"n","monotonic_seq":"7",' +
      `"ts_ns":"1764086400123456789"},"body":{"big":"${2n ** 63n}","bytes":"AQID"}}`,
  );
  expect(JSON.parse(sampleToJson(sample(Buffer.of(0, 255)), 5))).toMatchObject({ base64: 'AP8=' });
  expect(JSON.parse(sampleToJson(sample('ok', 'text/plain'), 5))).toMatchObject({ text: 'ok' });
});

it('JSON has the attachment, and what the caller adds', () => {
  // A Buffer, as zenoh's come.
  const attached = sample('ok', 'text/plain', { attachment: Buffer.of(1, 2, 3) });
  expect(JSON.parse(sampleToJson(attached, 5, { replier_zid: 'a1' }))).toMatchObject({
    text: 'ok',
    attachment_base64: 'AQID',
    replier_zid: 'a1',
  });
});

it.each<[string, Sample, string]>([
  [
    'the envelope',
    sample(
      encodeEnvelope(header, { big: 2n ** 60n, list: [1, 2], deep: [{ a: '\u001b[2J\n' }], none: {} }),
      'application/cbor',
    ),
    'a/b  #7 2025-11-25T16:00:00.123456Z  application/cbor, 118B\n' +
      `{\n  big: ${2n ** 60n},\n  list: [1, 2],\n  deep: [\n    {\n      a: "\\u001b[2J\\n"\n    }\n  ],\n  none: {}\n}`,
  ],
  ['text', sample('one\ntwo\u001b[0m', 'text/plain', { shm: true }), 'a/b  text/plain, 11B, shared memory\none\ntwo'],
  [
    'bytes',
    sample(Uint8Array.from({ length: 18 }, (_value, index) => index + 0x3c - (index > 16 ? 0x4d : 0))),
    'a/b  zenoh/bytes, 18B\n' +
      '00000000  3c 3d 3e 3f 40 41 42 43 44 45 46 47 48 49 4a 4b  <=>?@ABCDEFGHIJK\n' +
      '00000010  4c 00                                            L.',
  ],
  ['a deletion', sample('', 'zenoh/bytes', { kind: 'delete' }), 'a/b  deleted'],
])('pretty: %s', (_what, given, text) => {
  expect(formatSamplePretty(given)).toBe(text);
});
