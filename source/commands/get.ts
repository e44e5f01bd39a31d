import { usageError } from '../errors.ts';
import type { Command } from './command.ts';

export const getCommand: Command = {
  name: 'get',
  summary: 'Ask a key expression, and show every answer',
  operands: 'SELECTOR [VALUE]',
  flags: {
    json: { type: 'boolean', summary: 'one JSON object an answer, nothing cut' },
    cbor: { type: 'boolean', summary: 'VALUE is JSON, sent as CBOR' },
    timeout: { type: 'number', placeholder: 'SECONDS', summary: 'how long to wait for answers', defaultText: '5' },
    endpoint: {
      type: 'string',
      placeholder: 'ENDPOINT',
      summary: 'router',
      defaultText: 'BUBBALOOP_ZENOH_ENDPOINT, then tcp/127.0.0.1:7447',
    },
  },
  examples: [
    "bubbaloop get 'bubbaloop/global/*/*/manifest'",
    'bubbaloop get bubbaloop/global/jetson_1/weather/daily --json | jq .body',
    `bubbaloop get bubbaloop/global/jetson_1/thermometer/command '{"command": "calibrate", "params": {"offset": 1}}'`,
  ],
  async run(invocation) {
    const [selector, value, ...more] = invocation.operands;
    if (selector === undefined || more.length > 0) {
      throw usageError('get wants one selector, and one value at most.', 'Quote wildcards and values.');
    }
    return (await import('./get-put-run.ts')).runGet(selector, value, invocation);
  },
};
