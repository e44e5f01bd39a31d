/**
 * Who answers for a machine id. Two computers may claim one, as clones of one SD card do; shown in turns their nodes would
 * flicker. A daemon that starts again takes a new session and its former one is never heard again; a rival is one that is
 * heard again after another took its place.
 */
import type { NodesAnswer } from './events.ts';

export interface Claimant {
  readonly id: string;
  /** For people; untrusted text. */
  readonly who: string;
  readonly atMs: number;
  /** How often it was heard after another had taken its place. */
  readonly returns: number;
}

export interface Claim {
  /** Whose answers count. Its time is kept up only while there are others. */
  readonly holder: Claimant;
  readonly others: readonly Claimant[];
}

/** Once may be an answer that was long under way. */
const RIVAL_RETURNS = 2;
/** A rival that is silent for so long has given up. */
const FORGET_MS = 60_000;
/** A holder that is silent for so long leaves its place to whoever answers. */
const HOLDER_SILENT_MS = 10_000;

/** The claim after an answer; the same object where it says nothing new. */
export function claimAfter(claim: Claim | undefined, answer: NodesAnswer, atMs: number): Claim | undefined {
  const { claimant: id } = answer;
  if (id === undefined) return claim;
  const newcomer: Claimant = { id, who: whoIs(answer, id), atMs, returns: 0 };
  if (claim === undefined) return { holder: newcomer, others: [] };
  if (claim.holder.id === id) {
    if (claim.others.length === 0) return claim;
    return { holder: { ...claim.holder, atMs }, others: heardOfLate(claim.others, atMs) };
  }
  const known = claim.others.find((other) => other.id === id);
  const rest = heardOfLate(
    claim.others.filter((other) => other !== known),
    atMs,
  );
  if (known !== undefined && atMs - claim.holder.atMs <= HOLDER_SILENT_MS) {
    return { holder: claim.holder, others: [...rest, { ...known, atMs, returns: known.returns + 1 }] };
  }
  // What it returned counts for it no more; who it replaced may return.
  return { holder: newcomer, others: [...rest, { ...claim.holder, atMs, returns: 0 }] };
}

/** Whether an answer by `claimant` is to be shown as the machine's. */
export function holds(claim: Claim | undefined, claimant: string | undefined): boolean {
  return claim === undefined || claimant === undefined || claim.holder.id === claimant;
}

/** All who claim the id, in a steady order; empty where only one does. */
export function rivalsOf(claim: Claim | undefined): readonly string[] {
  const rivals = claim?.others.filter((other) => other.returns >= RIVAL_RETURNS) ?? [];
  if (claim === undefined || rivals.length === 0) return [];
  return [claim.holder, ...rivals].sort((a, b) => (a.id < b.id ? -1 : 1)).map((claimant) => claimant.who);
}

function heardOfLate(others: readonly Claimant[], atMs: number): readonly Claimant[] {
  return others.filter((other) => atMs - other.atMs <= FORGET_MS);
}

function whoIs({ hostname, ips }: NodesAnswer, id: string): string {
  const name = [hostname === '' ? 'a computer' : hostname, ...ips.slice(0, 1)].join(' ');
  return /^[0-9a-f]+$/.test(id) ? `${name} (session ${id.slice(0, 8)})` : name;
}
