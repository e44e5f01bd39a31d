/** What `doctor why KEY` found out, before anything is concluded. */
import type { Denial } from './access.ts';
import type { Declarations } from './declarations.ts';

export interface Samples {
  readonly count: number;
  readonly bytes: number;
  readonly overMs: number;
  /** Since the last one, when the looking ended; undefined where none came. */
  readonly lastAgoMs: number | undefined;
  /** The last one’s own key. */
  readonly lastKey: string | undefined;
  readonly viaShm: boolean;
}

export interface RouterSeen {
  readonly zid: string;
  readonly name: string;
}

export interface Evidence {
  /** Canonical. */
  readonly keyExpr: string;
  readonly endpoint: string;
  /** The router asked. */
  readonly own: RouterSeen | undefined;
  /** Id of this machine, where that router runs on it. */
  readonly here: string | undefined;
  readonly routers: readonly RouterSeen[];
  /** Those of them that were not asked who declared what: they could stop while they answer (eclipse-zenoh/zenoh#2619). */
  readonly unasked: readonly RouterSeen[];
  /** Links between routers, in pairs of zids. */
  readonly links: readonly (readonly [string, string])[];
  readonly publishers: Declarations;
  readonly subscribers: Declarations;
  readonly queryables: Declarations;
  readonly tokens: Declarations;
  /** Machines whose daemons answer. */
  readonly machines: readonly string[];
  /** Names of sessions by zid. */
  readonly names: ReadonlyMap<string, string>;
  /** By the configuration of the router of this machine; undefined where that is not known. */
  readonly denials: readonly Denial[] | undefined;
  /** Links that this machine's router should have and has not, a sentence each. */
  readonly missingLinks: readonly string[];
  readonly samples: Samples;
  /** Routers that knew of doctor’s own subscription at the end of it, and so would send to it. */
  readonly reached: ReadonlySet<string>;
}
