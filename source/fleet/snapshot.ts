/** The fleet at one moment in the shape of `top --once --json`. Part of the command's contract: fields are only added. */
import { compareNames } from './compare-names.ts';
import { type FleetState, machineFreshness } from './state.ts';

export interface Snapshot {
  readonly endpoint: string;
  readonly routers: readonly {
    readonly zid: string;
    readonly name: string;
    readonly version: string;
    readonly locators: readonly string[];
    readonly sessions: readonly {
      /** Zenoh id of the other side. */
      readonly peer: string;
      readonly whatAmI: string;
      /** Null where the router does not say. */
      readonly shm: boolean | null;
    }[];
  }[];
  /** One entry for each session of each router. */
  readonly peers: readonly {
    readonly zid: string;
    readonly whatAmI: string;
    /** Zenoh id of the router that reports it. */
    readonly router: string;
    /** Null where the router does not say. */
    readonly shm: boolean | null;
    readonly links: readonly { readonly src: string; readonly dst: string }[];
    /** What its liveliness tokens say it is, else empty. */
    readonly name: string;
  }[];
  readonly nodes: readonly {
    readonly machine: string;
    readonly name: string;
    readonly status: string;
    readonly health: string;
    readonly version: string;
    readonly type: string;
    /** Null where it does not run. */
    readonly uptimeMs: number | null;
    /** The next three: null where it does not run, or its daemon does not say. */
    readonly onZenoh: boolean | null;
    /** `none`, `unwanted`, `quiet`, `flowing` or `unknown`. */
    readonly outputs: string | null;
    readonly outputRateHz: number | null;
  }[];
  readonly shm: readonly {
    readonly machine: string;
    readonly usedBytes: number;
    /** Null where the daemon does not look. */
    readonly lockedBytes: number | null;
    readonly freeBytes: number;
    readonly segments: number;
    readonly orphans: number;
  }[];
  readonly machines: readonly {
    readonly machine: string;
    readonly freshness: string;
    readonly daemonVersion: string;
    readonly problem: string;
  }[];
  readonly problems: readonly string[];
}

export function toSnapshot(state: FleetState, nowMs: number): Snapshot {
  const machines = [...state.machines.values()].sort((a, b) => compareNames(a.id, b.id));
  const routers = [...state.routers.values()];
  return {
    endpoint: state.endpoint,
    routers: routers.map(({ zid, name, version, locators, sessions }) => ({
      zid,
      name,
      version,
      locators,
      sessions: sessions.map((session) => ({
        peer: session.zid,
        whatAmI: session.whatAmI,
        shm: session.shm ?? null,
      })),
    })),
    peers: routers.flatMap((router) =>
      router.sessions.map(({ zid, whatAmI, shm, links }) => ({
        zid,
        whatAmI,
        router: router.zid,
        shm: shm ?? null,
        links,
        name: state.names.get(zid) ?? '',
      })),
    ),
    nodes: machines.flatMap(({ id, nodes }) =>
      nodes.map(({ name, status, health, version, type, upSinceMs, onZenoh, outputs, outputRateHz }) => ({
        machine: id,
        name,
        status,
        health,
        version,
        type,
        uptimeMs: upSinceMs === undefined ? null : Math.max(0, nowMs - upSinceMs),
        onZenoh: onZenoh ?? null,
        outputs: outputs ?? null,
        outputRateHz: outputRateHz ?? null,
      })),
    ),
    shm: machines.flatMap(({ id, shm }) =>
      shm === undefined
        ? []
        : [
            {
              machine: id,
              usedBytes: shm.usedBytes,
              lockedBytes: shm.lockedBytes ?? null,
              freeBytes: shm.freeBytes,
              segments: shm.segments.length,
              orphans: shm.segments.filter((segment) => segment.isOrphan).length,
            },
          ],
    ),
    machines: machines.map((machine) => ({
      machine: machine.id,
      freshness: machineFreshness(state, machine),
      daemonVersion: machine.daemon?.version ?? '',
      problem: machine.problem ?? '',
    })),
    problems: state.problems,
  };
}
