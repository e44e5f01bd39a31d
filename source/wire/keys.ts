/**
 * The key space: builders and the parser of every key expression of the fleet. `{machine}` and `{node}` are one chunk.
 *
 * Liveliness tokens: `bubbaloop/global/{machine}/daemon` stands while a machine's daemon has a session, and
 * `bubbaloop/global/{machine}/{node}` while a node has one of its own.
 */

/** The daemon's own keys, each under `bubbaloop/global/{machine}/daemon/`. */
export type DaemonPart = 'manifest' | 'nodes' | 'command' | 'events' | 'shm';

const DAEMON_PARTS: ReadonlySet<string> = new Set<DaemonPart>(['manifest', 'nodes', 'command', 'events', 'shm']);

/** `part` of one machine's daemon; machine `*` for all. */
export function daemonKey(machine: string, part: DaemonPart): string {
  return `bubbaloop/global/${machine}/daemon/${part}`;
}

/**
 * The log of one node, `bubbaloop/global/{machine}/daemon/logs/{node}`: its daemon answers a query (parameters `lines`,
 * `since_ms`) with a LogChunk, and publishes LogChunks there while anyone subscribes. Ours: older daemons have none.
 */
export function logKey(machine: string, node: string): string {
  return `bubbaloop/global/${machine}/daemon/logs/${node}`;
}

/** The daemon's liveliness token. */
export function daemonTokenKey(machine: string): string {
  return `bubbaloop/global/${machine}/daemon`;
}

/** A node's liveliness token. */
export function nodeTokenKey(machine: string, node: string): string {
  return `bubbaloop/global/${machine}/${node}`;
}

/** Matches the tokens of every daemon and every node. */
export const EVERY_TOKEN = 'bubbaloop/global/*/*';

/** In place of a node: every one. */
export const EVERY_NODE = '*';

/** Heartbeats; machine or node `*` for all. */
export function healthKey(machine: string, node: string): string {
  return `bubbaloop/global/${machine}/${node}/health`;
}

/** Heartbeats of nodes older than the machine chunk. */
export function legacyHealthKey(node: string): string {
  return `bubbaloop/nodes/${node}/health`;
}

export function nodeManifestKey(machine: string, node: string): string {
  return `bubbaloop/global/${machine}/${node}/manifest`;
}

/** Data that may leave the machine. */
export function globalDataKey(machine: string, suffix: string): string {
  return `bubbaloop/global/${machine}/${suffix}`;
}

/** Data through shared memory, which must never leave the machine. */
export function localDataKey(machine: string, suffix: string): string {
  return `bubbaloop/local/${machine}/${suffix}`;
}

/** Raw frames, shared memory only. */
export function rawFrameKey(machine: string, camera: string): string {
  return localDataKey(machine, `${camera}/raw`);
}

export function compressedFrameKey(machine: string, camera: string): string {
  return globalDataKey(machine, `${camera}/compressed`);
}

/** JPEG of a camera's newest raw frame, by its machine's daemon while somebody listens. Camera `*` for all. */
export function thumbnailKey(machine: string, camera: string): string {
  return globalDataKey(machine, `${camera}/thumbnail`);
}

/** Matches who listens to everything and so to thumbnails, too; nothing is ever put on it. */
export function thumbnailDecoyKey(machine: string): string {
  return globalDataKey(machine, '**/no-thumbnail');
}

/** Where a viewer says which size and rate it wants; see thumbnail-wish.ts. Ours: other daemons have none. */
export function thumbnailWishKey(machine: string, camera: string): string {
  return `${thumbnailKey(machine, camera)}/want`;
}

/** Name of the node that publishes its machine's figures. */
export const TELEMETRY_NODE = 'system-telemetry';
/** Of the key of a machine's telemetry, after the machine. */
export const TELEMETRY_SUFFIX = `${TELEMETRY_NODE}/metrics`;

export function telemetryKey(machine: string): string {
  return globalDataKey(machine, TELEMETRY_SUFFIX);
}

/** What a key is about. Parts of it are untrusted text. */
export type ParsedKey =
  | { readonly kind: 'daemon'; readonly machine: string; readonly part: DaemonPart }
  | { readonly kind: 'daemon-log'; readonly machine: string; readonly node: string }
  | { readonly kind: 'daemon-token'; readonly machine: string }
  | { readonly kind: 'node-token'; readonly machine: string; readonly node: string }
  /** `machine` is absent in the legacy form. */
  | { readonly kind: 'health'; readonly machine: string | undefined; readonly node: string }
  | { readonly kind: 'node-manifest'; readonly machine: string; readonly node: string }
  | {
      readonly kind: 'data';
      readonly scope: 'global' | 'local';
      readonly machine: string;
      /** All after the machine, `front_door/compressed`. */
      readonly suffix: string;
      /** All of the suffix but its last chunk, `front_door`; the whole suffix where it has one chunk. */
      readonly source: string;
      /** Last chunk, `compressed`. */
      readonly topic: string;
    }
  | { readonly kind: 'other' };

const OTHER: ParsedKey = { kind: 'other' };

/** Parses a concrete key (no wildcards) by the table above. Anything else is `other`, never an error. */
export function parseKey(keyExpr: string): ParsedKey {
  const [root, scope, machine, ...suffix] = keyExpr.split('/');
  if (root !== 'bubbaloop' || machine === undefined) return OTHER;
  const [first, second] = suffix;
  if (scope === 'nodes') {
    return suffix.length === 1 && first === 'health' ? { kind: 'health', machine: undefined, node: machine } : OTHER;
  }
  if ((scope !== 'global' && scope !== 'local') || first === undefined) return OTHER;
  if (scope === 'global') {
    if (first === 'daemon') return parseDaemonKey(machine, suffix);
    if (suffix.length === 1) return { kind: 'node-token', machine, node: first };
    if (suffix.length === 2 && second === 'health') return { kind: 'health', machine, node: first };
    if (suffix.length === 2 && second === 'manifest') return { kind: 'node-manifest', machine, node: first };
  }
  return {
    kind: 'data',
    scope,
    machine,
    suffix: suffix.join('/'),
    source: suffix.length === 1 ? first : suffix.slice(0, -1).join('/'),
    topic: suffix[suffix.length - 1] ?? first,
  };
}

function parseDaemonKey(machine: string, suffix: readonly string[]): ParsedKey {
  const part = suffix[1];
  if (suffix.length === 1) return { kind: 'daemon-token', machine };
  const node = suffix[2];
  if (suffix.length === 3 && part === 'logs' && isChunk(node)) return { kind: 'daemon-log', machine, node };
  return suffix.length === 2 && isDaemonPart(part) ? { kind: 'daemon', machine, part } : OTHER;
}

function isChunk(text: string | undefined): text is string {
  return text !== undefined && text !== '' && !text.includes('*');
}

function isDaemonPart(part: string | undefined): part is DaemonPart {
  return part !== undefined && DAEMON_PARTS.has(part);
}
