import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeState } from '../wire/node-state.ts';
import { DesiredState } from './desired-state.ts';
import { type Home, messageOf } from './home.ts';
import { claimNames, knownRuns } from './name-claims.ts';
import { NodeLog } from './node-log.ts';
import type { Desired } from './node-machine.ts';
import { type NodeSpec, readNodeSpec } from './node-spec.ts';
import {
  DamagedRegistry,
  editRegistryFile,
  type RegistryEntry,
  readRegistry,
  setAside,
  writeRegistry,
} from './registry.ts';
import { recoverEntries } from './registry-recovery.ts';
import { startOrder } from './start-order.ts';
import { type NodeContext, SupervisedNode } from './supervised-node.ts';

/** How often a change of the registry or of a node.yaml is looked for while someone asks. */
const LOOK_MS = 1_000;
/** What a node depends on has so long to be started before it is started all the same. */
const DEPENDENCY_MS = 10_000;

export interface SupervisorOptions extends NodeContext {
  readonly home: Home;
  /** Says what an operator should read in the daemon's own log. */
  readonly say: (message: string) => void;
  /** The registry was read again: these are the nodes now. */
  readonly onNodes?: (names: readonly string[]) => void;
}

/** All nodes of this machine: keeps them equal to the registry. */
export class Supervisor {
  readonly context: NodeContext;
  readonly #home: Home;
  readonly #say: (message: string) => void;
  readonly #onNodes: (names: readonly string[]) => void;
  /** By name, in the registry's order. */
  #nodes = new Map<string, SupervisedNode>();
  /** No longer in the registry, not ended yet. */
  readonly #leaving = new Set<SupervisedNode>();
  readonly #desired: DesiredState;
  /** Nodes of which the wish could not be written, and why. */
  readonly #unkept = new Map<string, string>();
  #isEnding = false;
  #isReadable = true;
  #stamp: string | undefined;
  /** As last read: written again where the file is found damaged. */
  #entries: readonly RegistryEntry[] = [];
  #isDamaged = false;
  #wasRead = false;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #reloading: Promise<void> | undefined;
  #said = new Set<string>();

  constructor(options: SupervisorOptions) {
    this.context = options;
    this.#home = options.home;
    this.#say = options.say;
    this.#desired = new DesiredState(options.home.desiredFile);
    this.#onNodes = options.onNodes ?? (() => undefined);
  }

  /** Reads the registry, and takes over what an earlier daemon left running. False where it cannot be read. */
  async load(): Promise<boolean> {
    await this.refresh({ force: true });
    return this.#isReadable;
  }

