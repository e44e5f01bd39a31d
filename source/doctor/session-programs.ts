/** Which processes of this machine are at the other end of a router's sessions. */
import { processName } from '../daemon/proc.ts';
import type { RouterSession } from '../zenoh/admin.ts';
import { addressOf, isOwnAddress } from './reach.ts';
import { readTcpSockets, socketHolders } from './sockets.ts';

export interface Program {
  readonly pid: number;
  readonly name: string;
}

/** By the zenoh id of the session; those of other machines, and of other users, are left out. */
export function sessionPrograms(sessions: readonly RouterSession[]): ReadonlyMap<string, Program> {
  // Both ports: two connections to different places may come from the same one.
  const wanted = new Map(
    sessions.flatMap(({ peer, links }) =>
      links.flatMap(({ src, dst }) => {
        const [router, program] = [addressOf(src), addressOf(dst)];
        if (router === undefined || program === undefined || !isOwnAddress(program.host)) return [];
        return [[`${program.port} ${router.port}`, peer] as const];
      }),
    ),
  );
  const ends = readTcpSockets().flatMap(({ state, localPort, remotePort, inode }) => {
    const zid = state === 'established' ? wanted.get(`${localPort} ${remotePort}`) : undefined;
    return zid === undefined ? [] : [{ zid, inode }];
  });
  const holders = socketHolders(new Set(ends.map(({ inode }) => inode)));
  return new Map(
    ends.flatMap(({ zid, inode }) => {
      const pid = holders.get(inode);
      return pid === undefined ? [] : [[zid, { pid, name: processName(pid) }] as const];
    }),
  );
}
