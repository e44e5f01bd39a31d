import { usageError } from '../errors.ts';
import type { Command } from './command.ts';

export const scoutCommand: Command = {
  name: 'scout',
  summary: 'Find routers and peers in this network, by multicast',
  flags: {
    json: { type: 'boolean', summary: 'one JSON object a line' },
    timeout: {
      type: 'number',
      shortFlag: 'o',
      placeholder: 'SECONDS',
      summary: 'how long to listen',
      defaultText: '1',
    },
    what: {
      type: 'string',
      shortFlag: 'w',
      placeholder: 'router|peer|client',
      summary: 'who is looked for; several with commas',
      defaultText: 'router,peer',
    },
    address: { type: 'string', placeholder: 'IP:PORT', summary: 'multicast group', defaultText: '224.0.0.224:7446' },
    interface: { type: 'string', placeholder: 'NAME', summary: 'network interface, eth0', defaultText: 'all' },
  },
  examples: ['bubbaloop scout', 'bubbaloop scout --timeout 5 --json | jq -r .locators[]'],
  async run(invocation) {
    if (invocation.operands.length > 0) throw usageError('scout takes no operands.');
    return (await import('./scout-run.ts')).runScout(invocation);
  },
};
