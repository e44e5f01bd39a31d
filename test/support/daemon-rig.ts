import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { sendCommand } from '../../source/fleet/control.ts';
import type { Decoded } from '../../source/wire/decoded.ts';
import { daemonKey } from '../../source/wire/keys.ts';
import { decodeDaemonManifest } from '../../source/wire/manifest.ts';
import { decodeNodeList, type NodeState } from '../../source/wire/node-state.ts';
import { openSession } from '../../source/zenoh/open-session.ts';
import type { Session } from '../../source/zenoh/session.ts';
import { endProcess, type Finished, runBubbaloop } from './command-line.ts';
import { type DaemonProcess, startDaemon } from './daemon-process.ts';
import { removeFolder } from './remove-folder.ts';
import { startRouter, type TestRouter } from './router.ts';

/** A machine of a test: a home, a router, a session to it, and the daemons that run there one after the other. */
export class DaemonRig {
  readonly machine: string;
  /** Holds the home and the folders of nodes. */
  readonly folder: string;
  readonly home: string;
  readonly router: TestRouter;
  readonly session: Session;
  readonly #started: ChildProcess[] = [];

  private constructor(machine: string, router: TestRouter, session: Session) {
    this.machine = machine;
    this.folder = mkdtempSync(join(tmpdir(), 'bubbaloop-rig-'));
    this.home = join(this.folder, 'home');
    this.router = router;
    this.session = session;
  }

  static async start(machine: string, options: { readonly shm?: boolean } = {}): Promise<DaemonRig> {
    const router = await startRouter();
    const session = openSession(router.endpoint, options);
    await session.connected({ timeoutMs: 20_000 });
    return new DaemonRig(machine, router, session);
  }

  /** Ends every daemon with its nodes, and the router; removes the folder. */
  async end(): Promise<void> {
    await this.session.close();
    await this.endDaemons();
    await this.router.stop();
    removeFolder(this.folder);
  }

  /** Ends every daemon that runs, with its nodes. */
  async endDaemons(): Promise<void> {
    await Promise.all(this.#started.splice(0).map(endProcess));
    // Those whose daemon was killed.
    for (const pid of this.processes()) killHard(pid);
  }

  /** Of programs that run on this machine; `home` in place of its own. */
  environment(home: string = this.home): NodeJS.ProcessEnv {
    return {
      ...process.env,
      NO_COLOR: '1',
      BUBBALOOP_HOME: home,
      BUBBALOOP_MACHINE_ID: this.machine,
      BUBBALOOP_ZENOH_ENDPOINT: this.router.endpoint,
    };
  }

  /** Makes the folder of a node; `more` are further fields of its node.yaml. Returns its path. */
  makeNode(name: string, command: string, more: object = {}): string {
    const path = join(this.folder, 'nodes', name);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'node.yaml'), JSON.stringify({ name, version: '1.0.0', type: 'node', command, ...more }));
    return path;
  }

  /** Adds a node as a user does: a folder, then `bubbaloop node add`. */
  async addNode(name: string, command: string, more: object = {}): Promise<void> {
    const path = this.makeNode(name, command, more);
    expect(await this.run('node', 'add', path)).toMatchObject({ code: 0, stdout: '' });
  }

  /** `bubbaloop …` on this machine. */
  run(...words: readonly string[]): Promise<Finished> {
    return runBubbaloop(words, { env: this.environment() });
  }

  async startDaemon(flags: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<DaemonProcess> {
    const daemon = await startDaemon({ ...this.environment(), ...env }, flags);
    this.#started.push(daemon.child);
    // What it declared is on its way through the router.
    await until(async () => (await this.ask('manifest', decodeDaemonManifest)) !== undefined);
    return daemon;
  }

  /** The answer of a daemon on this router; undefined while there is none. */
  async ask<T>(part: 'manifest' | 'nodes' | 'shm', decode: (bytes: Uint8Array) => Decoded<T>): Promise<T | undefined> {
    try {
      for await (const reply of this.session.get(daemonKey('*', part), { target: 'all', consolidation: 'none' })) {
        const value = reply.ok ? decode(reply.sample.payload) : undefined;
        if (value?.ok) return value.value;
      }
    } catch {
      // The link is lost just now: no answer.
    }
    return undefined;
  }

  async node(name: string): Promise<NodeState | undefined> {
    return (await this.ask('nodes', decodeNodeList))?.nodes.find((node) => node.name === name);
  }

  act(node: string, action: Parameters<typeof sendCommand>[2], options: Parameters<typeof sendCommand>[3] = {}) {
    return sendCommand(this.session, { machine: this.machine, node }, action, options);
  }

  /** Processes of nodes of this home that are alive. */
  processes(): readonly number[] {
    const marker = `BUBBALOOP_DAEMON_HOME=${this.home}\0`;
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => {
        try {
          return isAlive(pid) && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(marker);
        } catch {
          return false;
        }
      });
  }
}

/** Waits for a condition, within the test's own time limit. */
export async function until(isDone: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isDone())) await new Promise((resolve) => setTimeout(resolve, 50));
}

/** Whether a process runs; a zombie does not. */
export function isAlive(pid: number | undefined): boolean {
  try {
    return pid !== undefined && !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function killHard(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Ended by itself meanwhile.
  }
}

/** Kills a daemon as a crash would; resolves when it is gone. */
export async function killDaemon(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}
