import type { Encodable } from './cbor.ts';
import { encodeCbor } from './cbor-encode.ts';
import type { Decoded } from './decoded.ts';
import { decodeRecord, type Fields, readEach } from './fields.ts';

const STATUS_NAMES = ['unknown', 'stopped', 'running', 'failed', 'installing', 'building', 'not-installed'] as const;
const HEALTH_NAMES = ['unknown', 'healthy', 'unhealthy'] as const;

/** What the daemon says of the process. A number of a newer daemon stays itself, `status-9`. */
export type NodeStatus = (typeof STATUS_NAMES)[number] | `status-${number}`;
/** What the heartbeats say; `unknown` before the first and while not running. */
export type NodeHealth = (typeof HEALTH_NAMES)[number] | `health-${number}`;

export function nodeStatusFromNumber(code: number): NodeStatus {
  return STATUS_NAMES[code] ?? `status-${code}`;
}

export function nodeStatusToNumber(status: NodeStatus): number {
  return codeOf(STATUS_NAMES, status);
}

export function nodeHealthFromNumber(code: number): NodeHealth {
  return HEALTH_NAMES[code] ?? `health-${code}`;
}

export function nodeHealthToNumber(health: NodeHealth): number {
  return codeOf(HEALTH_NAMES, health);
}

function codeOf(names: readonly string[], name: string): number {
  const index = names.indexOf(name);
  return index >= 0 ? index : Number(name.slice(name.indexOf('-') + 1));
}

/**
 * Whether a running node's outputs flow, by its own manifest: `quiet` where somebody listens and nothing came between two
 * looks some seconds apart (a slow output is quiet for long), `unwanted` where nobody listens, `none` where it has no
 * outputs. A word of a newer daemon is `unknown`.
 */
export type OutputFlow = (typeof OUTPUT_FLOWS)[number];
const OUTPUT_FLOWS = ['unknown', 'none', 'unwanted', 'quiet', 'flowing'] as const;

/** One node as its machine's daemon knows it. All text is untrusted. Times are Unix milliseconds, 0 where never. */
export interface NodeState {
  readonly name: string;
  /** Folder that holds its node.yaml. */
  readonly path: string;
  readonly status: NodeStatus;
  readonly installed: boolean;
  readonly autostartEnabled: boolean;
  readonly version: string;
  readonly description: string;
  /** `rust`, `python`, `node`. */
  readonly nodeType: string;
  readonly isBuilt: boolean;
  readonly lastUpdatedMs: number;
  readonly buildOutput: readonly string[];
  readonly health: NodeHealth;
  /** Last heartbeat. */
  readonly lastHealthCheckMs: number;
  readonly machineId: string;
  readonly machineHostname: string;
  readonly machineIps: readonly string[];
  /** Name in node.yaml where the registry gives this instance another one, else empty. */
  readonly baseNode: string;
  readonly configPath: string;
  readonly config: string;

  /* The fields below are ours; other daemons leave them out, then they are undefined. */
  readonly pid: number | undefined;
  /** Of the running process. */
  readonly startedAtMs: number | undefined;
  /** Starts since the daemon began that nobody asked for. */
  readonly restartCount: number | undefined;
  /** How the last process ended, `exit 1`, `SIGKILL`, `stopped`; empty before the first end. */
  readonly lastExit: string | undefined;
  /** Its last lines of output where it failed; at most 5 of 500 characters. */
  readonly lastLogLines: readonly string[];
  /** While it runs: whether it is alive on zenoh, and whether its outputs flow. */
  readonly onZenoh?: boolean | undefined;
  readonly outputs?: OutputFlow | undefined;
  /** Messages per second of its busiest output, over the last seconds; undefined where it does not count them. */
  readonly outputRateHz?: number | undefined;
}

/** Reply of `…/daemon/nodes`. */
export interface NodeList {
  readonly nodes: readonly NodeState[];
  readonly timestampMs: number;
  readonly machineId: string;
  /** Why entries of the list were left out, one sentence each. */
  readonly invalid: readonly string[];
}

