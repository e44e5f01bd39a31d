import { usageError } from '../errors.ts';
import type { Command } from './command.ts';

export const statusCommand: Command = {
  name: 'status',
  summary: 'Whether this machine’s router, link to central, daemon and nodes are well; exit code 1 where not',
  flags: {
    json: { type: 'boolean', summary: 'JSON on stdout' },
    endpoint: {
      type: 'string',
      placeholder: 'ENDPOINT',
      summary: 'the router of this machine',
      defaultText: 'BUBBALOOP_ZENOH_ENDPOINT, then tcp/127.0.0.1:7447',
    },
    home: {
      type: 'string',
      placeholder: 'DIR',
      summary: 'folder of configuration and daemon',
      defaultText: 'BUBBALOOP_HOME, then ~/.bubbaloop',
    },
  },
  examples: ['bubbaloop status', 'bubbaloop status --json | jq .problems'],
  async run(invocation) {
    const [extra] = invocation.operands;
    if (extra !== undefined) throw usageError(`status takes no ${JSON.stringify(extra)}.`);
    return (await import('./status-run.ts')).showStatus(invocation);
  },
};
