/** Which version most of a fleet runs, so that those that run another can be marked. */

import type { Glyphs } from './glyphs.ts';
import type { FleetRows, MachineRow, RouterRow } from './rows.ts';
import type { Span } from './theme.ts';

export interface UsualVersions {
  /** Undefined where none is in the majority: then none is odd. */
  readonly daemon?: string;
  readonly router?: string;
}

export const NO_USUAL_VERSIONS: UsualVersions = {};

/** Returns a function that looks again only where the machines or routers are not the same lists as before. */
export function createVersionLook(): (rows: FleetRows) => UsualVersions {
  let machines: readonly MachineRow[] | undefined;
  let routers: readonly RouterRow[] | undefined;
  let usual = NO_USUAL_VERSIONS;
  return (rows) => {
    if (rows.machines === machines && rows.routers === routers) return usual;
    machines = rows.machines;
    routers = rows.routers;
    usual = {
      daemon: majority(machines.map((row) => row.machine.daemon?.version ?? '')),
      router: majority(routers.map((row) => row.router.version)),
    };
    return usual;
  };
}

/** More than half of those that tell theirs; of two that differ neither is the odd one. */
function majority(versions: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const version of versions) if (version !== '') counts.set(version, (counts.get(version) ?? 0) + 1);
  const told = [...counts.values()].reduce((sum, count) => sum + count, 0);
  for (const [version, count] of counts) if (count * 2 > told) return version;
  return undefined;
}

/** Whether a version is another than the usual one. */
export function isOdd(version: string, usual: string | undefined): boolean {
  return usual !== undefined && version !== '' && version !== usual;
}

/** A version, with a sign where it is not the usual one. */
export function versionSpan(version: string, usual: string | undefined, glyphs: Glyphs): Span {
  return isOdd(version, usual)
    ? { text: `${version} ${glyphs.differs}`, style: 'warn' }
    : { text: version, style: 'dim' };
}
