import { existsSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { usageError } from '../errors.ts';
import type { NodeAction } from '../wire/command.ts';
import { nodeNameProblem } from '../wire/names.ts';
import { plainText } from '../wire/plain-text.ts';
import { type Command, type Invocation, stringFlag } from './command.ts';
import { endpointFlag, homeFlag, machineFlag } from './common-flags.ts';
import type { NodeRequest } from './node-control.ts';

/** Subcommands that are about one node and are sent to a daemon, with the word it knows them by. */
const ACTIONS: Readonly<Record<string, NodeAction>> = {
  remove: 'remove',
  start: 'start',
  stop: 'stop',
  restart: 'restart',
  build: 'build',
  clean: 'clean',
  install: 'install',
  uninstall: 'uninstall',
  enable: 'enable_autostart',
  disable: 'disable_autostart',
};
const SUBCOMMANDS = ['list', 'init', 'validate', 'add', 'instance', ...Object.keys(ACTIONS), 'logs', 'run'];

export const nodeCommand: Command = {
  name: 'node',
  summary: 'Write, check, add, build, start, stop, remove nodes, list them and read their logs',
  operands:
    'list | init NAME | validate PATH | add PATH|GIT-URL | instance NAME NEW-NAME | remove|start|stop|restart|build|clean|install|uninstall|enable|disable NAME | logs NAME | run NODE|PATH',
  flags: {
    machine: machineFlag('that machine, over zenoh; paths are paths there'),
    json: { type: 'boolean', summary: 'JSON on stdout; logs: one object a line' },
    type: {
      type: 'string',
      placeholder: 'node|python|rust',
      summary: 'init: what it is written in',
      defaultText: 'node',
    },
    name: { type: 'string', placeholder: 'NAME', summary: 'add, run: name of this instance' },
    config: { type: 'string', placeholder: 'FILE', summary: 'add, instance, run: its configuration file' },
    lines: {
      type: 'number',
      shortFlag: 'n',
      summary: 'logs: the newest N lines',
      defaultText: '200; with --since all from then on',
    },
    follow: { type: 'boolean', shortFlag: 'f', summary: 'logs: go on with what comes, until Ctrl-C' },
    since: { type: 'string', placeholder: 'TIME', summary: 'logs: from 30s, 10m, 2h or 1d ago, or an ISO 8601 time' },
    grep: { type: 'string', placeholder: 'RE', summary: 'logs: only lines that match this regular expression' },
    endpoint: endpointFlag(),
    home: homeFlag('the registry'),
  },
  examples: [
    'bubbaloop node list',
    'bubbaloop node init thermometer    # a folder that runs as it is',
    'bubbaloop node add ./nodes/front-door --name front_door',
    'bubbaloop node add https://example.com/fleet/lidar.git',
    'bubbaloop node restart front_door --machine jetson_1',
    'bubbaloop node enable front_door    # start it with the daemon',
    'bubbaloop node logs front_door -f --since 10m --grep "error|warn" --machine jetson_1',
    'bubbaloop node run test-camera    # in the foreground, as the daemon would',
    'bubbaloop node run ./thermometer    # the same of your own',
  ],
  async run(invocation) {
    const [subcommand, operand, second] = invocation.operands;
    if (subcommand === undefined || !SUBCOMMANDS.includes(subcommand)) {
      const what = subcommand === undefined ? 'node wants a subcommand.' : `node has no ${JSON.stringify(subcommand)}.`;
      throw usageError(what, `One of: ${SUBCOMMANDS.join(', ')}.`);
    }
    const operandCount = OPERAND_COUNTS[subcommand] ?? 1;
    if (invocation.operands.length - 1 > operandCount) {
      const what = ['no name', 'one name', 'two names'][operandCount] ?? '';
      throw usageError(`node ${subcommand} takes ${PATH_SUBCOMMANDS.includes(subcommand) ? 'one path' : what}.`);
    }
    refuseLogFlags(subcommand, invocation);
    // Each in a file of its own: `node list` must not wait for zenoh to load.
    if (subcommand === 'list') return (await import('./node-list.ts')).listNodes(invocation);
    const name = required(operand, subcommand);
    if (subcommand === 'init') return (await import('./node-init.ts')).initNode(name, invocation);
    if (subcommand === 'validate') return (await import('./node-validate.ts')).validateNode(name, invocation);
    if (subcommand === 'run') return (await import('./node-run.ts')).runNode(name, invocation);
    if (subcommand === 'logs') return (await import('./node-logs.ts')).showLogs(name, invocation);
    const source = subcommand === 'add' ? await checkedSource(name, invocation) : name;
    const request = toRequest(subcommand, source, second, invocation);
    return (await import('./node-control.ts')).controlNode(request, invocation);
  },
};

/** The folder that `add` is about, checked where it is on this machine: a Git URL is cloned into the home first. */
async function checkedSource(source: string, invocation: Invocation): Promise<string> {
  const { cloneNode, isGitUrl } = await import('./node-clone.ts');
  const isRemote = stringFlag(invocation, 'machine') !== undefined;
  if (!isGitUrl(source)) {
    const { refuseFaults } = await import('./node-validate.ts');
    // Whoever adds it says so where there is none.
    if (!isRemote && existsSync(join(source, 'node.yaml'))) refuseFaults(resolve(source), source);
    return source;
  }
  if (isRemote) throw usageError('node add --machine takes a path on that machine: clone it there, or run this there.');
  const name = stringFlag(invocation, 'name');
  if (name !== undefined) refuseName(name);
  const { localMachine } = await import('./node-local.ts');
  return cloneNode(source, join(localMachine(invocation).home.folder, 'nodes'), name);
}

const OPERAND_COUNTS: Readonly<Record<string, number>> = { list: 0, instance: 2 };
const PATH_SUBCOMMANDS = ['add', 'validate'];
const LOG_FLAGS = ['lines', 'follow', 'since', 'grep'];

function toRequest(
  subcommand: string,
  operand: string,
  second: string | undefined,
  invocation: Invocation,
): NodeRequest {
  const name = stringFlag(invocation, 'name');
  const config = pathFlag(invocation, 'config');
  if (subcommand === 'add') {
    if (name !== undefined) refuseName(name);
    const isRemote = stringFlag(invocation, 'machine') !== undefined;
    if (isRemote && !isAbsolute(operand)) throw relative(operand);
    return { action: 'add', node: '', parameters: { source: resolve(operand), name, config } };
  }
  if (subcommand === 'instance') {
    if (second === undefined) throw usageError('node instance wants two names: that of a node and a new one.');
    refuseName(second);
    return { action: 'instance', node: operand, parameters: { name: second, config } };
  }
  const action = ACTIONS[subcommand];
  if (action === undefined) throw usageError(`node has no ${subcommand}.`);
  return { action, node: operand };
}

/** Absolute: another process opens it. */
function pathFlag(invocation: Invocation, flag: string): string | undefined {
  const path = stringFlag(invocation, flag);
  if (path === undefined) return undefined;
  if (stringFlag(invocation, 'machine') !== undefined && !isAbsolute(path)) throw relative(path);
  return resolve(path);
}

function relative(path: string): Error {
  return usageError(
    `${JSON.stringify(plainText(path))} is no absolute path.`,
    'With --machine it is a path on that machine.',
  );
}

function refuseName(name: string): void {
  const problem = nodeNameProblem(name);
  if (problem !== undefined) throw usageError(`The name ${JSON.stringify(plainText(name))}: ${problem}.`);
}

function refuseLogFlags(subcommand: string, invocation: Invocation): void {
  if (subcommand === 'logs') return;
  const flag = LOG_FLAGS.find((candidate) => (invocation.flags[candidate] ?? false) !== false);
  if (flag !== undefined) throw usageError(`node ${subcommand} has no --${flag}: that is for node logs.`);
}

function required(operand: string | undefined, subcommand: string): string {
  if (operand !== undefined && operand !== '') return operand;
  throw usageError(
    `node ${subcommand} wants ${PATH_SUBCOMMANDS.includes(subcommand) ? 'the path of a node’s folder' : 'a name'}.`,
  );
}
