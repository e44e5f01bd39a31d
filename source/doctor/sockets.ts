/** TCP sockets of this machine and whose they are, from /proc/net/tcp and tcp6, proc(5). */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { listPids } from '../daemon/proc.ts';

export interface TcpSocket {
  readonly state: 'listening' | 'established' | 'other';
  readonly localPort: number;
  readonly remotePort: number;
  /** Whether it takes connections from other machines; of a listening one. */
  readonly isOpen: boolean;
  readonly inode: string;
}

/** States of linux/tcp_states.h. */
const ESTABLISHED = '01';
const LISTENING = '0A';

export function readTcpSockets(): TcpSocket[] {
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => {
    try {
      return parseTcpSockets(readFileSync(file, 'latin1'));
    } catch {
      // A kernel without IPv6, or one that does not tell.
      return [];
    }
  });
}

/** Lines: `0: 0100007F:1D17 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 12345 …`. */
export function parseTcpSockets(text: string): TcpSocket[] {
  const lines = /^ *\d+: ([0-9A-F]+):([0-9A-F]{4}) [0-9A-F]+:([0-9A-F]{4}) ([0-9A-F]{2})(?: +\S+){4} +\d+ +(\d+)/gm;
  return [...text.matchAll(lines)].map((match): TcpSocket => {
    const [, address = '', localPort = '', remotePort = '', state, inode = ''] = match;
    return {
      state: state === LISTENING ? 'listening' : state === ESTABLISHED ? 'established' : 'other',
      localPort: Number.parseInt(localPort, 16),
      remotePort: Number.parseInt(remotePort, 16),
      isOpen: !isLoopback(address),
      inode,
    };
  });
}

/** In words of 32 bits, each with its lowest byte first. */
function isLoopback(address: string): boolean {
  return address.length === 8 ? address.endsWith('7F') : address === '00000000000000000000000001000000';
}

/** Processes by the inode of their sockets, as far as this user may see: its own, all for root. */
export function socketHolders(inodes: ReadonlySet<string>): ReadonlyMap<string, number> {
  const holders = new Map<string, number>();
  for (const pid of listPids()) {
    for (const target of fileTargets(pid)) {
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      if (inode !== undefined && inodes.has(inode)) holders.set(inode, pid);
    }
    if (holders.size === inodes.size) break;
  }
  return holders;
}

function fileTargets(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        // Closed meanwhile.
        return '';
      }
    });
  } catch {
    // Ended meanwhile, or another user's.
    return [];
  }
}
