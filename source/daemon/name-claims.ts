/** Which registry entry gets which name, so that a node.yaml that went wrong touches no other node. */
import { basename } from 'node:path';
import type { LivingRun } from './backend.ts';
import type { NodeSpec } from './node-spec.ts';

/** A node that is known by a name already. */
export interface KnownNode {
  readonly name: string;
  readonly path: string;
  /** Undefined where that is not known. */
  readonly nameOverride?: string | undefined;
}

/** Nodes that run though no daemon knows them yet. */
export function knownRuns(runs: readonly LivingRun[]): readonly KnownNode[] {
  return runs.map(({ name, folder }) => ({ name, path: folder }));
}

/**
 * The specifications with a name each, in their order. Where a node.yaml cannot be read its node keeps the name it has.
 * Where two claim one name it is left to the one that has it, else to the first; the other keeps its own, or gets its
 * folder's, and its `problem` says so.
 */
export function claimNames(specs: readonly NodeSpec[], known: readonly KnownNode[]): readonly NodeSpec[] {
  const ownName = (spec: NodeSpec): string | undefined => {
    const others = new Set(specs.flatMap(({ nameOverride }) => nameOverride ?? []));
    const isOwn = (node: KnownNode) => node.path === spec.path && !others.has(node.name);
    return spec.nameOverride ?? known.find(isOwn)?.name;
  };
  const wanted = specs.map((spec) => (spec.hasName ? spec : { ...spec, name: ownName(spec) ?? spec.name }));
  const has = (spec: NodeSpec) => known.some(({ name, path }) => name === spec.name && path === spec.path);
  const claims = new Map<string, NodeSpec>();
  for (const spec of [...wanted.filter(has), ...wanted]) if (!claims.has(spec.name)) claims.set(spec.name, spec);
  return wanted.map((spec) => {
    const holder = claims.get(spec.name);
    if (holder === undefined || holder === spec) return spec;
    const problem = `its name ${spec.name} is that of the node in ${holder.path}: mend its node.yaml, or give it a name_override`;
    const twin = { ...spec, name: freeName(ownName(spec) ?? basename(spec.path), claims), problem };
    claims.set(twin.name, twin);
    return twin;
  });
}

function freeName(base: string, taken: ReadonlyMap<string, unknown>): string {
  const name = base.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 60) || 'unnamed';
  for (let number = 1; ; number += 1) {
    const candidate = number === 1 ? name : `${name}_${number}`;
    if (!taken.has(candidate)) return candidate;
  }
}
