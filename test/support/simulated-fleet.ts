/**
 * Many machines on few real sessions: each has the keys, tokens, heartbeats and answers of a real daemon, at the least
 * cost to whoever simulates them. Answers are put together from records that were encoded once.
 */
import { CBOR_ENCODING } from '../../source/wire/cbor.ts';
import { encodeCbor } from '../../source/wire/cbor-encode.ts';
import {
  daemonKey,
  daemonTokenKey,
  globalDataKey,
  healthKey,
  nodeManifestKey,
  nodeTokenKey,
} from '../../source/wire/keys.ts';
import { encodeDaemonManifest } from '../../source/wire/manifest.ts';
import { type NodeState, nodeStateToWire } from '../../source/wire/node-state.ts';
import { encodeShmLedger } from '../../source/wire/shm-ledger.ts';
import type { Declaration, Publisher, Query, Session } from '../../source/zenoh/session.ts';
import { makeLedger, makeNodeState } from './fake-fleet.ts';
import { seededRandom } from './seeded-random.ts';

export interface SimulatedFleetOptions {
  readonly machines: number;
  /** Of each machine. */
  readonly nodes: number;
  /** Declarations of all sessions together are brought up to this number, by subscribers of data. Default: no more than needed. */
  readonly keys?: number;
  /** Share of the nodes that change in each second. Default 0. */
  readonly changeShare?: number;
}

export interface SimulatedFleet {
  readonly declarationCount: number;
  /** Of node lists, since the start. */
  readonly answerCount: number;
  stop(): Promise<void>;
}

const HEARTBEAT_MS = 5_000;
/** Heartbeats and changes are spread over a second by so many steps. */
const STEP_MS = 50;
/** One change in so many is a process that fails: its token goes. At its next change it is there again. */
const FAIL_EVERY = 20;
const DECLARE_AT_ONCE = 64;

export function machineName(index: number): string {
  return `jetson_${index + 1}`;
}

/** The sessions stay the caller's. */
export async function startSimulatedFleet(
  sessions: readonly Session[],
  options: SimulatedFleetOptions,
): Promise<SimulatedFleet> {
  const fleet = new Fleet(sessions, options);
  await fleet.declare();
  fleet.run();
  return fleet;
}

class Fleet implements SimulatedFleet {
  answerCount = 0;
  readonly #options: SimulatedFleetOptions;
  readonly #machines: readonly Machine[];
  readonly #sessions: readonly Session[];
  readonly #declarations: Declaration[] = [];
  #timer: NodeJS.Timeout | undefined;
  readonly #random = seededRandom(7);
  #beats = 0;
  #changes = 0;
  #beatDebt = 0;
  #changeDebt = 0;

  constructor(sessions: readonly Session[], options: SimulatedFleetOptions) {
    this.#sessions = sessions;
    this.#options = options;
    this.#machines = Array.from({ length: options.machines }, (_, index) => {
      const session = sessions[index % sessions.length];
      if (session === undefined) throw new Error('a simulated fleet needs a session');
      return new Machine(session, machineName(index), options.nodes);
    });
  }

  get declarationCount(): number {
    return this.#declarations.length;
  }

  async declare(): Promise<void> {
    const wanted: (() => Promise<Declaration>)[] = [];
    for (const machine of this.#machines) {
      const { session, id } = machine;
      const answers = (key: string, bytes: () => Uint8Array): void => {
        const answer = (query: Query): Promise<void> => query.reply(key, bytes(), { encoding: CBOR_ENCODING });
        wanted.push(() => session.declareQueryable(key, answer));
      };
      answers(daemonKey(id, 'nodes'), () => {
        this.answerCount += 1;
        return machine.nodeList();
      });
      answers(daemonKey(id, 'manifest'), () => machine.manifest());
      answers(daemonKey(id, 'shm'), () => machine.ledger);
      wanted.push(() => session.liveliness.declareToken(daemonTokenKey(id)));
      for (const node of machine.nodes) {
        answers(nodeManifestKey(id, node.name), () => new Uint8Array());
        wanted.push(
          () => machine.raiseToken(node),
          () => machine.declarePulse(node),
        );
      }
    }
    const { keys = 0 } = this.#options;
    for (let index = 0; wanted.length < keys; index += 1) {
      const machine = this.#machines[index % this.#machines.length];
      if (machine === undefined) break;
      const key = globalDataKey(machine.id, `input-${index}/image`);
      wanted.push(() => machine.session.declareSubscriber(key, () => undefined));
    }
    for (let at = 0; at < wanted.length; at += DECLARE_AT_ONCE) {
      const made = await Promise.all(wanted.slice(at, at + DECLARE_AT_ONCE).map((declare) => declare()));
      this.#declarations.push(...made);
    }
  }

  run(): void {
    this.#timer = setInterval(() => this.#step(), STEP_MS);
  }

  #step(): void {
    const { machines, nodes, changeShare = 0 } = this.#options;
    const count = machines * nodes;
    this.#beatDebt += (count * STEP_MS) / HEARTBEAT_MS;
    for (; this.#beatDebt >= 1; this.#beatDebt -= 1) {
      this.#at(this.#beats)?.beat(Math.floor(this.#beats / machines));
      this.#beats += 1;
    }
    this.#changeDebt += (count * changeShare * STEP_MS) / 1_000;
    for (; this.#changeDebt >= 1; this.#changeDebt -= 1) {
      this.#at(this.#changes)?.change(Math.floor(this.#changes / machines), this.#random.below(FAIL_EVERY) === 0);
      this.#changes += 1;
    }
  }

  /** The machine whose turn it is: one node of each, then the next of each. */
  #at(turn: number): Machine | undefined {
    return this.#machines[turn % this.#machines.length];
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#sessions.map((session) => session.close()));
  }
}

