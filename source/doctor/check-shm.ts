/** Shared memory: used at both ends, with room, without leftovers, and allowed to be locked. */
import { statfsSync } from 'node:fs';
import { lockHolder } from '../daemon/lock-file.ts';
import { readProcFile } from '../daemon/proc.ts';
import { cleanShm } from '../daemon/shm-clean.ts';
import { seesEveryProcess } from '../daemon/shm-maps.ts';
import type { RouterSession } from '../zenoh/admin.ts';
import { type Check, gravest, skipped, well } from './check.ts';
import { at } from './local-router.ts';
import { addressOf, isOwnAddress } from './reach.ts';
import { sessionPrograms } from './session-programs.ts';

const MIB = 1024 * 1024;

export const shmSessions: Check = {
  id: 'shm-sessions',
  area: 'shm',
  title: 'shared memory of sessions',
  async run(facts) {
    const tried = 'asked the router which sessions of this machine use shared memory with it';
    if (!facts.isRouterLocal) return skipped(tried, 'The router is on another machine.');
    const [own, config, connection, names] = await Promise.all([
      facts.ownRouter(),
      facts.routerConfig(),
      facts.connection(),
      facts.names(),
    ]);
    if (own === undefined || !connection.ok) return skipped(tried, 'The router did not tell.');
    if (at(config, 'transport', 'shared_memory', 'enabled') === false) {
      return {
        outcome: 'warning',
        tried,
        seen: 'It is off at the router’s end: transport/shared_memory/enabled is false in its configuration.',
        means: 'Every frame is copied through sockets, and raw camera frames may not arrive in time.',
        remedy: 'bubbaloop router --cfg transport/shared_memory/enabled:true',
      };
    }
    const local = own.sessions.filter((session) => session.whatAmI !== 'router' && isLocal(session));
    const programs = sessionPrograms(local.filter(({ shm }) => !shm));
    const without = local.flatMap(({ peer, shm }) => {
      const name = names.get(peer) ?? '';
      if (shm || peer === connection.session.zid) return [];
      const program = programs.get(peer);
      return isSmallTalker(name, program?.name) ? [] : [program ?? { name: name || `session ${peer}`, pid: undefined }];
    });
    const inUse = local.filter(({ shm }) => shm).length;
    if (without.length === 0) return well(tried, `${inUse} of ${local.length} use it; none lacks it that should.`);
    const list = without.map(({ name, pid }) => (pid === undefined ? name : `${name} (process ${pid})`));
    return {
      outcome: 'warning',
      tried,
      seen: `It is off at the other end of ${list.join(', ')}.`,
      means:
        'What they send and receive is copied through sockets: that program has shared memory off, was built without it, ' +
        'or runs in a container without this machine’s /dev/shm.',
      remedy:
        'In that program’s zenoh configuration: transport/shared_memory/enabled: true; in a container: --ipc=host',
    };
  },
};

/** Daemon, `top` and short commands open without shared memory: they send small records only. */
function isSmallTalker(token: string, program: string | undefined): boolean {
  return token.endsWith(' daemon') || (program !== undefined && /^bubbaloop (?!node run)/.test(program));
}

function isLocal({ links }: RouterSession): boolean {
  return links.some(({ dst }) => {
    const host = addressOf(dst)?.host;
    if (host === undefined) return dst.startsWith('unix');
    return isOwnAddress(host);
  });
}

export const shmSpace: Check = {
  id: 'shm-space',
  area: 'shm',
  title: 'room in /dev/shm',
  run(facts) {
    const tried = `measured ${facts.shmFolder}`;
    const { blocks, bavail, bsize } = statfsSync(facts.shmFolder);
    const [totalBytes, freeBytes] = [blocks * bsize, bavail * bsize];
    const seen = `${Math.floor(freeBytes / MIB)} MiB of ${Math.round(totalBytes / MIB)} MiB are free.`;
    // A session makes a pool of 16 MiB; a raw frame of 1080p is 8 MB.
    if (freeBytes < 32 * MIB || freeBytes < totalBytes / 20) {
      return {
        outcome: 'problem',
        tried,
        seen,
        means: 'Programs that want shared memory fail or are killed (SIGBUS) when it is full.',
        remedy: 'bubbaloop shm clean; what else lies there: ls -lS /dev/shm',
      };
    }
    if (totalBytes < 256 * MIB) {
      return {
        outcome: 'warning',
        tried,
        seen,
        means: 'A few cameras fill it. Containers have 64 MiB unless told otherwise.',
        remedy: 'sudo mount -o remount,size=1G /dev/shm; in a container: --shm-size=1g or --ipc=host',
      };
    }
    return well(tried, seen);
  },
};

