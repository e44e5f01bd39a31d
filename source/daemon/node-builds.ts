import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isCode } from './home.ts';
import { runBuild } from './node-build.ts';
import type { Outcome } from './node-commands.ts';
import type { SupervisedNode } from './supervised-node.ts';

export interface NodeBuildsOptions {
  /** Aborted when the daemon ends. */
  readonly signal: AbortSignal;
  /** Holds `{name}.build` while a build of that node runs. */
  readonly runFolder: string;
  /** See {@link BuildProcessOptions.tether}. */
  readonly tether: string | undefined;
}

const SUFFIX = '.build';

/** Builds and cleanings, one at a time for a node; their output goes into the node's log as it comes. */
export class NodeBuilds {
  readonly #options: NodeBuildsOptions;
  readonly #running = new Set<Promise<unknown>>();

  constructor(options: NodeBuildsOptions) {
    this.#options = options;
  }

  /** Resolves when none runs: told to end by the signal, a stubborn one takes 5 s. */
  async ended(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Tells of those that ended with an earlier daemon which was killed. To be called before any begins. */
  tellBrokenOff(find: (name: string) => SupervisedNode | undefined): void {
    const { runFolder } = this.#options;
    for (const file of filesOf(runFolder).filter((name) => name.endsWith(SUFFIX))) {
      const node = find(basename(file, SUFFIX));
      const field = readFileSync(join(runFolder, file), 'utf8') === 'clean' ? 'clean' : 'build';
      rmSync(join(runFolder, file));
      if (node === undefined) continue;
      const text = `${field} was broken off when the daemon was killed; what is there may be half done`;
      node.log.note(text);
      node.buildOutput = [text];
    }
  }

  /** Runs the node's `build` or `clean` to its end. */
  async run(node: SupervisedNode, field: 'build' | 'clean'): Promise<Outcome> {
    const { name, path } = node.spec;
    const command = node.spec[field];
    if (node.isBuilding) return { ok: false, message: `${name} is being built already.` };
    if (node.isAlive) return { ok: false, message: `${name} runs: stop it first (bubbaloop node stop ${name}).` };
    node.isBuilding = true;
    const unmark = this.#mark(name, field);
    try {
      if (command !== undefined) node.log.note(`${field} begins: ${command}`);
      const work = runBuild(command, {
        field,
        cwd: path,
        env: node.environment(),
        log: node.log,
        signal: this.#options.signal,
        tether: this.#options.tether,
      });
      this.#running.add(work);
      const result = await work.finally(() => this.#running.delete(work));
      if (command !== undefined) {
        node.log.note(`${field} ends: ${result.message}`);
        node.buildOutput = result.output;
      }
      return { ok: result.ok, message: `${name}: ${result.message}.`, output: result.output.join('\n') };
    } finally {
      unmark();
      node.isBuilding = false;
    }
  }

  #mark(name: string, field: 'build' | 'clean'): () => void {
    const file = join(this.#options.runFolder, `${name}${SUFFIX}`);
    try {
      mkdirSync(this.#options.runFolder, { recursive: true, mode: 0o700 });
      writeFileSync(file, field, { mode: 0o600 });
    } catch {
      // A full disk or a read-only home: then nobody is told, should the daemon be killed.
    }
    return () => rmSync(file, { force: true });
  }
}

function filesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return [];
    throw error;
  }
}
