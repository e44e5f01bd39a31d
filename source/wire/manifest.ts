import type { Encodable } from './cbor.ts';
import { encodeCbor } from './cbor-encode.ts';
import type { Decoded } from './decoded.ts';
import { decodeRecord, type Fields } from './fields.ts';

/** Reply of `…/daemon/manifest`. */
export interface DaemonManifest {
  readonly version: string;
  readonly machineId: string;
  readonly uptimeSecs: number;
  readonly nodeCount: number;
  readonly agentCount: number;
  /** 0 where it has none. */
  readonly mcpPort: number;
  /** Ours: fingerprint of its fleet key, `none`, or `unusable`. Absent in answers of other daemons. */
  readonly fleetKey?: string | undefined;
}

export function decodeDaemonManifest(bytes: Uint8Array): Decoded<DaemonManifest> {
  return decodeRecord(bytes, (fields) => ({
    version: fields.text('version', ''),
    machineId: fields.text('machine_id'),
    uptimeSecs: fields.integer('uptime_secs', 0),
    nodeCount: fields.integer('node_count', 0),
    agentCount: fields.integer('agent_count', 0),
    mcpPort: fields.integer('mcp_port', 0),
    fleetKey: fields.has('fleet_key') ? fields.text('fleet_key') : undefined,
  }));
}

/** The manifest with its wire names, for CBOR and for the JSON text of the older `health` command. */
export function daemonManifestToWire(manifest: DaemonManifest): { readonly [key: string]: Encodable } {
  return {
    version: manifest.version,
    machine_id: manifest.machineId,
    uptime_secs: manifest.uptimeSecs,
    node_count: manifest.nodeCount,
    agent_count: manifest.agentCount,
    mcp_port: manifest.mcpPort,
    ...(manifest.fleetKey === undefined ? {} : { fleet_key: manifest.fleetKey }),
  };
}

export function encodeDaemonManifest(manifest: DaemonManifest): Uint8Array {
  return encodeCbor(daemonManifestToWire(manifest));
}

const ROLES = ['source', 'processor', 'sink', 'unknown'] as const;
export type NodeRole = (typeof ROLES)[number];

/** An input or output that a node declares. */
export interface NodeIo {
  readonly topic: string;
  readonly everFired: boolean;
  readonly stillLive: boolean;
  readonly declaredAtNs: bigint;

  /* The fields below are ours; other nodes leave them out. */
  /** Messages sent on it so far. */
  readonly firedCount?: bigint | undefined;
  /** Outputs: whether anyone listens. One that nobody listens to need not fire. */
  readonly wanted?: boolean | undefined;
}

/** Reply of `…/{node}/manifest`. */
export interface NodeManifest {
  readonly instanceName: string;
  readonly machineId: string;
  readonly role: NodeRole;
  readonly inputs: readonly NodeIo[];
  readonly outputs: readonly NodeIo[];
  /** 2 now. */
  readonly schemaVersion: number;
  /** Unix nanoseconds. */
  readonly startedAtNs: bigint;
  readonly nodeKind: string;
}

export function decodeNodeManifest(bytes: Uint8Array): Decoded<NodeManifest> {
  return decodeRecord(bytes, (fields) => ({
    instanceName: fields.text('instance_name'),
    machineId: fields.text('machine_id', ''),
    role: ROLES.find((role) => role === fields.text('role', 'unknown')) ?? 'unknown',
    inputs: fields.maps('inputs').map(readIo),
    outputs: fields.maps('outputs').map(readIo),
    schemaVersion: fields.integer('schema_version', 0),
    startedAtNs: fields.uint64('started_at_ns', 0n),
    nodeKind: fields.text('node_kind', ''),
  }));
}

function readIo(fields: Fields): NodeIo {
  return {
    topic: fields.text('topic'),
    everFired: fields.flag('ever_fired', false),
    stillLive: fields.flag('still_live', false),
    declaredAtNs: fields.uint64('declared_at_ns', 0n),
    firedCount: fields.has('fired_count') ? fields.uint64('fired_count') : undefined,
    wanted: fields.has('wanted') ? fields.flag('wanted') : undefined,
  };
}

export function encodeNodeManifest(manifest: NodeManifest): Uint8Array {
  return encodeCbor({
    instance_name: manifest.instanceName,
    machine_id: manifest.machineId,
    role: manifest.role,
    inputs: manifest.inputs.map(ioToWire),
    outputs: manifest.outputs.map(ioToWire),
    schema_version: manifest.schemaVersion,
    started_at_ns: manifest.startedAtNs,
    node_kind: manifest.nodeKind,
  });
}

function ioToWire(io: NodeIo): { readonly [key: string]: Encodable } {
  return {
    topic: io.topic,
    ever_fired: io.everFired,
    still_live: io.stillLive,
    declared_at_ns: io.declaredAtNs,
    fired_count: io.firedCount,
    wanted: io.wanted,
  };
}
