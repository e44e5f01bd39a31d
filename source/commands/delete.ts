import { usageError } from '../errors.ts';
import type { Command } from './command.ts';
import { endpointFlag } from './common-flags.ts';

export const deleteCommand: Command = {
  name: 'delete',
  summary: 'Publish that a key’s value is gone',
  operands: 'KEYEXPR',
  flags: { endpoint: endpointFlag('router') },
  examples: ['bubbaloop delete test/switch'],
  async run(invocation) {
    const [key, ...more] = [...invocation.operands, ...invocation.rest];
    if (key === undefined || more.length > 0) throw usageError('delete wants one key.');
    return (await import('./put-run.ts')).runDelete(key, invocation);
  },
};
