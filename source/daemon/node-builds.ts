import { runBuild } from './node-build.ts';
import type { Outcome } from './node-commands.ts';
import type { SupervisedNode } from './supervised-node.ts';

/** Builds and cleanings, one at a time for a node; their output goes into the node's log as it comes. */
export class NodeBuilds {
  /** Aborted when the daemon ends. */
  readonly #signal: AbortSignal;
  readonly #running = new Set<Promise<unknown>>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Resolves when none runs: told to end by the signal, a stubborn one takes 5 s. */
  async ended(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Runs the node's `build` or `clean` to its end. */
  async run(node: SupervisedNode, field: 'build' | 'clean'): Promise<Outcome> {
    const { name, path } = node.spec;
    const command = node.spec[field];
    if (node.isBuilding) return { ok: false, message: `${name} is being built already.` };
    if (node.isAlive) return { ok: false, message: `${name} runs: stop it first (bubbaloop node stop ${name}).` };
    node.isBuilding = true;
    try {
      if (command !== undefined) node.log.note(`${field} begins: ${command}`);
      const work = runBuild(command, {
        field,
        cwd: path,
        env: node.environment(),
        log: node.log,
        signal: this.#signal,
      });
      this.#running.add(work);
      const result = await work.finally(() => this.#running.delete(work));
      if (command !== undefined) {
        node.log.note(`${field} ends: ${result.message}`);
        node.buildOutput = result.output;
      }
      return { ok: result.ok, message: `${name}: ${result.message}.`, output: result.output.join('\n') };
    } finally {
      node.isBuilding = false;
    }
  }
}
