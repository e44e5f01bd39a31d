/** One host of hosts.ts: its namespaces, and the process that keeps them. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const NAMESPACES = [
  ...['--net', '--mount', '--propagation', 'private', '--uts', '--ipc', '--pid', '--mount-proc'],
  // The kernel ends all of a process namespace with its first process, and that one ends with `unshare`.
  ...['--fork', '--kill-child'],
];

/** Undefined where hosts can be made here, else why not: it takes root, and iproute2. */
export function hostsProblem(): string | undefined {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  if (spawnSync('ip', ['-V']).status !== 0) return 'there is no program ip (package iproute2)';
  const { status, stderr } = spawnSync('unshare', [...NAMESPACES, 'true'], { encoding: 'utf8' });
  return status === 0 ? undefined : `unshare is refused: ${stderr}`;
}

export interface Keeper {
  /** Of the first process in the namespaces, as this process sees it. */
  readonly pid: number;
  /** Words before a command: it then runs there. */
  readonly inside: readonly [string, ...string[]];
  spawn(line: string, env: NodeJS.ProcessEnv, stdio: readonly ('ignore' | 'pipe' | 'inherit')[]): ChildProcess;
  runNow(line: string): void;
  end(): Promise<void>;
}

/** A shell as the first process: it waits for the end of its stdin, and for children that lost their parents. */
export async function startKeeper(name: string, hostsFile: string): Promise<Keeper> {
  const setUp = [
    `echo ${name} > /proc/sys/kernel/hostname`,
    'mount -t tmpfs tmpfs /dev/shm',
    `mount --bind ${hostsFile} /etc/hosts`,
    'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6 2>/dev/null || true',
    'ip link set lo up',
    'echo ready',
  ].join(' && ');
  const child = spawn('unshare', [...NAMESPACES, 'sh', '-c', `${setUp}; cat; exit 0`], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk;
  });
  const first = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line').then(([line]) => line as string),
    once(child, 'exit').then(() => 'ended'),
  ]);
  if (first !== 'ready') throw new Error(`host ${name} could not be made: ${complaint}`);
  const pid = innerPid(child);
  const enter = ['--target', `${pid}`, '--net', '--mount', '--uts', '--ipc', '--pid', '--'];
  return {
    pid,
    inside: ['nsenter', ...enter],
    // A session of its own, so that all of a line can be ended at once.
    spawn: (line, env, stdio) =>
      spawn('nsenter', [...enter, 'sh', '-c', line], {
        env: { PATH: process.env.PATH, ...env },
        stdio: [...stdio],
        detached: true,
      }),
    runNow: (line) => runNow('nsenter', [...enter, 'sh', '-c', line]),
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      process.kill(pid, 'SIGKILL');
      await exited;
    },
  };
}

/** The child that `unshare --fork` and `nsenter --pid` go through. */
export function innerPid(child: ChildProcess): number {
  const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim();
  const pid = Number(children.split(' ')[0]);
  if (!Number.isInteger(pid) || pid === 0) throw new Error(`process ${child.pid} has no child`);
  return pid;
}

export function runNow(program: string, words: readonly string[]): void {
  const { status, stderr } = spawnSync(program, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${words.join(' ')}: ${stderr}`);
}
