import { usageError } from '../errors.ts';
import type { Command } from './command.ts';
import { endpointFlag } from './common-flags.ts';

export const subCommand: Command = {
  name: 'sub',
  summary: 'Show what is published on a key expression',
  operands: 'KEYEXPR',
  flags: {
    json: { type: 'boolean', summary: 'one JSON object a line, nothing cut, byte strings as base64' },
    pretty: { type: 'boolean', summary: 'CBOR and JSON over several lines, nothing cut' },
    raw: { type: 'boolean', summary: 'the payloads’ bytes, and nothing else' },
    count: { type: 'number', shortFlag: 'n', summary: 'end after N samples; fewer within --duration is exit code 1' },
    duration: { type: 'number', shortFlag: 'd', placeholder: 'SECONDS', summary: 'end after so long' },
    rate: { type: 'boolean', summary: 'each second how many came on each key, in place of the samples' },
    liveliness: { type: 'boolean', summary: 'tokens that appear and go, in place of samples' },
    endpoint: endpointFlag('router'),
  },
  examples: [
    "bubbaloop sub 'bubbaloop/global/*/thermometer/reading'",
    "bubbaloop sub 'bubbaloop/global/jetson_1/**' --rate",
    "bubbaloop sub 'bubbaloop/global/*/weather/current' -n 1 -d 60 --json | jq .body",
    "bubbaloop sub 'bubbaloop/global/*/*' --liveliness",
    'bubbaloop sub test/photo -n 1 --raw > photo.jpeg',
  ],
  async run(invocation) {
    const [keyExpr, ...more] = [...invocation.operands, ...invocation.rest];
    if (keyExpr === undefined || more.length > 0) {
      throw usageError('sub wants one key expression.', "Quote its wildcards: bubbaloop sub 'bubbaloop/global/**'");
    }
    return (await import('./sub-run.ts')).runSub(keyExpr, invocation);
  },
};
