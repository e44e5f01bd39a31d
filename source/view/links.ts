/** What a row has to do with others: places one key away from its details. */
import type { FleetState } from '../fleet/state.ts';
import type { PaneId } from './layout.ts';
import type { FleetRows, PeerRow } from './rows.ts';
import type { NodeTarget } from './ui-state.ts';

export interface RowLink {
  /** Short: `machine jetson_1`. May hold untrusted text. */
  readonly label: string;
  readonly to: LinkTarget;
}

export type LinkTarget =
  /** The details of a row. */
  | { readonly kind: 'row'; readonly pane: PaneId; readonly key: string }
  /** A row in its pane. */
  | { readonly kind: 'place'; readonly pane: PaneId; readonly key: string }
  /** A pane with a filter. */
  | { readonly kind: 'filter'; readonly pane: PaneId; readonly filter: string }
  | ({ readonly kind: 'logs' } & NodeTarget)
  /** A moment of the recording that is shown. */
  | { readonly kind: 'moment'; readonly atMs: number };

/** Digits reach no further. */
export const MAX_LINKS = 9;

export type Links = readonly (RowLink | undefined)[];

/** To a row's details, where there is such a row. */
export function rowLink(label: string, pane: PaneId, row: { readonly key: string } | undefined): RowLink | undefined {
  return row === undefined ? undefined : { label, to: { kind: 'row', pane, key: row.key } };
}

/** To a pane with the words of a filter, each `column=value`; undefined where a value cannot be written as one word. */
export function filterLink(
  label: string,
  pane: PaneId,
  words: readonly (readonly [start: string, value: string])[],
): RowLink | undefined {
  if (words.some(([, value]) => !/^[\w.-][\w./-]*$/.test(value))) return undefined;
  return { label, to: { kind: 'filter', pane, filter: words.map(([start, value]) => start + value).join(' ') } };
}

export function machineLinks(machine: string, rows: FleetRows): Links {
  return [
    rowLink(
      `machine ${machine}`,
      'machines',
      rows.machines.find((row) => row.key === machine),
    ),
    rowLink(
      'shared memory',
      'shm',
      rows.shm.find((row) => row.key === machine),
    ),
  ];
}

/** The session that holds a liveliness token, by the name that the token gives it: `jetson_1/front_door`. */
export function sessionLinks(name: string, state: FleetState, rows: FleetRows): Links {
  const zids = new Set([...state.names].filter(([, names]) => hasName(names, name)).map(([zid]) => zid));
  const peer = rows.peers.find((row) => zids.has(row.session.zid));
  return [rowLink('session', 'peers', peer), peer === undefined ? undefined : routerLink(peer, rows)];
}

export function routerLink(peer: PeerRow, rows: FleetRows): RowLink | undefined {
  const zid = peer.key.slice(0, peer.key.indexOf('/'));
  return rowLink(
    `router ${peer.at}`,
    'routers',
    rows.routers.find((row) => row.key === zid),
  );
}

/** Names of a session are told as one text, with spaces between: `jetson_1 daemon jetson_1/front_door`. */
export function hasName(names: string, name: string): boolean {
  return ` ${names} `.includes(` ${name} `);
}