const PAUSE_MS = 1_000;

export const shmOrphans: Check = {
  id: 'shm-orphans',
  area: 'shm',
  title: 'orphaned segments',
  async run(facts) {
    const tried = `looked twice for segments in ${facts.shmFolder} that nobody uses`;
    if (!(facts.seesEveryProcess ?? seesEveryProcess())) {
      return skipped(tried, 'In a container with process ids of its own nobody can tell who else uses them.');
    }
    const scanner = facts.scanner();
    const before = new Set(scanner.scanNow().segments.flatMap(({ name, orphan }) => (orphan ? name : [])));
    // A segment that is just made has no lock yet.
    if (before.size > 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    const { segments } = scanner.scanNow();
    const orphans = segments.filter(({ name, orphan }) => orphan && before.has(name));
    if (orphans.length === 0) return well(tried, `${segments.length} segments, all in use.`);
    const bytes = orphans.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    return {
      outcome: 'warning',
      tried,
      seen: `${orphans.length} of ${segments.length} segments (${(bytes / MIB).toFixed(1)} MiB) belong to nobody.`,
      means: 'Programs crashed and left them; their memory is lost until they are removed.',
      remedy: 'bubbaloop shm clean',
      isFixable: true,
    };
  },
  async fix(facts) {
    const scanner = facts.scanner();
    const given = facts.seesEveryProcess;
    const result = await cleanShm({
      scanner,
      isDryRun: false,
      ...(given === undefined ? {} : { seesEveryProcess: given }),
    });
    if (!result.ok) throw new Error(result.reason);
    const kept = result.kept.map(({ name, kept }) => `${name} stays: ${kept}`);
    return [`Removed ${result.removed.length} segments.`, ...kept].join(' ');
  },
};

/** A session's own pool; zenoh locks each segment it maps (mlock), and fails where it may not. */
const POOL_BYTES = 16 * MIB;
const CAP_IPC_LOCK = 14n;

export const memlock: Check = {
  id: 'shm-memlock',
  area: 'shm',
  title: 'limits of locked memory',
  run(facts) {
    const tried = 'read the memlock limits of this shell, the router and the daemon';
    const holder = facts.portHolder();
    const programs = new Map<number, string>([[process.pid, 'this shell']]);
    if (holder?.isRouter === true) programs.set(holder.pid, 'the router');
    const daemon = lockHolder(facts.home.lockFile)?.pid;
    if (daemon !== undefined) programs.set(daemon, 'the daemon and its nodes');
    const findings = [...programs].flatMap(([pid, name]) => {
      const limit = memlockLimit(pid);
      if (limit === undefined || limit >= 4 * POOL_BYTES) return [];
      return [
        {
          outcome: limit < POOL_BYTES ? ('problem' as const) : ('warning' as const),
          seen: `${name[0]?.toUpperCase()}${name.slice(1)} (process ${pid}) may lock ${(limit / MIB).toFixed(1)} MiB.`,
          means:
            'zenoh locks each shared memory segment; a session alone takes 16 MiB, and beyond the limit it gets none.',
          remedy:
            'sudo sh -c \'echo "* - memlock unlimited" > /etc/security/limits.d/zenoh.conf\' and log in anew; ' +
            'in a unit: LimitMEMLOCK=infinity',
        },
      ];
    });
    return gravest(tried, findings, 'They are high enough, or do not count for who runs them.');
  },
};

/** Undefined where nothing limits that process. */
function memlockLimit(pid: number): number | undefined {
  const caps = /^CapEff:\s+([0-9a-f]+)$/m.exec(readProcFile(pid, 'status') ?? '')?.[1];
  if (caps !== undefined && ((BigInt(`0x${caps}`) >> CAP_IPC_LOCK) & 1n) === 1n) return undefined;
  const soft = /^Max locked memory +(\S+)/m.exec(readProcFile(pid, 'limits') ?? '')?.[1];
  return soft === undefined || soft === 'unlimited' ? undefined : Number(soft);
}
