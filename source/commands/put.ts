import { usageError } from '../errors.ts';
import type { Command } from './command.ts';
import { endpointFlag } from './common-flags.ts';

export const putCommand: Command = {
  name: 'put',
  summary: 'Publish a value on a key, or each line of stdin',
  operands: 'KEY VALUE | KEY --lines',
  flags: {
    lines: { type: 'boolean', summary: 'each line of stdin is a value, published as it comes' },
    cbor: { type: 'boolean', summary: 'VALUE is JSON, sent as CBOR' },
    encoding: {
      type: 'string',
      shortFlag: 'e',
      placeholder: 'ENCODING',
      summary: 'what it is, in zenoh’s words',
      defaultText: 'application/json where VALUE is JSON, text/plain where it is text, else zenoh/bytes',
    },
    attachment: { type: 'string', shortFlag: 'a', placeholder: 'TEXT', summary: 'goes with the value' },
    endpoint: endpointFlag('router'),
  },
  examples: [
    `bubbaloop put bubbaloop/global/jetson_1/gps/position '{"latitude": 43.3, "longitude": -2}'`,
    'echo on | bubbaloop put test/switch -    # - is stdin',
    'bubbaloop put test/photo - -e image/jpeg < photo.jpeg',
    'journalctl -f | bubbaloop put test/journal --lines',
    'bubbaloop put test/offset -- -5    # a value that begins with -',
  ],
  async run(invocation) {
    const [key, value, ...more] = [...invocation.operands, ...invocation.rest];
    const isLines = invocation.flags.lines === true;
    if (key === undefined || more.length > 0 || (value === undefined) !== isLines)
      throw usageError('put wants a key and a value, or a key and --lines.', 'Quote the value; - takes it from stdin.');
    const { runPut, runPutLines } = await import('./put-run.ts');
    return value === undefined ? runPutLines(key, invocation) : runPut(key, value, invocation);
  },
};
