/** A real user manager of systemd for tests, with a bus, a journal and a home of its own; ended with the test. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HostProcess, TestHost } from './hosts.ts';
import { removeFolder } from './remove-folder.ts';

const READY_LIMIT_MS = 30_000;
const HIERARCHIES = ['/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified', '/sys/fs/cgroup'];

export interface TestUserManager {
  readonly folder: string;
  /** For whoever is to talk to it: bus, home, and a PATH whose journalctl reads its journal. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The part of it that tells where the manager is, for a line of shell: `HOME=… XDG_RUNTIME_DIR=…`. */
  readonly assignments: string;
  readonly journalSocket: string;
  /** Words before a command: it then runs on the machine as the units see it, with journald's sockets. */
  readonly inside: readonly [string, ...string[]];
  /** `systemctl --user WORDS`, its output. */
  systemctl(...words: string[]): string;
  /** Whether its user lingers, as logind would note it; at first it does. */
  setLingering(isLingering: boolean): void;
  /** Ends everything that runs under it; removes its files. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts one beside this machine's own programs, or on `host`, which then looks as if systemd had booted it. Rejects where this
 * machine cannot run one, with what is missing.
 */
export async function startUserManager(host?: TestHost): Promise<TestUserManager> {
  checkMachine();
  const folder = mkdtempSync(join(tmpdir(), 'bubbaloop-systemd-'));
  for (const name of ['run', 'home', 'xdg', 'bin', 'state']) mkdirSync(join(folder, name), { mode: 0o700 });
  // The name has to look like that of a user's manager: from it journald tells which unit a line is of.
  const slice = `bubbaloop_test_${process.pid}_${Date.now()}.slice`;
  const script = [
    join(import.meta.dirname, 'user-manager.sh'),
    folder,
    `${slice}/user@${process.getuid?.() ?? 0}.service`,
  ];
  const own = {
    HOME: host?.home ?? join(folder, 'home'),
    XDG_RUNTIME_DIR: join(folder, 'xdg'),
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(folder, 'xdg', 'bus')}`,
  };
  const { child, output } =
    host?.start(`sh -c 'sleep infinity | sh ${script.join(' ')}'`) ?? spawnBeside(script, own.HOME);
  const stop = async (): Promise<void> => {
    await endAll(slice, child);
    removeFolder(folder);
  };
  const inside = host?.inside ?? (['nsenter', '--target', String(child.pid), '--mount', '--'] as const);
  // The journal is in the /run of its own namespace, where its units are, but not who tests them.
  for (const name of ['journalctl', 'systemd-cat']) {
    const program = `/usr/bin/${name}`;
    const isInside = '[ -d /run/systemd/journal ]';
    const script = `#!/bin/sh\n${isInside} && exec ${program} "$@"\nexec ${inside.join(' ')} ${program} "$@"\n`;
    writeFileSync(join(folder, 'bin', name), script, { mode: 0o755 });
  }
  const env = {
    ...process.env,
    ...own,
    PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
    XDG_CONFIG_HOME: undefined,
  };
  const [nsenter, ...where] = inside;
  const systemctl = (...words: string[]): string =>
    execFileSync(nsenter, [...where, 'systemctl', '--user', ...words], { env, encoding: 'utf8', stdio: 'pipe' });
  const journalSocket = join(folder, 'run', 'systemd', 'journal', 'stdout');
  try {
    const limitMs = performance.now() + READY_LIMIT_MS;
    while (!existsSync(journalSocket) || !isRunning(systemctl)) {
      if (child.exitCode !== null || performance.now() > limitMs) {
        throw new Error(
          `no user manager of systemd came up here (root and a cgroup hierarchy are needed): ${output()}`,
        );
      }
      await sleep(50);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const mark = join(folder, 'state', 'linger', userInfo().username);
  const setLingering = (isLingering: boolean): void =>
    isLingering ? writeFileSync(mark, '') : rmSync(mark, { force: true });
  const assignments = Object.entries(own).map(([name, value]) => `${name}=${value}`);
  return { folder, env, assignments: assignments.join(' '), journalSocket, inside, systemctl, setLingering, stop };
}

function spawnBeside(script: readonly string[], home: string): Pick<HostProcess, 'child' | 'output'> {
  const child = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', ...script], {
    env: { ...process.env, HOME: home },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => {
      said = `${said}${data}`.slice(-4_000);
    });
  }
  return { child, output: () => said };
}

function checkMachine(): void {
  const needed = ['/lib/systemd/systemd', '/lib/systemd/systemd-journald', '/usr/bin/dbus-daemon', '/usr/bin/nsenter'];
  const missing = needed.filter((file) => !existsSync(file));
  if (missing.length > 0) {
    throw new Error(`${missing.join(', ')} missing: these tests want the Debian packages systemd, dbus and util-linux`);
  }
  if (process.getuid?.() !== 0)
    throw new Error('these tests start a user manager of their own, and for that must run as root');
}

function isRunning(systemctl: (...words: string[]) => string): boolean {
  try {
    return /running|degraded/.test(systemctl('is-system-running'));
  } catch {
    // It does not answer yet, or says `starting` by its exit code.
    return false;
  }
}

/** All processes of its control groups, then these. */
async function endAll(slice: string, child: ChildProcess): Promise<void> {
  const folders = HIERARCHIES.map((hierarchy) => join(hierarchy, slice)).filter((folder) => existsSync(folder));
  while (true) {
    const pids = new Set(folders.flatMap(processesOf));
    if (pids.size === 0) break;
    for (const pid of pids) kill(Number(pid));
    await sleep(20);
  }
  for (const folder of folders) {
    for (const group of [folder, ...subfolders(folder)].toReversed()) rmdirSync(group);
  }
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
}

function processesOf(folder: string): readonly string[] {
  try {
    return [folder, ...subfolders(folder)]
      .flatMap((group) => readFileSync(join(group, 'cgroup.procs'), 'utf8').split('\n'))
      .filter((pid) => pid !== '');
  } catch {
    // The manager removed a group meanwhile. It is ended first, by what is left of it.
    return readFileSync(join(folder, 'cgroup.procs'), 'utf8')
      .split('\n')
      .filter((pid) => pid !== '');
  }
}

function subfolders(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => [join(folder, name), ...subfolders(join(folder, name))]);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Ended between the reading and the signal.
    return;
  }
}
