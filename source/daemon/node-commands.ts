import { resolve } from 'node:path';
import { UserError } from '../errors.ts';
import {
  type CommandResult,
  decodeNodeCommand,
  isMachineAction,
  isNodeAction,
  MACHINE_ACTIONS,
  type MachineAction,
  NODE_ACTIONS,
  type NodeAction,
  type NodeCommand,
} from '../wire/command.ts';
import { plainText } from '../wire/plain-text.ts';
import { messageOf } from './home.ts';
import type { NodeBuilds } from './node-builds.ts';
import type { RegistryEntry } from './registry.ts';
import { type Added, type Addition, withInstance, withNode } from './registry-edits.ts';
import type { SupervisedNode } from './supervised-node.ts';
import type { Supervisor } from './supervisor.ts';

/** What came of a command; `output` is log lines or build output. */
export interface Outcome {
  readonly ok: boolean;
  readonly message: string;
  readonly output?: string;
}

/** Log lines in one answer. */
const LOG_LINES = 200;
const LOG_BYTES = 256 * 1024;
/** A node that ends so soon after its start did not start. */
const EARLY_EXIT_MS = 400;
/** SIGTERM, 5 s, SIGKILL, and a little. */
const STOP_MS = 8_000;

/** Carries out what is asked of nodes, from whichever side it comes. */
export class NodeCommands {
  readonly #supervisor: Supervisor;
  readonly #machineId: string;
  /** Aborted when the daemon ends. */
  readonly #signal: AbortSignal;
  readonly builds: NodeBuilds;
  readonly #runForMachine: (action: MachineAction) => Promise<Outcome>;

  constructor(
    supervisor: Supervisor,
    machineId: string,
    signal: AbortSignal,
    runForMachine: (action: MachineAction) => Promise<Outcome>,
    builds: NodeBuilds,
  ) {
    this.builds = builds;
    this.#runForMachine = runForMachine;
    this.#supervisor = supervisor;
    this.#machineId = machineId;
    this.#signal = signal;
  }

  /** Answers the payload of a command query; undefined where it is meant for another machine. Never throws. */
  async answer(payload: Uint8Array | undefined): Promise<CommandResult | undefined> {
    const command = decodeNodeCommand(payload ?? new Uint8Array(0));
    if (!command.ok) return this.#result('', { ok: false, message: `The command cannot be read: ${command.reason}.` });
    const { targetMachine, requestId } = command.value;
    if (targetMachine !== '' && targetMachine !== this.#machineId) return undefined;
    return this.#result(requestId, await this.run(command.value));
  }

  #result(requestId: string, outcome: Outcome): CommandResult {
    return {
      requestId,
      success: outcome.ok,
      message: outcome.message,
      output: outcome.output ?? '',
      respondingMachine: this.#machineId,
      timestampMs: Date.now(),
    };
  }

  /** Never throws. */
  async run({
    command,
    nodeName,
    parameters,
  }: Pick<NodeCommand, 'command' | 'nodeName' | 'parameters'>): Promise<Outcome> {
    if (isMachineAction(command)) return this.#runForMachine(command);
    if (!isNodeAction(command)) {
      const known = [...NODE_ACTIONS, ...MACHINE_ACTIONS].join(', ');
      return refusal(`This daemon does not know the command ${quoted(command)}; it knows ${known}.`);
    }
    if (this.#signal.aborted) return refusal('The daemon is stopping.');
    try {
      // A node that was added a moment ago counts.
      await this.#supervisor.refresh({ force: true });
      if (command === 'add') return await this.add(parameters?.source ?? '', parameters?.name, parameters?.config);
      if (command === 'instance') {
        const { name, config } = parameters ?? {};
        return await this.#register((entries) => withInstance(entries, nodeName, { name, config }));
      }
      const node = this.#supervisor.find(nodeName);
      if (node === undefined) return this.#unknownNode(nodeName);
      return this.#withWarning(node, await this.#act(command, node));
    } catch (error) {
      return refusal(`${command} ${plainText(nodeName).slice(0, 200)}: ${explained(error)}`);
    }
  }

  /** What was done now but would not be remembered by the next daemon. */
  #withWarning(node: SupervisedNode, outcome: Outcome): Outcome {
    const problem = outcome.ok ? this.#supervisor.keepProblem(node.spec.name) : undefined;
    return problem === undefined ? outcome : { ...outcome, message: `${outcome.message} ${problem}` };
  }

