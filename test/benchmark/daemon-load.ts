import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { daemonKey } from '../../source/wire/keys.ts';
import { openSession } from '../../source/zenoh/open-session.ts';
import { DaemonHome } from '../support/daemon-home.ts';
import { startRouter } from '../support/router.ts';
import { type Benchmark, cpuSeconds, type Figure, median, residentBytes, sleep } from './measure.ts';

const NODES = 100;
const IDLE_SECONDS = 30;
const FLOOD_SECONDS = 15;

/** A daemon with 100 nodes under it, and one whose node writes 50 MB a second to its output. */
export const daemonLoad: Benchmark = {
  name: 'daemon-load',
  run: async () => [...(await hundredNodes()), ...(await flood())],
};

async function hundredNodes(): Promise<readonly Figure[]> {
  const names = Array.from({ length: NODES }, (_, index) => `node-${index}`);
  const router = await startRouter();
  const home = new DaemonHome(Object.fromEntries(names.map((name) => [name, 'sleep 100000'])), router.endpoint);
  const session = openSession(router.endpoint);
  const daemon = await home.startDaemon();
  const pid = daemon.pid ?? 0;
  try {
    await session.connected({ timeoutMs: 20_000 });
    const startedAtMs = performance.now();
    const results = await Promise.all(names.map((name) => home.command(name, 'start')));
    const startMs = performance.now() - startedAtMs;
    const failed = results.filter((result) => result?.success !== true).length;

    const answersMs: number[] = [];
    for (let count = 0; count < 200; count += 1) {
      const askedAtMs = performance.now();
      for await (const reply of session.get(daemonKey(home.machineId, 'nodes'))) {
        if (reply.ok) answersMs.push(performance.now() - askedAtMs);
      }
    }
    await sleep(15_000);
    const cpuBefore = cpuSeconds(pid);
    await sleep(IDLE_SECONDS * 1_000);
    const cpu = (cpuSeconds(pid) - cpuBefore) / IDLE_SECONDS;
    return [
      { what: `${NODES} nodes: not started`, value: failed, unit: 'nodes', bar: { atMost: 0 } },
      { what: `start of ${NODES} nodes at once, acknowledged`, value: startMs / 1_000, unit: 's', bar: { atMost: 5 } },
      {
        what: `daemon/nodes of ${NODES} nodes, median of ${answersMs.length}`,
        value: median(answersMs),
        unit: 'ms',
        bar: { atMost: 5 },
      },
      {
        what: `daemon with ${NODES} nodes, RssAnon`,
        value: anonymousBytes(pid) / 1e6,
        unit: 'MB',
        bar: { atMost: 40 },
      },
      { what: `daemon with ${NODES} nodes, RSS`, value: residentBytes(pid) / 1e6, unit: 'MB', bar: { atMost: 90 } },
      { what: `daemon with ${NODES} nodes, idle CPU`, value: cpu * 100, unit: '% of a core', bar: { atMost: 1 } },
      ...shimFigures(home, names),
    ];
  } finally {
    await session.close();
    await end(daemon);
    await router.stop();
    home.remove();
  }
}

/** What the shims take, all of them together. */
function shimFigures(home: DaemonHome, names: readonly string[]): readonly Figure[] {
  const bytes = names.map((name) => anonymousBytes(shimOf(home, name)));
  return [{ what: `one shim, RssAnon, median of ${names.length}`, value: median(bytes) / 1e6, unit: 'MB' }];
}

function shimOf(home: DaemonHome, name: string): number {
  return readState(home, name).shim.pid;
}

function nodeOf(home: DaemonHome, name: string): number {
  return readState(home, name).node.pid;
}

function readState(home: DaemonHome, name: string): { readonly shim: { pid: number }; readonly node: { pid: number } } {
  return JSON.parse(readFileSync(join(home.folder, 'run', `${name}.json`), 'utf8'));
}

/** wchar of /proc/{pid}/io: what its writes were taken for. */
function writtenBytes(pid: number): number {
  return Number(/^wchar: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
}

async function flood(): Promise<readonly Figure[]> {
  // Lines of 100 bytes as fast as they are taken: a core makes gigabytes of them in a second.
  const line = 'x'.repeat(99);
  const home = new DaemonHome({ flood: `yes ${line}`, quiet: 'sleep 100000' });
  const daemon = await home.startDaemon();
  const pid = daemon.pid ?? 0;
  try {
    await home.command('quiet', 'start');
    await home.command('quiet', 'stop');
    await sleep(2_000);
    // Not all of RSS: code that only the start needed is given back about now, and would hide a growth.
    const before = anonymousBytes(pid);
    await home.command('flood', 'start');
    const shim = shimOf(home, 'flood');
    const writer = nodeOf(home, 'flood');
    const cpuBefore = cpuSeconds(shim);
    const takenBefore = writtenBytes(writer);
    const startedAtMs = performance.now();
    const answersMs: number[] = [];
    while (performance.now() - startedAtMs < FLOOD_SECONDS * 1_000) {
      const askedAtMs = performance.now();
      await home.command('quiet', 'get_logs');
      answersMs.push(performance.now() - askedAtMs);
      await sleep(100);
    }
    const seconds = (performance.now() - startedAtMs) / 1_000;
    const taken = (writtenBytes(writer) - takenBefore) / seconds;
    const cpu = (cpuSeconds(shim) - cpuBefore) / seconds;
    const logBytes = ['flood.log', 'flood.log.1']
      .map((file) => statSync(join(home.folder, 'logs', file), { throwIfNoEntry: false })?.size ?? 0)
      .reduce((sum, size) => sum + size, 0);
    return [
      { what: 'flood: taken from the node', value: taken / 1e6, unit: 'MB/s', bar: { atLeast: 50 } },
      {
        what: 'flood: slowest answer to a command for another node',
        value: Math.max(...answersMs),
        unit: 'ms',
        bar: { atMost: 50 },
      },
      {
        what: 'flood: the daemon grew by',
        value: (anonymousBytes(pid) - before) / 1e6,
        unit: 'MB',
        bar: { atMost: 20 },
      },
      { what: 'flood: log on disk, rotation limit 2 x 8.4 MB', value: logBytes / 1e6, unit: 'MB', bar: { atMost: 18 } },
      { what: 'flood: its shim, CPU', value: cpu * 100, unit: '% of a core' },
      { what: 'flood: its shim, RSS', value: residentBytes(shim) / 1e6, unit: 'MB' },
    ];
  } finally {
    await end(daemon);
    home.remove();
  }
}

/** RssAnon of /proc/{pid}/status: memory that is this process's alone. */
function anonymousBytes(pid: number): number {
  const kilobytes = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}

async function end(daemon: {
  kill(signal: NodeJS.Signals): boolean;
  once(event: 'exit', listener: () => void): unknown;
}) {
  const gone = new Promise<void>((resolve) => daemon.once('exit', resolve));
  daemon.kill('SIGTERM');
  await gone;
}
