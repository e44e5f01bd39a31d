import { usageError } from '../errors.ts';
import { booleanFlag, type Command } from './command.ts';
import { endpointFlag, homeFlag, machineFlag } from './common-flags.ts';

export const shmCommand: Command = {
  name: 'shm',
  summary: 'Remove shared memory that crashed programs left behind',
  operands: 'clean',
  flags: {
    dryRun: { type: 'boolean', summary: 'only tell what would be removed' },
    machine: machineFlag('ask that machine over zenoh'),
    endpoint: endpointFlag(),
    home: homeFlag('this machine’s daemon'),
  },
  examples: ['bubbaloop shm clean --dry-run', 'bubbaloop shm clean --machine jetson_1'],
  async run(invocation) {
    const [subcommand, ...more] = invocation.operands;
    if (subcommand !== 'clean' || more.length > 0) {
      throw usageError(
        subcommand === undefined ? 'Say what to do: bubbaloop shm clean.' : 'bubbaloop shm knows only: clean.',
        'Run `bubbaloop shm --help`.',
      );
    }
    const { controlNode } = await import('./node-control.ts');
    const action = booleanFlag(invocation, 'dryRun') ? 'check_shm' : 'clean_shm';
    return controlNode({ action, node: '' }, invocation);
  },
};