  /** Starts what was wanted of an earlier daemon that was killed, else what is to start with the daemon. */
  async begin(): Promise<void> {
    // One that was taken over after its end has its policy, and is failed, done or soon started again.
    const isNew = (node: SupervisedNode) => node.machine.phase.kind === 'stopped';
    const wanted = [...this.#nodes.values()].filter((node) => isNew(node) && this.#desiredOf(node.spec) === 'running');
    await Promise.all(wanted.map((node) => this.start(node, 'start')));
  }

  /** Starts or restarts a node, after what it depends on. Whether that came up is no condition: up is not ready. */
  async start(node: SupervisedNode, how: 'start' | 'restart'): Promise<void> {
    const names = startOrder(node.spec.name, (name) => this.find(name)?.spec.policy.dependsOn);
    for (const name of names) {
      const needed = this.find(name);
      if (needed === undefined || needed === node) continue;
      if (!needed.isAlive) needed.send({ kind: 'start' });
      await needed.settles(() => needed.machine.phase.kind !== 'starting', DEPENDENCY_MS);
    }
    node.send({ kind: how });
  }

  find(name: string): SupervisedNode | undefined {
    return this.#nodes.get(name);
  }

  get names(): readonly string[] {
    return [...this.#nodes.keys()];
  }

  /** Why what is wanted of a node now would not be known to the next daemon, a sentence; undefined where it would. */
  keepProblem(name: string): string | undefined {
    const reason = this.#unkept.get(name);
    return reason === undefined
      ? undefined
      : `A daemon after this one would not know of it: ${this.#home.desiredFile} cannot be written (${reason}).`;
  }

  /** Name of the node whose process group `groupId` is. */
  nameOfGroup(groupId: number): string | undefined {
    return [...this.#nodes.values(), ...this.#leaving].find((node) => node.pid === groupId)?.spec.name;
  }

  async states(): Promise<readonly NodeState[]> {
    await this.refresh();
    return [...this.#nodes.values()].map((node) => node.state());
  }

  /** Reads registry and node.yaml files again where they changed. A registry that became unreadable changes nothing. */
  async refresh(options: { readonly force?: boolean } = {}): Promise<void> {
    if (this.#reloading !== undefined) {
      await this.#reloading;
      if (options.force !== true) return;
    }
    const nowMs = performance.now();
    if (options.force !== true && nowMs - this.#lookedAtMs < LOOK_MS) return;
    this.#lookedAtMs = nowMs;
    this.#saveDesired();
    const stamp = this.#filesStamp();
    if (stamp === this.#stamp) return;
    this.#reloading = this.#reload().finally(() => {
      this.#reloading = undefined;
    });
    await this.#reloading;
    // A damaged one is looked at again, though nobody touched it: it may have been too fresh to judge.
    this.#stamp = this.#isDamaged ? undefined : this.#filesStamp();
  }

  /** Changes the registry on disk and what is supervised. Throws UserError. */
  async editRegistry(edit: Parameters<typeof editRegistryFile>[1]): Promise<void> {
    await editRegistryFile(this.#home.registryFile, edit);
    await this.refresh({ force: true });
  }

  /** Ends all nodes; resolves when every process is gone. With `keepNodes` they run on, for the next daemon. */
  async end(options: { readonly keepNodes: boolean }): Promise<void> {
    this.#isEnding = true;
    if (options.keepNodes) for (const node of this.#nodes.values()) node.rest();
    else await this.#endNodes();
    this.context.backend.close?.();
  }

  async #endNodes(): Promise<void> {
    const nodes = [...this.#nodes.values(), ...this.#leaving];
    for (const node of nodes) node.send({ kind: 'stop' });
    await Promise.all(nodes.map((node) => node.settles(() => !node.isAlive, 9_000)));
    await Promise.race([Promise.all(nodes.map((node) => node.log.flush())), sleep(500)]);
    this.#desired.forget();
  }

  #filesStamp(): string {
    const files = [...this.#nodes.values()].map(({ spec }) => join(spec.path, 'node.yaml'));
    return [this.#home.registryFile, ...files].map(fileStamp).join();
  }

  async #reload(): Promise<void> {
    let entries: readonly RegistryEntry[];
    try {
      entries = readRegistry(this.#home.registryFile);
    } catch (error) {
      this.#isReadable = false;
      this.#sayOnce(`${messageOf(error)} The nodes stay as they were.`);
      this.#isDamaged = error instanceof DamagedRegistry;
      if (!this.#wasRead) await this.#recover();
      if (this.#isDamaged) this.#setAside();
      return;
    }
    if (entries.length === 0 && !existsSync(this.#home.registryFile) && (await this.#restore())) return;
    this.#isReadable = true;
    this.#isDamaged = false;
    this.#wasRead = true;
    this.#said.clear();
    this.#entries = entries;
    await this.#apply();
  }

  /**
   * A registry that is gone was not emptied: who removes its last node leaves a file. So its nodes stay, and it is written
   * again. False where nothing is known that could be in it.
   */
  async #restore(): Promise<boolean> {
    if (!this.#wasRead) await this.#recover();
    if (this.#entries.length === 0) return false;
    this.#isReadable = false;
    try {
      writeRegistry(this.#home.registryFile, this.#entries);
      this.#say(`${this.#home.registryFile} was gone; it is ${this.#nowWritten()}.`);
    } catch (error) {
      this.#sayOnce(`${messageOf(error)} It was gone; the nodes stay as they were.`);
    }
    return true;
  }

  #nowWritten(): string {
    if (this.#entries.length === 0) return 'empty now';
    if (this.#wasRead) return 'written again as this daemon knows it';
    return `written again with the nodes that run (${this.names.join(', ')}): add the others by \`bubbaloop node add PATH\`, and enable those that start with the daemon`;
  }

  /** A daemon that never saw the registry whole knows of the nodes that run. */
  async #recover(): Promise<void> {
    this.#entries = await recoverEntries(this.context.backend.living?.() ?? [], Date.now());
    await this.#apply();
  }

  /** Makes what is supervised equal to {@link #entries}. */
  async #apply(): Promise<void> {
    const known = [
      ...[...this.#nodes.values()].map(({ spec }) => spec),
      ...(this.#nodes.size === 0 ? knownRuns(this.context.backend.living?.() ?? []) : []),
    ];
    const specs = claimNames(await Promise.all(this.#entries.map(readNodeSpec)), known);
    const next = new Map(specs.map((spec) => [spec.name, this.#nodeFor(spec)]));
    for (const [name, node] of this.#nodes) if (next.get(name) !== node) this.#dismiss(node);
    this.#nodes = next;
    this.#onNodes(this.names);
  }

  /** The damaged file must not be written over, and the nodes must not go with it. */
  #setAside(): void {
    try {
      const aside = setAside(this.#home.registryFile, this.#entries);
      if (aside === undefined) return;
      this.#say(`The damaged registry is kept as ${aside}; ${this.#home.registryFile} is ${this.#nowWritten()}.`);
    } catch (error) {
      this.#sayOnce(messageOf(error));
    }
  }

  #nodeFor(spec: NodeSpec): SupervisedNode {
    const known = this.#nodes.get(spec.name);
    // Another folder under the same name is another node: the old one ends.
    if (known === undefined || known.spec.path !== spec.path) {
      const log = new NodeLog(join(this.#home.logFolder, `${spec.name}.log`), {
        onFailure: (reason) => this.#say(reason),
      });
      return this.#made(new SupervisedNode(spec, log, this.context));
    }
    known.spec = spec;
    return known;
  }

  #made(node: SupervisedNode): SupervisedNode {
    node.on('desired', () => this.#keepDesired(node.spec.name, node.machine.desired));
    node.adopt(this.#desiredOf(node.spec));
    return node;
  }

  #desiredOf({ name, autostart }: NodeSpec): Desired {
    return this.#desired.get(name) ?? (autostart ? 'running' : 'stopped');
  }

  /** Called before it is done, so before anyone is told that it was. */
  #keepDesired(name: string, desired: Desired | undefined): void {
    // The daemon's own end is no wish about the nodes.
    if (this.#isEnding) return;
    try {
      this.#desired.set(name, desired);
      this.#unkept.clear();
    } catch (error) {
      this.#unkept.set(name, messageOf(error));
      this.#sayOnce(`What is wanted of ${name} cannot be kept for the next daemon: ${messageOf(error)}.`);
    }
  }

  /** What could not be written is tried again. */
  #saveDesired(): void {
    if (this.#unkept.size === 0) return;
    try {
      this.#desired.save();
      this.#unkept.clear();
    } catch {
      // Said when it failed first.
    }
  }

  #dismiss(node: SupervisedNode): void {
    node.removeAllListeners('desired');
    node.send({ kind: 'stop' });
    this.#keepDesired(node.spec.name, undefined);
    if (!node.isAlive) return;
    this.#leaving.add(node);
    void node.settles(() => !node.isAlive, 60_000).then(() => this.#leaving.delete(node));
  }

  #sayOnce(message: string): void {
    if (this.#said.has(message)) return;
    this.#said.add(message);
    this.#say(message);
  }
}

function fileStamp(file: string): string {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats === undefined ? '-' : `${stats.mtimeMs}/${stats.size}/${stats.ino}`;
}
