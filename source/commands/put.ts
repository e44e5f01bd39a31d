import { usageError } from '../errors.ts';
import type { Command } from './command.ts';

const endpoint = {
  type: 'string',
  placeholder: 'ENDPOINT',
  summary: 'router',
  defaultText: 'BUBBALOOP_ZENOH_ENDPOINT, then tcp/127.0.0.1:7447',
} as const;

export const putCommand: Command = {
  name: 'put',
  summary: 'Publish a value on a key',
  operands: 'KEY VALUE',
  flags: {
    cbor: { type: 'boolean', summary: 'VALUE is JSON, sent as CBOR' },
    encoding: {
      type: 'string',
      placeholder: 'ENCODING',
      summary: 'what it is, in zenoh’s words',
      defaultText: 'application/json where VALUE is JSON, else text/plain',
    },
    endpoint,
  },
  examples: [
    `bubbaloop put bubbaloop/global/jetson_1/gps/position '{"latitude": 43.3, "longitude": -2}'`,
    'echo on | bubbaloop put test/switch -    # - is stdin',
  ],
  async run(invocation) {
    const [key, value, ...more] = invocation.operands;
    if (key === undefined || value === undefined || more.length > 0)
      throw usageError('put wants a key and a value.', 'Quote the value; - takes it from stdin.');
    return (await import('./get-put-run.ts')).runPut(key, value, invocation);
  },
};

export const deleteCommand: Command = {
  name: 'delete',
  summary: 'Publish that a key’s value is gone',
  operands: 'KEY',
  flags: { endpoint },
  async run(invocation) {
    const [key, ...more] = invocation.operands;
    if (key === undefined || more.length > 0) throw usageError('delete wants one key.');
    return (await import('./get-put-run.ts')).runDelete(key, invocation);
  },
};
