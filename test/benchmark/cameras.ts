import { readdirSync, readFileSync } from 'node:fs';
import { watchCamera } from '../../source/camera/watch-camera.ts';
import { openSession } from '../../source/zenoh/open-session.ts';
import { bubbaloop } from '../support/command-line.ts';
import { type RealFleet, startRealFleet } from '../support/real-fleet.ts';
import { type Benchmark, type Figure, residentBytes, sleep } from './measure.ts';

const CAMERAS = 6;
const SETTLE_MS = 15_000;
const IDLE_MS = 60_000;
const WATCH_MS = 15_000;

const names = Array.from({ length: CAMERAS }, (_, index) => `node_${index}`);
const nodes = (kind: string) => Object.fromEntries(names.map((name) => [name, `${bubbaloop} node run ${kind}`]));

/**
 * What cameras cost a machine: while nobody looks, its daemon beside that of a machine with as many nodes that are none,
 * at the same time; and while somebody looks at one.
 */
export const cameras: Benchmark = {
  name: 'cameras',
  async run() {
    const fleets: RealFleet[] = [];
    try {
      fleets.push(await startRealFleet(nodes('test-camera'), 'with_cameras'));
      fleets.push(await startRealFleet(nodes('heartbeat'), 'without'));
      await sleep(SETTLE_MS);
      const [withCameras, without] = await Promise.all(fleets.map((fleet) => share(fleet.daemonPid, IDLE_MS)));
      const idle: Figure[] = [
        {
          what: `nobody looks at ${CAMERAS} cameras: the daemon’s camera work`,
          value: Math.max(0, (withCameras ?? 0) - (without ?? 0)) * 100,
          unit: '% of a core',
          bar: { atMost: 0.1 },
        },
        { what: 'that daemon', value: (withCameras ?? 0) * 100, unit: '% of a core' },
        { what: 'a daemon of as many other nodes', value: (without ?? 0) * 100, unit: '% of a core' },
      ];
      const [fleet] = fleets;
      return fleet === undefined
        ? idle
        : [...idle, ...(await watched(fleet, 320, 180, 2)), ...(await watched(fleet, 640, 360, 10))];
    } finally {
      for (const fleet of fleets) await fleet.end();
    }
  },
};

/** One viewer elsewhere, of one camera of 1920x1080 at 15 frames/s. */
async function watched(
  fleet: RealFleet,
  maxWidth: number,
  maxHeight: number,
  maxRateHz: number,
): Promise<readonly Figure[]> {
  const session = openSession(fleet.router.endpoint, { shm: false });
  const camera = { machine: fleet.machine, node: names[0] ?? '' };
  const feed = watchCamera(session, camera, { maxWidth, maxHeight, maxRateHz, outputs: ['raw'] });
  try {
    await sleep(8_000);
    const pid = thumbnailerOf(fleet.daemonPid);
    const before = feed.state.version;
    const [maker, daemon] = await Promise.all([share(pid, WATCH_MS), share(fleet.daemonPid, WATCH_MS)]);
    const what = `one viewer, ${maxWidth}x${maxHeight} at ${maxRateHz}/s`;
    return [
      { what: `${what}: pictures that came`, value: (feed.state.version - before) / (WATCH_MS / 1_000), unit: '/s' },
      { what: `${what}: age of a picture`, value: feed.state.latencyMs ?? Number.NaN, unit: 'ms' },
      { what: `${what}: what makes thumbnails`, value: maker * 100, unit: '% of a core' },
      { what: `${what}: its RssAnon`, value: anonymousBytes(pid) / 1e6, unit: 'MB' },
      { what: `${what}: its RSS, shared memory too`, value: residentBytes(pid) / 1e6, unit: 'MB' },
      { what: `${what}: the daemon`, value: daemon * 100, unit: '% of a core' },
    ];
  } finally {
    await feed.close();
    await session.close();
  }
}

/** Share of a core that a process takes. */
async function share(pid: number, forMs: number): Promise<number> {
  const [cpuBefore, startedAtMs] = [cpuMs(pid), performance.now()];
  await sleep(forMs);
  return (cpuMs(pid) - cpuBefore) / (performance.now() - startedAtMs);
}

/** CPU time of all threads in nanoseconds, where ticks of 10 ms are too coarse: first field of schedstat, proc(5). */
function cpuMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const spent = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
  );
  return spent.reduce((sum, nanoseconds) => sum + nanoseconds, 0) / 1e6;
}

function thumbnailerOf(daemonPid: number): number {
  const pid = readdirSync('/proc')
    .map(Number)
    .filter(Number.isInteger)
    .find((candidate) => {
      try {
        const stat = readFileSync(`/proc/${candidate}/stat`, 'utf8');
        const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
        return parent === daemonPid && readFileSync(`/proc/${candidate}/cmdline`, 'utf8').includes('thumbnail');
      } catch {
        // Ended between the listing and the look.
        return false;
      }
    });
  if (pid === undefined) throw new Error('no process makes thumbnails');
  return pid;
}

function anonymousBytes(pid: number): number {
  return Number(/^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}
