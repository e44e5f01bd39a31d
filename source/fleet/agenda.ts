/** How often everybody is asked: as often as is wanted in a small fleet, as often as can be afforded in a large one. Pure. */

/** What the screen shows now, so that it is asked for more often than the rest. */
export interface Visible {
  /** Machines whose nodes are on the screen. */
  readonly nodes: readonly string[];
  /** Machines whose shared memory is on the screen. */
  readonly shm: readonly string[];
}

export const NOTHING_VISIBLE: Visible = { nodes: [], shm: [] };

export interface FleetSize {
  readonly machines: number;
  readonly routers: number;
  readonly nodes: number;
}

/** Least time from one question to everybody to the next of its kind, milliseconds. */
export interface Agenda {
  readonly nodesMs: number;
  readonly ledgersMs: number;
  readonly manifestsMs: number;
  readonly routersMs: number;
  /** Infinite where nodes are too many to be asked who they are. */
  readonly namesMs: number;
  /** Whoever has not answered for so long is lost. */
  readonly lostAfterMs: number;
  /** Whether the heartbeats of all nodes are listened to, or only of those on the screen. */
  readonly hearsAll: boolean;
}

/** Ledgers make a daemon look through /proc, manifests hardly change: both are asked less often than nodes. */
const LEDGER_INTERVAL_MS = 2_000;
const MANIFEST_INTERVAL_MS = 10_000;
const NAMES_INTERVAL_MS = 15_000;
/** What one machine's answer may take of the time: 500 machines are asked for their nodes every 8 s. */
const NODES_MS_PER_MACHINE = 16;
const LEDGER_MS_PER_MACHINE = 40;
const MANIFEST_MS_PER_MACHINE = 100;
const ROUTER_MS = 10;
/**
 * Above this many nodes nothing is subscribed or asked that concerns each of them: heartbeats come faster than anybody could
 * read them, and the router itself is busy for seconds with a wildcard that meets ten thousand declarations.
 */
const MANY_NODES = 1_000;

export function agendaFor({ machines, routers, nodes }: FleetSize, intervalMs: number): Agenda {
  const nodesMs = Math.max(intervalMs, machines * NODES_MS_PER_MACHINE);
  return {
    nodesMs,
    ledgersMs: Math.max(LEDGER_INTERVAL_MS, machines * LEDGER_MS_PER_MACHINE),
    manifestsMs: Math.max(MANIFEST_INTERVAL_MS, machines * MANIFEST_MS_PER_MACHINE),
    routersMs: Math.max(intervalMs, routers * ROUTER_MS),
    namesMs: nodes <= MANY_NODES ? NAMES_INTERVAL_MS : Number.POSITIVE_INFINITY,
    lostAfterMs: Math.max(5_000, nodesMs * 2.5),
    hearsAll: nodes <= MANY_NODES,
  };
}
