import { usageError } from '../errors.ts';
import type { Command } from './command.ts';
import { endpointFlag } from './common-flags.ts';

export const getCommand: Command = {
  name: 'get',
  summary: 'Ask a key expression, and show every answer',
  operands: 'SELECTOR [VALUE]',
  flags: {
    json: { type: 'boolean', summary: 'one JSON object an answer, nothing cut, byte strings as base64' },
    pretty: { type: 'boolean', summary: 'CBOR and JSON over several lines, nothing cut' },
    raw: { type: 'boolean', summary: 'the answers’ bytes, and nothing else' },
    payload: {
      type: 'string',
      shortFlag: 'p',
      placeholder: 'VALUE',
      summary: 'VALUE in another place; - takes it from stdin',
    },
    cbor: { type: 'boolean', summary: 'VALUE is JSON, sent as CBOR' },
    encoding: {
      type: 'string',
      shortFlag: 'e',
      placeholder: 'ENCODING',
      summary: 'what VALUE is, in zenoh’s words',
      defaultText: 'application/json where it is JSON, else text/plain',
    },
    attachment: { type: 'string', shortFlag: 'a', placeholder: 'TEXT', summary: 'goes with the question' },
    target: {
      type: 'string',
      shortFlag: 't',
      placeholder: 'best-matching|all|all-complete',
      summary: 'who is asked',
      defaultText: 'all',
    },
    consolidation: {
      type: 'string',
      placeholder: 'auto|none|monotonic|latest',
      summary: 'which of several answers for one key are shown',
      defaultText: 'none: every one',
    },
    timeout: {
      type: 'number',
      shortFlag: 'o',
      placeholder: 'SECONDS',
      summary: 'how long to wait for answers',
      defaultText: '5',
    },
    liveliness: { type: 'boolean', summary: 'tokens that are alive, in place of values' },
    endpoint: endpointFlag('router'),
  },
  examples: [
    "bubbaloop get 'bubbaloop/global/*/*/manifest'",
    'bubbaloop get bubbaloop/global/jetson_1/weather/daily --json | jq .body',
    `bubbaloop get bubbaloop/global/jetson_1/thermometer/command '{"command": "calibrate", "params": {"offset": 1}}'`,
    "bubbaloop get 'history/**?_time=[now(-1h)..]' --pretty",
    "bubbaloop get 'bubbaloop/**' --liveliness",
  ],
  async run(invocation) {
    const [selector, value, ...more] = [...invocation.operands, ...invocation.rest];
    if (selector === undefined || more.length > 0) {
      throw usageError('get wants one selector, and one value at most.', 'Quote wildcards and values.');
    }
    return (await import('./get-run.ts')).runGet(selector, value, invocation);
  },
};
