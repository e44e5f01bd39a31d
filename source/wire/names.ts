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
