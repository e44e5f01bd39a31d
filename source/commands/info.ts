import { usageError } from '../errors.ts';
import type { Command } from './command.ts';
import { endpointFlag } from './common-flags.ts';

export const infoCommand: Command = {
  name: 'info',
  summary: 'Open a session and show its id, the routers it reaches, and their peers',
  flags: {
    json: { type: 'boolean', summary: 'one JSON object' },
    endpoint: endpointFlag('router'),
  },
  examples: ['bubbaloop info', "bubbaloop info --json | jq -r '.routers[].zid'"],
  async run(invocation) {
    if (invocation.operands.length > 0) throw usageError('info takes no operands.');
    return (await import('./info-run.ts')).runInfo(invocation);
  },
};