export function readNodeState(fields: Fields): NodeState {
  return {
    name: fields.text('name'),
    path: fields.text('path', ''),
    status: nodeStatusFromNumber(fields.integer('status', 0)),
    installed: fields.flag('installed', false),
    autostartEnabled: fields.flag('autostart_enabled', false),
    version: fields.text('version', ''),
    description: fields.text('description', ''),
    nodeType: fields.text('node_type', ''),
    isBuilt: fields.flag('is_built', false),
    lastUpdatedMs: fields.integer('last_updated_ms', 0),
    buildOutput: fields.texts('build_output'),
    health: nodeHealthFromNumber(fields.integer('health_status', 0)),
    lastHealthCheckMs: fields.integer('last_health_check_ms', 0),
    machineId: fields.text('machine_id', ''),
    machineHostname: fields.text('machine_hostname', ''),
    machineIps: fields.texts('machine_ips'),
    baseNode: fields.text('base_node', ''),
    configPath: fields.text('config_path', ''),
    config: fields.text('config', ''),
    pid: fields.has('pid') ? fields.integer('pid') : undefined,
    startedAtMs: fields.has('started_at_ms') ? fields.integer('started_at_ms') : undefined,
    restartCount: fields.has('restart_count') ? fields.integer('restart_count') : undefined,
    lastExit: fields.has('last_exit') ? fields.text('last_exit') : undefined,
    lastLogLines: fields.texts('last_log_lines'),
    onZenoh: fields.has('on_zenoh') ? fields.flag('on_zenoh') : undefined,
    outputs: fields.has('outputs') ? readFlow(fields.text('outputs')) : undefined,
    outputRateHz: fields.has('output_rate_hz') ? fields.number('output_rate_hz') : undefined,
  };
}

function readFlow(word: string): OutputFlow {
  return OUTPUT_FLOWS.find((flow) => flow === word) ?? 'unknown';
}

export function nodeStateToWire(node: NodeState): { readonly [key: string]: Encodable } {
  return {
    name: node.name,
    path: node.path,
    status: nodeStatusToNumber(node.status),
    installed: node.installed,
    autostart_enabled: node.autostartEnabled,
    version: node.version,
    description: node.description,
    node_type: node.nodeType,
    is_built: node.isBuilt,
    last_updated_ms: node.lastUpdatedMs,
    build_output: node.buildOutput,
    health_status: nodeHealthToNumber(node.health),
    last_health_check_ms: node.lastHealthCheckMs,
    machine_id: node.machineId,
    machine_hostname: node.machineHostname,
    machine_ips: node.machineIps,
    base_node: node.baseNode,
    config_path: node.configPath,
    config: node.config,
    pid: node.pid,
    started_at_ms: node.startedAtMs,
    restart_count: node.restartCount,
    last_exit: node.lastExit,
    last_log_lines: node.lastLogLines.length > 0 ? node.lastLogLines : undefined,
    on_zenoh: node.onZenoh,
    outputs: node.outputs,
    output_rate_hz: node.outputRateHz,
  };
}

/** A list that is no list fails; a bad entry in a good list is only left out. */
export function decodeNodeList(bytes: Uint8Array): Decoded<NodeList> {
  return decodeRecord(bytes, (fields) => {
    const { good, reasons } = readEach(fields.list('nodes'), 'nodes', readNodeState);
    return {
      nodes: good,
      timestampMs: fields.integer('timestamp_ms', 0),
      machineId: fields.text('machine_id', ''),
      invalid: reasons,
    };
  });
}

export function encodeNodeList(list: Omit<NodeList, 'invalid'>): Uint8Array {
  return encodeCbor({
    nodes: list.nodes.map(nodeStateToWire),
    timestamp_ms: list.timestampMs,
    machine_id: list.machineId,
  });
}
