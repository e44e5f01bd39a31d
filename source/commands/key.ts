import { usageError } from '../errors.ts';
import { booleanFlag, type Command } from './command.ts';
import { homeFlag } from './common-flags.ts';

const SUBCOMMANDS = ['create', 'show', 'import'];

export const keyCommand: Command = {
  name: 'key',
  summary: 'The fleet key, which commands to daemons are signed with',
  operands: 'create | show | import [FILE]',
  flags: {
    force: { type: 'boolean', summary: 'create, import: replace the key that is there' },
    secret: { type: 'boolean', summary: 'show: print the key itself, to import it elsewhere' },
    home: homeFlag('the key'),
  },
  examples: [
    'bubbaloop key create',
    'bubbaloop key show --secret | ssh jetson_1 bubbaloop key import',
    'bubbaloop key show    # its fingerprint, the same on every machine of the fleet',
  ],
  async run(invocation) {
    const [subcommand, file, ...more] = invocation.operands;
    if (subcommand === undefined || !SUBCOMMANDS.includes(subcommand)) {
      const what = subcommand === undefined ? 'key wants a subcommand.' : `key has no ${JSON.stringify(subcommand)}.`;
      throw usageError(what, `One of: ${SUBCOMMANDS.join(', ')}.`);
    }
    if (more.length > 0 || (subcommand !== 'import' && file !== undefined)) {
      throw usageError(`key ${subcommand} takes ${subcommand === 'import' ? 'one file' : 'no name'}.`);
    }
    if (subcommand !== 'show' && booleanFlag(invocation, 'secret')) throw usageError('--secret goes with key show.');
    const { createKey, importKey, showKey } = await import('./key-actions.ts');
    if (subcommand === 'create') return createKey(invocation);
    return subcommand === 'show' ? showKey(invocation) : importKey(file, invocation);
  },
};
