/** Names that travel as one chunk of a key expression. */

const NODE_NAME = /^[A-Za-z0-9_-]{1,64}$/;
/** `bubbaloop/global/{machine}/daemon` belongs to the daemon. */
const RESERVED_NODE_NAMES: ReadonlySet<string> = new Set(['daemon']);

/** 1 to 64 of `[A-Za-z0-9_-]`, and not a name that the daemon's own keys use. */
export function isNodeName(name: string): boolean {
  return NODE_NAME.test(name) && !RESERVED_NODE_NAMES.has(name);
}

/** Why `name` cannot be a node's name, undefined where it can. */
export function nodeNameProblem(name: string): string | undefined {
  if (RESERVED_NODE_NAMES.has(name)) return `"${name}" is reserved`;
  if (!NODE_NAME.test(name)) return 'a node name is 1 to 64 letters, digits, "_" or "-"';
  return undefined;
}

/** One chunk of a key expression without wildcards: what a machine id must be. */
export function isMachineId(id: string): boolean {
  return /^[^/*$#?\s\p{Cc}@-][^/*$#?\s\p{Cc}-]{0,127}$/u.test(id);
}

/**
 * This machine's id: env `BUBBALOOP_MACHINE_ID`, else the hostname; `-` becomes `_`, as does all else that a key
 * expression cannot hold.
 */
export function machineId(env: Readonly<Record<string, string | undefined>>, hostname: string): string {
  const given = env.BUBBALOOP_MACHINE_ID?.trim();
  const id = (given === undefined || given === '' ? hostname : given).replace(/[-/*$#?\s\p{Cc}]/gu, '_').slice(0, 128);
  return id.replace(/^@/, '_') || 'unknown';
}

/** Keys under `bubbaloop/global/{machine}/{node}/` that are the node's own. */
const RESERVED_TOPICS: ReadonlySet<string> = new Set(['health', 'manifest', 'config', 'command']);

/**
 * Why `topic` cannot be a data key, undefined where it can. `under`: whether it stands under the node's name
 * (`{node}/{topic}`) or is all that follows the machine.
 */
export function topicProblem(topic: string, under: 'node' | 'machine' = 'node'): string | undefined {
  if (!/^[A-Za-z0-9/_.-]{1,200}$/.test(topic)) return 'a topic is 1 to 200 letters, digits, "/", "_", "." or "-"';
  const chunks = topic.split('/');
  if (chunks.includes('')) return 'a topic neither begins nor ends with "/", nor has two of them together';
  const [first = '', second] = chunks;
  if (under === 'node') return RESERVED_TOPICS.has(first) ? `"${first}" is reserved` : undefined;
  if (RESERVED_NODE_NAMES.has(first)) return `"${first}" is reserved`;
  if (second === undefined) return 'a topic under the machine has at least two parts: NAME/TOPIC';
  return RESERVED_TOPICS.has(second) ? `"${second}" is reserved` : undefined;
}
