import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askControlSocket } from '../../source/daemon/control-socket.ts';
import {
  type CommandResult,
  decodeCommandResult,
  encodeNodeCommand,
  type NodeAction,
} from '../../source/wire/command.ts';
import { decodeNodeList, type NodeState } from '../../source/wire/node-state.ts';
import { startDaemon } from './daemon-process.ts';
import { removeFolder } from './remove-folder.ts';

export interface DaemonLaunch {
  /** Words before the command. */
  readonly inside?: readonly string[];
  /** Default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** More fields for the node.yaml of each node. */
  readonly nodeFields?: object;
}

/** A home with nodes, and the daemon processes that run on it one after the other. */
export class DaemonHome {
  readonly machineId = 'chaos_1';
  readonly folder = mkdtempSync(join(tmpdir(), 'bubbaloop-home-'));
  readonly #endpoint: string;
  readonly #launch: DaemonLaunch;

  /** Nodes by name, with their commands. */
  constructor(nodes: Readonly<Record<string, string>>, endpoint = 'tcp/127.0.0.1:1', launch: DaemonLaunch = {}) {
    this.#endpoint = endpoint;
    this.#launch = launch;
    const entries = Object.entries(nodes).map(([name, command]) => {
      const path = this.nodeFolder(name);
      mkdirSync(path, { recursive: true });
      const spec = { name, version: '1.0.0', type: 'node', command, ...launch.nodeFields };
      writeFileSync(join(path, 'node.yaml'), JSON.stringify(spec));
      return { path, addedAt: '2026-01-01T00:00:00Z' };
    });
    writeFileSync(this.registryFile, JSON.stringify({ nodes: entries }));
  }

  nodeFolder(name: string): string {
    return join(this.folder, 'nodes', name);
  }

  get registryFile(): string {
    return join(this.folder, 'nodes.json');
  }

  /** Resolves once it says that it is ready. */
  async startDaemon(...flags: string[]): Promise<ChildProcess> {
    const { inside = [], env = process.env } = this.#launch;
    const started = await startDaemon(
      { ...env, BUBBALOOP_ZENOH_ENDPOINT: this.#endpoint },
      ['--home', this.folder, '--machine-id', this.machineId, ...flags],
      inside,
    );
    return started.child;
  }

  /** Undefined where the daemon did not answer: it was killed. */
  async command(nodeName: string, command: NodeAction, timeoutMs = 20_000): Promise<CommandResult | undefined> {
    const request = { command, nodeName, requestId: 'r', targetMachine: this.machineId, timestampMs: Date.now() };
    const bytes = await this.#ask(encodeNodeCommand(request), timeoutMs);
    const result = bytes === undefined ? undefined : decodeCommandResult(bytes);
    return result?.ok === true ? result.value : undefined;
  }

  async nodes(): Promise<readonly NodeState[] | undefined> {
    const bytes = await this.#ask(new Uint8Array(0), 20_000);
    const list = bytes === undefined ? undefined : decodeNodeList(bytes);
    return list?.ok === true ? list.value.nodes : undefined;
  }

  async #ask(request: Uint8Array, timeoutMs: number): Promise<Uint8Array | undefined> {
    try {
      return await askControlSocket(join(this.folder, 'daemon.sock'), request, timeoutMs);
    } catch {
      // Killed while it answered.
      return undefined;
    }
  }

  /** Processes of each node that are alive, shims apart, by the node's name. */
  processes(): ReadonlyMap<string, readonly number[]> {
    const found = new Map<string, number[]>();
    for (const pid of readdirSync('/proc').map(Number).filter(Number.isInteger)) {
      try {
        if (/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) continue;
        if (readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('bubbaloop-shim')) continue;
        const environ = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
        if (!environ.includes(`BUBBALOOP_DAEMON_HOME=${this.folder}`)) continue;
        const name = environ.find((word) => word.startsWith('BUBBALOOP_NODE_NAME='))?.split('=')[1] ?? '';
        found.set(name, [...(found.get(name) ?? []), pid]);
      } catch {
        // Ended between the listing and the look.
      }
    }
    return found;
  }

  remove(): void {
    removeFolder(this.folder);
  }
}
