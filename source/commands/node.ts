import { usageError } from '../errors.ts';
import type { NodeAction } from '../wire/command.ts';
import { type Command, type Invocation, stringFlag } from './command.ts';

/** Subcommands that are sent to a daemon, with the word it knows them by. */
const ACTIONS: Readonly<Record<string, NodeAction>> = {
  start: 'start',
  stop: 'stop',
  restart: 'restart',
  logs: 'get_logs',
  build: 'build',
  enable: 'enable_autostart',
  disable: 'disable_autostart',
};
const SUBCOMMANDS = ['list', 'add', 'remove', ...Object.keys(ACTIONS), 'run'];

export const nodeCommand: Command = {
  name: 'node',
  summary: 'List, add, remove, start, stop and read the logs of nodes',
  operands: 'list | add PATH | remove NAME | start|stop|restart|logs|build|enable|disable NAME | run NODE',
  flags: {
    machine: {
      type: 'string',
      placeholder: 'ID',
      summary: 'ask that machine over zenoh',
      defaultText: 'this one, without a router',
    },
    json: { type: 'boolean', summary: 'list: JSON on stdout' },
    name: { type: 'string', placeholder: 'NAME', summary: 'add, run: name of this instance' },
    config: { type: 'string', placeholder: 'FILE', summary: 'add, run: its configuration file' },
    endpoint: {
      type: 'string',
      placeholder: 'ENDPOINT',
      summary: 'router to reach other machines by',
      defaultText: 'BUBBALOOP_ZENOH_ENDPOINT, then tcp/127.0.0.1:7447',
    },
    home: {
      type: 'string',
      placeholder: 'DIR',
      summary: 'folder of the registry',
      defaultText: 'BUBBALOOP_HOME, then ~/.bubbaloop',
    },
  },
  examples: [
    'bubbaloop node list',
    'bubbaloop node add ./nodes/front-door --name front_door',
    'bubbaloop node restart front_door --machine jetson_1',
    'bubbaloop node enable front_door    # start it with the daemon',
    'bubbaloop node run test-camera    # in the foreground, as the daemon would',
  ],
  async run(invocation) {
    const [subcommand, operand, ...more] = invocation.operands;
    if (subcommand === undefined || !SUBCOMMANDS.includes(subcommand)) {
      const what = subcommand === undefined ? 'node wants a subcommand.' : `node has no ${JSON.stringify(subcommand)}.`;
      throw usageError(what, `One of: ${SUBCOMMANDS.join(', ')}.`);
    }
    if (more.length > 0 || (subcommand === 'list' && operand !== undefined)) {
      throw usageError(`node ${subcommand} takes ${subcommand === 'list' ? 'no name' : 'one name'}.`);
    }
    // Each in a file of its own: `node list` must not wait for zenoh to load.
    if (subcommand === 'list') return (await import('./node-list.ts')).listNodes(invocation);
    const name = required(operand, subcommand);
    if (subcommand === 'run') return (await import('./node-run.ts')).runNode(name, invocation);
    refuseMachine(subcommand, invocation);
    if (subcommand === 'add') return (await import('./node-registry.ts')).addNode(name, invocation);
    if (subcommand === 'remove') return (await import('./node-registry.ts')).removeNode(name, invocation);
    const action = ACTIONS[subcommand];
    if (action === undefined) throw usageError(`node has no ${subcommand}.`);
    return (await import('./node-control.ts')).controlNode(name, action, invocation);
  },
};

function required(operand: string | undefined, subcommand: string): string {
  if (operand !== undefined) return operand;
  throw usageError(`node ${subcommand} wants ${subcommand === 'add' ? 'the path of a node’s folder' : 'a name'}.`);
}

function refuseMachine(subcommand: string, invocation: Invocation): void {
  if (!['add', 'remove'].includes(subcommand) || stringFlag(invocation, 'machine') === undefined) return;
  throw usageError(`node ${subcommand} works on this machine's registry: run it there.`);
}