  /** Adds a folder to the registry. */
  async add(path: string, name?: string, config?: string): Promise<Outcome> {
    const addition: Addition = { path, name, config };
    try {
      return await this.#register((entries) => withNode(entries, addition));
    } catch (error) {
      return refusal(explained(error));
    }
  }

  async #register(edit: (entries: readonly RegistryEntry[]) => Promise<Added>): Promise<Outcome> {
    let added: Added['spec'] | undefined;
    await this.#supervisor.editRegistry(async (entries) => {
      const result = await edit(entries);
      added = result.spec;
      return result.entries;
    });
    const name = added?.name ?? '';
    const next =
      added?.isBuilt === false ? `Build it: bubbaloop node build ${name}` : `Start it: bubbaloop node start ${name}`;
    return { ok: true, message: `Added ${name} on ${this.#machineId}. ${next}` };
  }

  /** Stops a node and takes it off the registry; its folder stays. */
  async remove(name: string): Promise<Outcome> {
    const node = this.#supervisor.find(name);
    if (node === undefined) return this.#unknownNode(name);
    try {
      if (node.isBuilding) return refusal(`${name} is being built.`);
      // First of all: where the registry cannot be written the node runs on. Off the registry it is told to end.
      await this.#supervisor.editRegistry((entries) => entries.filter((entry) => !isEntryOf(entry, node)));
      if (!(await node.settles(() => !node.isAlive, STOP_MS))) return stubborn(node, `Removed ${name}, but it`);
      return { ok: true, message: `Removed ${name}; its folder ${node.spec.path} stays.` };
    } catch (error) {
      return refusal(explained(error));
    }
  }

  #unknownNode(name: string): Outcome {
    const names = this.#supervisor.names;
    const known = names.length === 0 ? 'it has no nodes' : `its nodes: ${names.slice(0, 20).join(', ')}`;
    return refusal(`There is no node ${quoted(name)} on ${this.#machineId}; ${known}.`);
  }

  async #act(action: NodeAction, node: SupervisedNode): Promise<Outcome> {
    switch (action) {
      case 'start':
        return this.#start(node);
      case 'stop':
        return this.#stop(node);
      case 'restart': {
        if (!node.spec.installed) return notInstalled(node);
        if (node.isBuilding) return refusal(`${node.spec.name} is being built.`);
        const problem = node.isAlive ? node.startProblem() : undefined;
        if (problem !== undefined)
          return refusal(`${node.spec.name} is not restarted, and runs on: ${plainText(problem)}.`);
        await this.#supervisor.start(node, 'restart');
        return this.#reportStart(node, STOP_MS, 'Restarted');
      }
      case 'get_logs':
        return this.#logs(node);
      case 'build':
      case 'clean':
        return this.builds.run(node, action);
      case 'install':
        return this.#install(node);
      case 'uninstall':
        return this.#uninstall(node);
      case 'remove':
        return this.remove(node.spec.name);
      case 'enable_autostart':
      case 'disable_autostart':
        return this.#setAutostart(node, action === 'enable_autostart');
      default:
        return refusal(`${action} is not about a node that is registered.`);
    }
  }

  async #start(node: SupervisedNode): Promise<Outcome> {
    if (!node.spec.installed) return notInstalled(node);
    if (node.machine.phase.kind === 'running')
      return { ok: true, message: `${node.spec.name} already runs, process ${node.pid}.` };
    if (node.isBuilding) return refusal(`${node.spec.name} is being built.`);
    await this.#supervisor.start(node, 'start');
    return this.#reportStart(node, STOP_MS, 'Started');
  }

  /** Waits until it runs, and a little longer: what fails at once is a failure to start. */
  async #reportStart(node: SupervisedNode, timeoutMs: number, verb: string): Promise<Outcome> {
    const kind = () => node.machine.phase.kind;
    await node.settles(() => kind() !== 'starting' && kind() !== 'stopping', timeoutMs);
    if (kind() === 'running') await node.settles(() => kind() !== 'running', EARLY_EXIT_MS);
    if (kind() === 'running' && node.hasExited) await node.settles(() => kind() !== 'running', timeoutMs);
    const { phase } = node.machine;
    if (phase.kind === 'running') return { ok: true, message: `${verb} ${node.spec.name}, process ${phase.pid}.` };
    if (phase.kind === 'done')
      return { ok: true, message: `${verb} ${node.spec.name}; it has ended: ${phase.reason}.` };
    if (phase.kind !== 'failed' && phase.kind !== 'backoff') return refusal(`${node.spec.name} is ${phase.kind}.`);
    const lines = node.lastLines;
    const last = lines.at(-1);
    const said = last === undefined ? '' : `, last line ${quoted(last)}`;
    const again = phase.kind === 'backoff' ? ` It is started again in ${(phase.delayMs / 1_000).toFixed(1)} s.` : '';
    return {
      ok: false,
      message: `${node.spec.name} failed: ${phase.reason}${said}.${again}`,
      output: lines.join('\n'),
    };
  }

  async #stop(node: SupervisedNode): Promise<Outcome> {
    if (!node.isAlive) {
      node.send({ kind: 'stop' });
      return { ok: true, message: `${node.spec.name} was not running.` };
    }
    node.send({ kind: 'stop' });
    if (await node.settles(() => !node.isAlive, STOP_MS)) {
      return { ok: true, message: `Stopped ${node.spec.name}: ${node.machine.lastExit}.` };
    }
    return stubborn(node, node.spec.name);
  }

  async #logs(node: SupervisedNode): Promise<Outcome> {
    const output = await node.log.tail(LOG_LINES, LOG_BYTES);
    return { ok: true, message: output === '' ? `${node.spec.name} has no log yet.` : '', output };
  }

  /** Gives it to the daemon to run. */
  async #install(node: SupervisedNode): Promise<Outcome> {
    const { name, problem, isBuilt, command } = node.spec;
    if (problem !== undefined) return refusal(`${name} cannot be installed: ${plainText(problem)}.`);
    if (!isBuilt) {
      const what = `its program is missing (${plainText(command ?? '')})`;
      return refusal(`${name} cannot be installed: ${what}; build it first: bubbaloop node build ${name}.`);
    }
    if (node.spec.installed) return { ok: true, message: `${name} is installed already.` };
    await this.#change(node, (entry) => ({ ...entry, installed: true }));
    return { ok: true, message: `Installed ${name}. Start it: bubbaloop node start ${name}` };
  }

  /** Takes it from the daemon: ended, not started again, still registered. */
  async #uninstall(node: SupervisedNode): Promise<Outcome> {
    const { name } = node.spec;
    if (!node.spec.installed) return { ok: true, message: `${name} is not installed.` };
    await this.#change(node, (entry) => ({ ...entry, installed: false, autostart: false }));
    const stopped = await this.#stop(node);
    if (!stopped.ok) return stopped;
    return { ok: true, message: `Uninstalled ${name}; it stays registered, and its folder stays.` };
  }

  async #setAutostart(node: SupervisedNode, autostart: boolean): Promise<Outcome> {
    if (autostart && !node.spec.installed) return notInstalled(node);
    await this.#change(node, (entry) => ({ ...entry, autostart }));
    return { ok: true, message: `${node.spec.name} ${autostart ? 'starts' : 'no longer starts'} with the daemon.` };
  }

  async #change(node: SupervisedNode, change: (entry: RegistryEntry) => RegistryEntry): Promise<void> {
    await this.#supervisor.editRegistry((entries) =>
      entries.map((entry) => (isEntryOf(entry, node) ? change(entry) : entry)),
    );
  }
}

/** Whether an entry is this instance: one folder may have several. */
function isEntryOf(entry: RegistryEntry, node: SupervisedNode): boolean {
  return resolve(entry.path) === node.spec.path && entry.nameOverride === node.spec.nameOverride;
}

function stubborn(node: SupervisedNode, who: string): Outcome {
  return refusal(`${who} did not end within ${STOP_MS / 1_000} s, process ${node.pid}.`);
}

function notInstalled(node: SupervisedNode): Outcome {
  const { name } = node.spec;
  return refusal(`${name} is not installed: bubbaloop node install ${name}.`);
}

/** What is wrong, and what to do where that is known. */
function explained(error: unknown): string {
  return error instanceof UserError && error.hint !== undefined ? `${error.message} ${error.hint}` : messageOf(error);
}

function refusal(message: string): Outcome {
  return { ok: false, message };
}

/** Text from outside within a sentence of ours. */
function quoted(text: string): string {
  return JSON.stringify(plainText(text).slice(0, 200));
}
