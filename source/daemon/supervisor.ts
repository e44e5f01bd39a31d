import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeState } from '../wire/node-state.ts';
import { type Home, messageOf } from './home.ts';
import { NodeLog } from './node-log.ts';
import { type NodeSpec, readNodeSpec } from './node-spec.ts';
import { type RegistryEntry, readRegistry, writeRegistry } from './registry.ts';
import { type NodeContext, SupervisedNode } from './supervised-node.ts';

/** How often a change of the registry or of a node.yaml is looked for while someone asks. */
const LOOK_MS = 1_000;

export interface SupervisorOptions extends NodeContext {
  readonly home: Home;
  /** Says what an operator should read in the daemon's own log. */
  readonly say: (message: string) => void;
}

/** All nodes of this machine: keeps them equal to the registry. */
export class Supervisor {
  readonly context: NodeContext;
  readonly #home: Home;
  readonly #say: (message: string) => void;
  /** By name, in the registry's order. */
  #nodes = new Map<string, SupervisedNode>();
  /** No longer in the registry, not ended yet. */
  readonly #leaving = new Set<SupervisedNode>();
  #stamp: string | undefined;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #reloading: Promise<void> | undefined;
  #said = new Set<string>();

  constructor(options: SupervisorOptions) {
    this.context = options;
    this.#home = options.home;
    this.#say = options.say;
  }

  /** Reads the registry and starts what is to start with the daemon. */
  async begin(): Promise<void> {
    await this.refresh({ force: true });
    for (const node of this.#nodes.values()) if (node.spec.autostart) node.send({ kind: 'start' });
  }

  find(name: string): SupervisedNode | undefined {
    return this.#nodes.get(name);
  }

  get names(): readonly string[] {
    return [...this.#nodes.keys()];
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
    const stamp = this.#filesStamp();
    if (stamp === this.#stamp) return;
    this.#reloading = this.#reload().finally(() => {
      this.#reloading = undefined;
    });
    await this.#reloading;
    this.#stamp = this.#filesStamp();
  }

  /** Changes the registry on disk and what is supervised. Throws UserError. */
  async editRegistry(edit: (entries: readonly RegistryEntry[]) => readonly RegistryEntry[]): Promise<void> {
    writeRegistry(this.#home.registryFile, edit(readRegistry(this.#home.registryFile)));
    await this.refresh({ force: true });
  }

  /** Ends all nodes; resolves when every process is gone. */
  async end(): Promise<void> {
    const nodes = [...this.#nodes.values(), ...this.#leaving];
    for (const node of nodes) node.send({ kind: 'stop' });
    await Promise.all(nodes.map((node) => node.settles(() => !node.isAlive, 9_000)));
    await Promise.race([Promise.all(nodes.map((node) => node.log.flush())), sleep(500)]);
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
      this.#sayOnce(`${messageOf(error)} The nodes stay as they were.`);
      return;
    }
    this.#said.clear();
    const specs = await Promise.all(entries.map(readNodeSpec));
    const next = new Map<string, SupervisedNode>();
    for (const spec of specs) {
      if (next.has(spec.name)) {
        this.#sayOnce(
          `Two nodes are called ${spec.name}; the one in ${spec.path} is left out. Give it a name_override.`,
        );
        continue;
      }
      next.set(spec.name, this.#nodeFor(spec));
    }
    for (const [name, node] of this.#nodes) if (next.get(name) !== node) this.#dismiss(node);
    this.#nodes = next;
  }

  #nodeFor(spec: NodeSpec): SupervisedNode {
    const known = this.#nodes.get(spec.name);
    // Another folder under the same name is another node: the old one ends.
    if (known === undefined || known.spec.path !== spec.path) {
      const log = new NodeLog(join(this.#home.logFolder, `${spec.name}.log`), {
        onFailure: (reason) => this.#say(reason),
      });
      return new SupervisedNode(spec, log, this.context);
    }
    known.spec = spec;
    return known;
  }

  #dismiss(node: SupervisedNode): void {
    if (!node.isAlive) return;
    this.#leaving.add(node);
    node.send({ kind: 'stop' });
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
