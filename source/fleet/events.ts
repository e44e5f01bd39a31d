/** What may happen to the fleet's state. Events carry batches: one for all that came in a moment, not one for each reply. */
import type { LinkState } from '../zenoh/session.ts';
import type { DaemonInfo, FleetNode, MachineLoad, Router, ShmInfo } from './state.ts';

export interface NodesAnswer {
  readonly machine: string;
  readonly hostname: string;
  readonly ips: readonly string[];
  readonly nodes: readonly FleetNode[];
  /** Who answered: its zenoh id, or what else tells it from another computer with the same machine id. */
  readonly claimant?: string;
  /** By how much its clock is ahead of ours, less the time that its answer was under way. Undefined where it does not say. */
  readonly clockSkewMs?: number;
}

export interface ManifestAnswer {
  readonly machine: string;
  readonly daemon: DaemonInfo;
  readonly claimant?: string;
}

export interface LedgerAnswer {
  readonly machine: string;
  readonly shm: ShmInfo;
  readonly claimant?: string;
}

export interface LoadAnswer {
  readonly machine: string;
  readonly load: MachineLoad;
}

/** An answer that could not be read. `machine` is absent where even that is unknown. */
export interface BadAnswer {
  readonly machine?: string;
  /** For people; may hold untrusted text. */
  readonly message: string;
}

export type FleetEvent =
  | { readonly type: 'link'; readonly link: LinkState; readonly zid: string }
  | {
      readonly type: 'answers';
      readonly atMs: number;
      readonly nodes: readonly NodesAnswer[];
      readonly manifests: readonly ManifestAnswer[];
      readonly ledgers: readonly LedgerAnswer[];
      readonly bad: readonly BadAnswer[];
    }
  | {
      readonly type: 'routers';
      readonly atMs: number;
      readonly routers: readonly Router[];
      readonly bad: readonly BadAnswer[];
      readonly latencyMs?: number;
    }
  /** A round of questions is over: whoever was to answer has done so, or let its time run out. */
  | { readonly type: 'round'; readonly atMs: number }
  /** Liveliness tokens that came and went, in order. */
  | { readonly type: 'tokens'; readonly atMs: number; readonly changes: readonly TokenChange[] }
  | { readonly type: 'heartbeats'; readonly atMs: number; readonly beats: readonly NodeName[] }
  /** Whose nodes' heartbeats and tokens are listened to from now on; those of others are not known any more. */
  | { readonly type: 'listening'; readonly machines: ReadonlySet<string> | 'all' }
  /** Telemetry: the newest of each machine. */
  | { readonly type: 'loads'; readonly atMs: number; readonly loads: readonly LoadAnswer[] }
  | { readonly type: 'names'; readonly names: ReadonlyMap<string, string> }
  /** Time passes: who has not answered for `lostAfterMs` is lost, who has been lost for `forgetAfterMs` is forgotten. */
  | { readonly type: 'tick'; readonly atMs: number; readonly lostAfterMs: number; readonly forgetAfterMs: number };

export interface NodeName {
  readonly machine: string;
  readonly node: string;
}

export interface TokenChange {
  readonly machine: string;
  /** Absent for the daemon's own token. */
  readonly node?: string;
  readonly isAlive: boolean;
}