interface SimulatedNode {
  readonly name: string;
  state: NodeState;
  /** Its record as it goes into an answer. */
  bytes: Buffer;
  token: Declaration | undefined;
  pulse: Publisher | undefined;
}

class Machine {
  readonly session: Session;
  readonly id: string;
  readonly nodes: readonly SimulatedNode[];
  readonly ledger: Uint8Array;
  readonly #startedAtMs = Date.now();
  readonly #head: Buffer;

  constructor(session: Session, id: string, nodes: number) {
    this.session = session;
    this.id = id;
    this.ledger = encodeShmLedger(makeLedger(id));
    this.nodes = Array.from({ length: nodes }, (_, index) => {
      const name = `node_${index + 1}`;
      const state = makeNodeState({
        name,
        machineId: id,
        machineHostname: id,
        machineIps: ['10.0.0.7', 'fd00::7'],
        description: 'Reads images, writes what it sees in them',
        configPath: `/opt/nodes/${name}/config.yaml`,
        startedAtMs: Date.now(),
        lastHealthCheckMs: Date.now(),
        lastUpdatedMs: Date.now(),
        onZenoh: true,
        outputs: 'flowing',
        outputRateHz: 10,
      });
      return { name, state, bytes: recordOf(state), token: undefined, pulse: undefined };
    });
    this.#head = listHead(this.nodes.length);
  }

  nodeList(): Uint8Array {
    const tail = encodeCbor({ timestamp_ms: Date.now(), machine_id: this.id });
    // Without its first byte, which begins a map of two: these are the last two fields of the list.
    return Buffer.concat([this.#head, ...this.nodes.map((node) => node.bytes), tail.subarray(1)]);
  }

  manifest(): Uint8Array {
    return encodeDaemonManifest({
      version: '0.1.0',
      machineId: this.id,
      uptimeSecs: Math.floor((Date.now() - this.#startedAtMs) / 1000),
      nodeCount: this.nodes.length,
      agentCount: 0,
      mcpPort: 0,
    });
  }

  async declarePulse(node: SimulatedNode): Promise<Declaration> {
    node.pulse = await this.session.declarePublisher(healthKey(this.id, node.name));
    return node.pulse;
  }

  async raiseToken(node: SimulatedNode): Promise<Declaration> {
    node.token = await this.session.liveliness.declareToken(nodeTokenKey(this.id, node.name));
    return node.token;
  }

  /** Of its nodes the one whose turn it is. */
  beat(turn: number): void {
    const node = this.nodes[turn % this.nodes.length];
    if (node === undefined || node.state.status !== 'running') return;
    void node.pulse?.put('ok').catch(ignoreEnd);
    writeTime(node.bytes, 'last_health_check_ms', Date.now());
  }

  change(turn: number, fails: boolean): void {
    const node = this.nodes[turn % this.nodes.length];
    if (node === undefined) return;
    const { state } = node;
    if (state.status === 'running' && !fails) {
      node.state = { ...state, outputRateHz: 10 + (turn % 7) };
    } else if (state.status === 'running') {
      node.state = { ...state, status: 'failed', health: 'unknown', pid: undefined, lastExit: 'exit 1' };
      void node.token?.undeclare();
      node.token = undefined;
    } else {
      const restartCount = (state.restartCount ?? 0) + 1;
      node.state = {
        ...state,
        status: 'running',
        health: 'healthy',
        pid: 4_242,
        restartCount,
        startedAtMs: Date.now(),
      };
      void this.raiseToken(node).catch(ignoreEnd);
    }
    node.bytes = recordOf(node.state);
  }
}

function recordOf(state: NodeState): Buffer {
  return Buffer.from(encodeCbor(nodeStateToWire(state)));
}

/** All of a list before its first record: a map of three whose first field is an array. */
function listHead(count: number): Buffer {
  const empty = encodeCbor({ nodes: Array.from({ length: count }, () => 0), timestamp_ms: 0, machine_id: '' });
  // What follows: so many zeros, the key and value of the time, the key and value of the machine.
  const rest = count + encodeCbor('timestamp_ms').length + 1 + encodeCbor('machine_id').length + 1;
  return Buffer.from(empty.subarray(0, empty.length - rest));
}

/** Writes a time over the one that stands there: milliseconds take the nine bytes of a 64-bit integer, whenever they are from. */
function writeTime(record: Buffer, key: string, timeMs: number): void {
  const at = record.indexOf(encodeCbor(key)) + encodeCbor(key).length;
  if (record[at] === 0x1b) record.writeBigUInt64BE(BigInt(timeMs), at + 1);
}

function ignoreEnd(): void {
  // The fleet ends while something is on its way.
}
