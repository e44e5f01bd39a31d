/** A fleet on a {@link FakeNetwork}: daemons that answer as the real ones do, and a router's admin space. */

import { decodeNodeCommand, encodeCommandResult } from '../../source/wire/command.ts';
import { daemonKey, daemonTokenKey, healthKey, nodeTokenKey } from '../../source/wire/keys.ts';
import { encodeDaemonManifest } from '../../source/wire/manifest.ts';
import { encodeNodeList, type NodeState } from '../../source/wire/node-state.ts';
import { encodeShmLedger, type ShmLedger } from '../../source/wire/shm-ledger.ts';
import type { Declaration, Query, Session } from '../../source/zenoh/session.ts';
import type { FakeNetwork } from './fake-session.ts';

/** A node with everything unremarkable, and what differs. */
export function makeNodeState(change: Partial<NodeState> & { readonly name: string }): NodeState {
  const isRunning = (change.status ?? 'running') === 'running';
  return {
    path: `/opt/nodes/${change.name}`,
    status: 'running',
    installed: true,
    autostartEnabled: true,
    version: '1.2.3',
    description: 'A node of a test',
    nodeType: 'rust',
    isBuilt: true,
    lastUpdatedMs: 0,
    buildOutput: [],
    health: isRunning ? 'healthy' : 'unknown',
    lastHealthCheckMs: 0,
    machineId: '',
    machineHostname: '',
    machineIps: ['10.0.0.7'],
    baseNode: '',
    configPath: '',
    config: '',
    pid: isRunning ? 4242 : undefined,
    startedAtMs: isRunning ? 1_000_000 : undefined,
    restartCount: 0,
    lastExit: '',
    lastLogLines: [],
    ...change,
  };
}

export function makeLedger(machineId: string, change: Partial<ShmLedger> = {}): ShmLedger {
  return {
    machineId,
    timestampMs: Date.now(),
    totalBytes: 16 * 2 ** 30,
    freeBytes: 12 * 2 ** 30,
    usedBytes: 268 * 2 ** 20,
    segments: [
      {
        name: '1234.zenoh',
        sizeBytes: 64 * 2 ** 20,
        owner: { pid: 4242, name: 'camera' },
        readers: [{ pid: 4243, name: 'viewer' }],
        orphan: false,
      },
    ],
    ...change,
  };
}

export interface FakeMachineOptions {
  readonly id: string;
  readonly nodes: readonly NodeState[];
  readonly ledger?: ShmLedger;
}

/** One machine: its daemon's session with all that it declares. */
export class FakeMachine {
  readonly id: string;
  nodes: NodeState[];
  ledger: ShmLedger;
  /** Commands received, `stop front_door`. */
  readonly commands: string[] = [];
  /** What `get_logs` gives back. */
  logs = 'one\ntwo\n';
  /** Set: sent in place of every answer, as bytes. */
  garbage: Uint8Array | undefined;
  /** Set: a query waits for this before it is answered. */
  hold: Promise<void> | undefined;
  readonly session: Session;
  readonly #declarations: Declaration[] = [];
  readonly #startedAtMs = Date.now();

  private constructor(session: Session, options: FakeMachineOptions) {
    this.session = session;
    this.id = options.id;
    this.nodes = [...options.nodes];
    this.ledger = options.ledger ?? makeLedger(options.id);
  }

  static async start(network: FakeNetwork, options: FakeMachineOptions): Promise<FakeMachine> {
    return FakeMachine.on(await network.connect(), options);
  }

  /** On a session of any kind; a real one makes it a machine of a real fleet. */
  static async on(session: Session, options: FakeMachineOptions): Promise<FakeMachine> {
    const machine = new FakeMachine(session, options);
    await machine.#declare();
    return machine;
  }

  async #declare(): Promise<void> {
    const { session, id } = this;
    const answer = async (part: 'nodes' | 'manifest' | 'shm', bytes: () => Uint8Array): Promise<void> => {
      const key = daemonKey(id, part);
      this.#declarations.push(
        await session.declareQueryable(key, async (query) => {
          await this.hold;
          await query.reply(key, this.garbage ?? bytes(), { encoding: 'application/cbor' });
        }),
      );
    };
    await answer('nodes', () =>
      encodeNodeList({
        nodes: this.nodes.map((node) => ({ ...node, machineId: id, machineHostname: id })),
        timestampMs: Date.now(),
        machineId: id,
      }),
    );
    await answer('manifest', () =>
      encodeDaemonManifest({
        version: '0.1.0',
        machineId: id,
        uptimeSecs: Math.floor((Date.now() - this.#startedAtMs) / 1000),
        nodeCount: this.nodes.length,
        agentCount: 0,
        mcpPort: 0,
      }),
    );
    await answer('shm', () => encodeShmLedger(this.ledger));
    const command = daemonKey(id, 'command');
    this.#declarations.push(await session.declareQueryable(command, (query) => this.#command(command, query)));
    this.#declarations.push(await session.liveliness.declareToken(daemonTokenKey(id)));
    for (const node of this.nodes) {
      if (node.status === 'running') {
        this.#declarations.push(await session.liveliness.declareToken(nodeTokenKey(id, node.name)));
      }
    }
  }

  async #command(key: string, query: Query): Promise<void> {
    await this.hold;
    const decoded = decodeNodeCommand(query.payload ?? new Uint8Array());
    if (!decoded.ok) return query.replyError(decoded.reason);
    const { command, nodeName, requestId } = decoded.value;
    this.commands.push(`${command} ${nodeName}`);
    const index = this.nodes.findIndex((node) => node.name === nodeName);
    const node = this.nodes[index];
    if (node !== undefined && command === 'stop') this.nodes[index] = { ...node, status: 'stopped', pid: undefined };
    if (node !== undefined && command === 'start') this.nodes[index] = { ...node, status: 'running', pid: 77 };
    const result = {
      requestId,
      success: node !== undefined,
      message: node === undefined ? `no node ${nodeName}` : `${command} of ${nodeName}: done`,
      output: command === 'get_logs' ? this.logs : '',
      respondingMachine: this.id,
      timestampMs: Date.now(),
    };
    await query.reply(key, this.garbage ?? encodeCommandResult(result), { encoding: 'application/cbor' });
  }

  async beat(node: string): Promise<void> {
    await this.session.put(healthKey(this.id, node), 'ok');
  }

  /** The daemon goes: its session with all that it declared. */
  async stop(): Promise<void> {
    await this.session.close();
  }
}

/** A router's admin space as the fake network does not have it. */
export async function declareFakeRouter(
  session: Session,
  router: { readonly zid: string; readonly name: string; readonly sessions?: readonly object[] },
): Promise<void> {
  const key = `@/${router.zid}/router`;
  await session.declareQueryable(key, (query) =>
    query.reply(
      key,
      JSON.stringify({
        zid: router.zid,
        version: 'v1.10.2-release built with rustc 1.95.0',
        metadata: { name: router.name },
        locators: ['tcp/127.0.0.1:7447'],
        plugins: null,
        sessions: router.sessions ?? [],
      }),
    ),
  );
}
