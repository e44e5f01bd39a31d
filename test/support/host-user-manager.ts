/** A real user manager of systemd on a host of hosts.ts, on a machine that systemd has not booted. */
import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestHost } from './hosts.ts';

/** Where cgroups of systemd may be mounted: v1 and v2 beside each other, or v2 alone. */
const HIERARCHIES = ['/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified', '/sys/fs/cgroup'];
const START_LIMIT_MS = 30_000;

export interface UserManager {
  /** Words to set before a command that speaks with it: `A=b C=d`. */
  readonly env: string;
  /** Removes its cgroups; its processes must have ended, with their host. */
  removeGroups(): Promise<void>;
}

/** Undefined where it can be started here, else what is missing. */
export function userManagerProblem(): string | undefined {
  if (!existsSync('/lib/systemd/systemd')) return 'there is no systemd';
  return existsSync('/usr/bin/dbus-daemon') ? undefined : 'there is no dbus-daemon';
}

export async function startUserManager(host: TestHost): Promise<UserManager> {
  const groups = HIERARCHIES.filter((folder) => existsSync(join(folder, 'cgroup.procs')))
    .filter((folder, _index, all) => folder !== '/sys/fs/cgroup' || all.length === 1)
    // A name that says slice and service is what it takes as its own root.
    .map((folder) => join(folder, `bubbaloop_${process.pid}_${Date.now()}.slice`));
  for (const group of groups) mkdirSync(join(group, 'user@0.service'), { recursive: true });
  const env = 'XDG_RUNTIME_DIR=/run/user/0 DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/0/bus';
  const script = join(host.home, 'user-manager.sh');
  writeFileSync(
    script,
    [
      'set -e',
      // This host's own: the folder makes programs believe that systemd has booted.
      'mount -t tmpfs tmpfs /run',
      'mkdir -p /run/systemd/system /run/user/0',
      ...groups.map((group) => `echo $$ > ${group}/user@0.service/cgroup.procs`),
      `export ${env}`,
      'dbus-daemon --session --address=unix:path=/run/user/0/bus --fork --nopidfile',
      'exec /lib/systemd/systemd --user',
      '',
    ].join('\n'),
  );
  const manager = host.start(`sh ${script}`);
  const deadlineMs = Date.now() + START_LIMIT_MS;
  // Degraded: a unit of this machine that is of no concern here did not start.
  while (!/^(?:running|degraded)/.test((await host.run(`${env} systemctl --user is-system-running`)).stdout)) {
    if (Date.now() > deadlineMs) throw new Error(`no user manager on ${host.name}: ${manager.output()}`);
    await sleep(100);
  }
  return {
    env,
    async removeGroups() {
      for (const group of groups) await removeGroup(group);
    },
  };
}

/** Its processes are killed, but not yet all gone. */
async function removeGroup(group: string): Promise<void> {
  for (const entry of readdirSync(group, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeGroup(join(group, entry.name));
  }
  for (let round = 0; ; round += 1) {
    try {
      rmdirSync(group);
      return;
    } catch (error) {
      if (round > 100) throw new Error(`${basename(group)} is not empty: ${String(error)}`);
      await sleep(50);
    }
  }
}
