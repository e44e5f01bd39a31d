/**
 * Several hosts on one machine: each has its own network, mounts, processes, host name and `/dev/shm`, from Linux
 * namespaces without names. They end with this process, whatever happens to it: the first process of each waits for the
 * end of its stdin, and the kernel ends the rest of a process namespace with its first.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { bubbaloop, type Finished } from './command-line.ts';
import { hostsProblem, innerPid, type Keeper, runNow, startKeeper } from './host-keeper.ts';
import { removeFolder } from './remove-folder.ts';

export interface TestHost {
  readonly name: string;
  /** Its address on the network of the hosts. */
  readonly address: string;
  /** HOME of what runs there. */
  readonly home: string;
  /** Words before a command: it then runs there. */
  readonly inside: readonly [string, ...string[]];
  /** Runs a line of shell to its end; killed after `timeoutMs`, default 60 s. */
  run(line: string, options?: { readonly timeoutMs?: number }): Promise<Finished>;
  /** Starts a line of shell that goes on; its process id as the host sees it is the shell's, which it replaces. */
  start(line: string): HostProcess;
  /** Bytes that went in and out at its network interface. */
  bytes(): Promise<{ readonly received: number; readonly sent: number }>;
}

export interface HostProcess {
  readonly child: ChildProcess;
  /** Newest output, both streams. */
  output(): string;
  /** As this process sees it. Throws before the first sign of life. */
  pid(): number;
}

export interface HostNetwork {
  readonly hosts: ReadonlyMap<string, TestHost>;
  /** Throws where there is no such host. */
  host(name: string): TestHost;
  /** Nothing passes to or from that host any more, and nobody is told. */
  cut(name: string): Promise<void>;
  mend(name: string): Promise<void>;
  /** A second interface on both, straight to each other without a delay, as a VPN that comes up late. */
  addVpn(left: string, right: string): { readonly left: string; readonly right: string };
  end(): Promise<void>;
}

/** `delayMs` each way between any two hosts. */
export async function startHosts(names: readonly string[], delayMs: number): Promise<HostNetwork> {
  const problem = hostsProblem();
  if (problem !== undefined) throw new Error(`hosts cannot be made here: ${problem}`);
  const folder = mkdtempSync(join(tmpdir(), 'bubbaloop-hosts-'));
  const addresses = new Map(names.map((name, index) => [name, `10.77.0.${index + 1}`]));
  const hostsFile = join(folder, 'hosts');
  writeFileSync(
    hostsFile,
    ['127.0.0.1 localhost', ...[...addresses].map(([name, ip]) => `${ip} ${name}`), ''].join('\n'),
  );
  const keepers: Keeper[] = [];
  const keeperOf = (name: string): Keeper => {
    // The first keeps the wire.
    const keeper = keepers[1 + names.indexOf(name)];
    if (keeper === undefined) throw new Error(`there is no host ${name}`);
    return keeper;
  };
  const end = async (): Promise<void> => {
    await Promise.all(keepers.map((keeper) => keeper.end()));
    removeFolder(folder);
  };
  try {
    const wire = await startKeeper('wire', hostsFile);
    keepers.push(wire);
    const hosts = new Map<string, TestHost>();
    for (const [name, address] of addresses) {
      const keeper = await startKeeper(name, hostsFile);
      keepers.push(keeper);
      const port = portOf(names, name);
      runNow('ip', [
        'link',
        'add',
        port,
        'netns',
        `${wire.pid}`,
        'type',
        'veth',
        'peer',
        'name',
        'eth0',
        'netns',
        `${keeper.pid}`,
      ]);
      keeper.runNow(`ip addr add ${address}/24 dev eth0 && ip link set eth0 up`);
      wire.runNow(`ip link set ${port} up`);
      const home = join(folder, name, 'home');
      mkdirSync(home, { recursive: true });
      hosts.set(name, makeHost(name, address, home, keeper));
    }
    const script = join(import.meta.dirname, 'wire.py');
    const ports = names.map((name) => portOf(names, name)).join(' ');
    const relay = wire.spawn(`exec python3 ${script} ${delayMs / 1000} ${ports}`, {}, ['pipe', 'pipe', 'inherit']);
    const tell = await talkTo(relay);
    return {
      hosts,
      host(name) {
        const host = hosts.get(name);
        if (host === undefined) throw new Error(`there is no host ${name}`);
        return host;
      },
      cut: (name) => tell(`cut ${portOf(names, name)}`),
      addVpn(left, right) {
        const [a, b] = [keeperOf(left), keeperOf(right)];
        runNow('ip', [
          'link',
          'add',
          'vpn0',
          'netns',
          `${a.pid}`,
          'type',
          'veth',
          'peer',
          'name',
          'vpn0',
          'netns',
          `${b.pid}`,
        ]);
        a.runNow('ip addr add 10.78.0.1/24 dev vpn0 && ip link set vpn0 up');
        b.runNow('ip addr add 10.78.0.2/24 dev vpn0 && ip link set vpn0 up');
        return { left: '10.78.0.1', right: '10.78.0.2' };
      },
      mend: (name) => tell(`join ${portOf(names, name)}`),
      end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

function portOf(names: readonly string[], name: string): string {
  return `w${names.indexOf(name)}`;
}

function makeHost(name: string, address: string, home: string, keeper: Keeper): TestHost {
  const env: NodeJS.ProcessEnv = {
    PATH: `${dirname(bubbaloop)}:${process.env.PATH ?? '/usr/bin:/bin'}`,
    HOME: home,
    LANG: 'C.UTF-8',
    NO_COLOR: '1',
  };
  return {
    name,
    address,
    home,
    inside: keeper.inside,
    async run(line, { timeoutMs = 60_000 } = {}) {
      const child = keeper.spawn(line, env, ['ignore', 'pipe', 'pipe']);
      const output = { stdout: '', stderr: '' };
      child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (output.stdout += chunk));
      child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (output.stderr += chunk));
      const timer = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGKILL'), timeoutMs);
      const [code] = (await once(child, 'close')) as [number | null];
      clearTimeout(timer);
      return { code, ...output };
    },
    start(line) {
      const child = keeper.spawn(`exec ${line}`, env, ['ignore', 'pipe', 'pipe']);
      let output = '';
      const keep = (chunk: Buffer): void => {
        output = `${output}${chunk}`.slice(-20_000);
      };
      child.stdout?.on('data', keep);
      child.stderr?.on('data', keep);
      return { child, output: () => output, pid: () => innerPid(child) };
    },
    async bytes() {
      const line = readFileSync(`/proc/${keeper.pid}/net/dev`, 'utf8').split('eth0:')[1] ?? '';
      const fields = line.trim().split(/\s+/).map(Number);
      return { received: fields[0] ?? 0, sent: fields[8] ?? 0 };
    },
  };
}

/** A line to it, a line from it. */
async function talkTo(child: ChildProcess): Promise<(line: string) => Promise<void>> {
  if (child.stdout === null) throw new Error('no stdout');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<void> => {
    const { done } = await lines.next();
    if (done === true) throw new Error('the wire between the hosts has ended');
  };
  await answer();
  return async (line) => {
    child.stdin?.write(`${line}\n`);
    await answer();
  };
}
