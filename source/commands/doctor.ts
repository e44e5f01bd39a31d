import { usageError } from '../errors.ts';
import type { Command } from './command.ts';
import { endpointFlag, homeFlag } from './common-flags.ts';

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'What is wrong with this machine and its fleet, and what mends it; exit code 1 where something is',
  operands: '[why KEY]',
  flags: {
    check: {
      type: 'string',
      shortFlag: 'c',
      placeholder: 'AREA',
      isMultiple: true,
      summary: 'only this area, router or shm, or this check, shm-orphans',
    },
    fix: { type: 'boolean', summary: 'mend what can be mended without harm, and look again' },
    json: { type: 'boolean', summary: 'JSON on stdout' },
    duration: {
      type: 'number',
      placeholder: 'SECONDS',
      summary: 'why: how long to wait for samples',
      defaultText: '2, or 6 for heartbeats',
    },
    askRouters: {
      type: 'boolean',
      summary: 'why: ask stock routers who declared what, too: one of zenoh 1.10 can stop for good while it answers',
    },
    endpoint: endpointFlag('the router of this machine'),
    home: homeFlag('this machine’s daemon'),
  },
  examples: [
    'bubbaloop doctor',
    'bubbaloop doctor -c router -c link',
    'bubbaloop doctor --fix -c shm-orphans',
    'bubbaloop doctor why bubbaloop/global/jetson_1/front_door/compressed',
  ],
  async run(invocation) {
    const [subcommand, key, ...more] = invocation.operands;
    if (subcommand === undefined) return (await import('./doctor-run.ts')).runDoctor(invocation);
    if (subcommand !== 'why') {
      throw usageError(`doctor has no ${JSON.stringify(subcommand)}.`, 'There is: bubbaloop doctor why KEY');
    }
    if (key === undefined || more.length > 0) throw usageError('doctor why wants one key: bubbaloop doctor why KEY');
    return (await import('./doctor-why.ts')).runWhy(key, invocation);
  },
};
