import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  type CommandResult,
  decodeNodeCommand,
  isNodeAction,
  type NodeAction,
  type NodeCommand,
} from '../wire/command.ts';
import { plainText } from '../wire/plain-text.ts';
import { messageOf } from './home.ts';
import { buildNode } from './node-build.ts';
import { type RegistryEntry, withEntry } from './registry.ts';
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

  constructor(supervisor: Supervisor, machineId: string, signal: AbortSignal) {
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
  async run({ command, nodeName }: Pick<NodeCommand, 'command' | 'nodeName'>): Promise<Outcome> {
    if (!isNodeAction(command)) return refusal(`This daemon does not know the command ${quoted(command)}.`);
    if (this.#signal.aborted) return refusal('The daemon is stopping.');
    try {
      // A node that was added a moment ago counts.
      await this.#supervisor.refresh({ force: true });
      const node = this.#supervisor.find(nodeName);
      if (node === undefined) return this.#unknownNode(nodeName);
      return await this.#act(command, node);
    } catch (error) {
      return refusal(`${command} ${nodeName}: ${messageOf(error)}`);
    }
  }

  /** Adds a folder to the registry. */
  async add(path: string, name?: string, config?: string): Promise<Outcome> {
    const folder = resolve(path);
    if (!existsSync(join(folder, 'node.yaml')))
      return refusal(`There is no node.yaml in ${quoted(folder)} on ${this.#machineId}.`);
    try {
      await this.#supervisor.editRegistry((entries) => withEntry(entries, folder, name, config));
      return { ok: true, message: `Added ${folder}.` };
    } catch (error) {
      return refusal(messageOf(error));
    }
  }

  /** Stops a node and takes it off the registry; its folder stays. */
  async remove(name: string): Promise<Outcome> {
    const node = this.#supervisor.find(name);
    if (node === undefined) return this.#unknownNode(name);
    try {
      const stopped = await this.#act('stop', node);
      if (!stopped.ok) return stopped;
      await this.#supervisor.editRegistry((entries) => entries.filter((entry) => !isEntryOf(entry, node)));
      return { ok: true, message: `Removed ${name}; its folder ${node.spec.path} stays.` };
    } catch (error) {
      return refusal(messageOf(error));
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
        await this.#supervisor.start(node, 'restart');
        return this.#reportStart(node, STOP_MS, 'Restarted');
      }
      case 'get_logs':
        return this.#logs(node);
      case 'build':
        return this.#build(node);
      case 'enable_autostart':
      case 'disable_autostart':
        return this.#setAutostart(node, action === 'enable_autostart');
      default:
        return refusal(`${action} is not supported yet by this daemon.`);
    }
  }

  async #start(node: SupervisedNode): Promise<Outcome> {
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
    return refusal(`${node.spec.name} did not end within ${STOP_MS / 1_000} s, process ${node.pid}.`);
  }

  async #logs(node: SupervisedNode): Promise<Outcome> {
    const output = await node.log.tail(LOG_LINES, LOG_BYTES);
    return { ok: true, message: output === '' ? `${node.spec.name} has no log yet.` : '', output };
  }

  async #build(node: SupervisedNode): Promise<Outcome> {
    const { name } = node.spec;
    if (node.isBuilding) return refusal(`${name} is being built already.`);
    if (node.isAlive) return refusal(`${name} runs: stop it before it is built.`);
    node.isBuilding = true;
    try {
      const env = node.environment();
      const result = await buildNode(node.spec, {
        backend: this.#supervisor.context.backend,
        env,
        signal: this.#signal,
      });
      node.buildOutput = result.output;
      return { ok: result.ok, message: `${name}: ${result.message}.`, output: result.output.join('\n') };
    } finally {
      node.isBuilding = false;
    }
  }

  async #setAutostart(node: SupervisedNode, autostart: boolean): Promise<Outcome> {
    await this.#supervisor.editRegistry((entries) =>
      entries.map((entry) => (isEntryOf(entry, node) ? { ...entry, autostart } : entry)),
    );
    return { ok: true, message: `${node.spec.name} ${autostart ? 'starts' : 'no longer starts'} with the daemon.` };
  }
}

/** Whether an entry is this instance: one folder may have several. */
function isEntryOf(entry: RegistryEntry, node: SupervisedNode): boolean {
  return resolve(entry.path) === node.spec.path && entry.nameOverride === node.spec.nameOverride;
}

function refusal(message: string): Outcome {
  return { ok: false, message };
}

/** Text from outside within a sentence of ours. */
function quoted(text: string): string {
  return JSON.stringify(plainText(text).slice(0, 200));
}
