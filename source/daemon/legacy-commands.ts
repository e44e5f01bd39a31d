import type { NodeAction } from '../wire/command.ts';
import type { DaemonCommand, DaemonEvent, DaemonEventType, DaemonRequest } from '../wire/daemon-command.ts';
import { type DaemonManifest, daemonManifestToWire } from '../wire/manifest.ts';
import type { NodeState } from '../wire/node-state.ts';
import { plainText } from '../wire/plain-text.ts';
import type { CommandDoor } from './command-door.ts';
import { isSameToken } from './home.ts';
import type { NodeCommands, Outcome } from './node-commands.ts';

export interface LegacyContext {
  readonly commands: Pick<NodeCommands, 'add' | 'remove' | 'run'>;
  readonly door: CommandDoor;
  readonly token: string;
  readonly manifest: () => DaemonManifest;
  readonly states: () => Promise<readonly NodeState[]>;
  /** Ends the daemon, after the answer was sent. */
  readonly shutdown: () => void;
}

const ACTIONS: Readonly<Record<string, NodeAction>> = {
  start_node: 'start',
  stop_node: 'stop',
  restart_node: 'restart',
  get_logs: 'get_logs',
  build_node: 'build',
  install_service: 'install',
  uninstall_node: 'uninstall',
  clean_node: 'clean',
  enable_autostart: 'enable_autostart',
  disable_autostart: 'disable_autostart',
};

/** The events that answer a command put the older way; the last is `done`. Never throws. */
export async function answerLegacy(command: DaemonCommand, context: LegacyContext): Promise<readonly DaemonEvent[]> {
  const event = (type: DaemonEventType, text?: string): DaemonEvent => ({ id: command.id, type, text });
  const { door } = context;
  if (!isSameToken(command.authToken, context.token)) {
    const reason = 'auth_token is missing or wrong: it is the content of mcp-token in the daemon’s folder.';
    return refuseLegacy(command, door, reason);
  }
  const outcome = await door.answerOlder(command.id, command.command, () => carryOut(command.command, context));
  const text = outcome.output === undefined || outcome.output === '' ? outcome.message : outcome.output;
  // A failure says why, whatever it printed.
  return [outcome.ok ? event('result', text) : event('error', outcome.message), event('done')];
}

/** The events that refuse a command put the older way; puts the refusal on record. */
export function refuseLegacy(command: DaemonCommand, door: CommandDoor, reason: string): readonly DaemonEvent[] {
  door.refuseOlder(command.id, command.command, reason);
  return [
    { id: command.id, type: 'error', text: reason },
    { id: command.id, type: 'done', text: undefined },
  ];
}

async function carryOut(request: DaemonRequest, context: LegacyContext): Promise<Outcome> {
  switch (request.kind) {
    case 'list_nodes':
      return { ok: true, message: JSON.stringify((await context.states()).map(toListEntry)) };
    case 'health':
      return { ok: true, message: JSON.stringify(daemonManifestToWire(context.manifest())) };
    case 'shutdown':
      context.shutdown();
      return { ok: true, message: 'The daemon is stopping.' };
    case 'install_node':
      return context.commands.add(request.source, request.name, request.config);
    case 'remove_node':
      return context.commands.remove(request.name);
    case 'unknown':
      return {
        ok: false,
        message: `This daemon does not know the command ${JSON.stringify(plainText(request.word).slice(0, 200))}.`,
      };
    default:
      return context.commands.run({ command: ACTIONS[request.kind] ?? request.kind, nodeName: request.name });
  }
}

function toListEntry(node: NodeState): Readonly<Record<string, unknown>> {
  return {
    name: node.name,
    status: capitalWords(node.status),
    health: capitalWords(node.health),
    node_type: node.nodeType,
    installed: node.installed,
    is_built: node.isBuilt,
  };
}

/** `not-installed` as the older clients spell it, `NotInstalled`. */
function capitalWords(text: string): string {
  return text.replaceAll(/(?:^|-)([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}
