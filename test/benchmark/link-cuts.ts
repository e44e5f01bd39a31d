import { join } from 'node:path';
import type { HostProcess, TestHost } from '../support/hosts.ts';
import { heard } from '../support/listener-output.ts';
import { startThreeHosts, type ThreeHosts } from '../support/three-hosts.ts';
import { type Benchmark, type Figure, residentBytes, sleep } from './measure.ts';

const support = join(import.meta.dirname, '..', 'support');
const LOCAL = 'tcp/127.0.0.1:7447';
const CUT_MS = 60_000;
const cutCount = 100;
/** So that a hundred cuts take minutes: links are given up after this instead of 10 s. */
const SHORT_LEASE_MS = 1_500;
/** After the first cuts: what every program takes once. */
const WARM_UP_CUTS = 5;

/** A robot's network goes away and comes back: one minute once, and shortly a hundred times. */
export const linkCuts: Benchmark = {
  name: 'link-cuts',
  async run() {
    return [...(await oneMinute()), ...(await manyCuts())];
  },
};

async function oneMinute(): Promise<Figure[]> {
  const three = await startThreeHosts(20);
  try {
    const jetson = three.network.host('jetson_1');
    await jetson.run(`printf '{"rate_hz":30,"width":640,"height":480}' > ~/camera.yaml`);
    jetson.start('bubbaloop node run test-camera --config "$HOME/camera.yaml"');
    const frames = jetson.start(`${process.execPath} ${support}/listener.ts ${LOCAL} 'bubbaloop/local/**'`);
    const watch = watchFrom(three.central);
    const local = watchFrom(jetson);
    await until(
      () =>
        statesOf(watch).length > 0 &&
        statesOf(local).length > 0 &&
        heard(frames).samples['bubbaloop/local/jetson_1'] !== undefined,
    );
    const cutAtMs = Date.now();
    await three.network.cut('jetson_1');
    await sleep(CUT_MS);
    await three.network.mend('jetson_1');
    await until(() => statesOf(watch).length >= 3);
    await sleep(2_000);
    const [, lost, back] = statesOf(watch);
    return [
      {
        what: 'link cut for 60 s: central says lost after',
        value: at(lost) - cutAtMs,
        unit: 'ms',
        bar: { atMost: 10_000 },
      },
      { what: 'and live again after', value: at(back) - cutAtMs, unit: 'ms', bar: { atMost: 70_000 } },
      { what: 'changes that a local top saw', value: statesOf(local).length - 1, unit: '', bar: { atMost: 0 } },
      { what: 'longest gap between two local frames at 30/s', value: heard(frames).longestGapMs, unit: 'ms' },
      { what: 'programs that ended', value: endedCount(three), unit: '', bar: { atMost: 0 } },
    ];
  } finally {
    await three.network.end();
  }
}

async function manyCuts(): Promise<Figure[]> {
  const three = await startThreeHosts(20, `--cfg transport/link/tx/lease:${SHORT_LEASE_MS}`);
  try {
    const watch = watchFrom(three.central);
    const local = watchFrom(three.network.host('jetson_1'));
    await until(() => statesOf(watch).length > 0 && statesOf(local).length > 0);
    const programs = new Map([
      ...three.running,
      ['central: fleet as top sees it', watch],
      ['jetson_1: fleet as top sees it', local],
    ]);
    let before = memoryOf(programs);
    let slowestMs = 0;
    for (let round = 0; round < cutCount + WARM_UP_CUTS; round += 1) {
      if (round === WARM_UP_CUTS) before = memoryOf(programs);
      await three.network.cut('jetson_1');
      await until(async () => !(await isLinked(three)));
      const mendedAtMs = Date.now();
      await three.network.mend('jetson_1');
      await until(() => isLinked(three));
      slowestMs = Math.max(slowestMs, Date.now() - mendedAtMs);
    }
    // What came in meanwhile is worked off.
    await sleep(5_000);
    const after = memoryOf(programs);
    const growth = [...after].map(([name, bytes]) => ({ name, megabytes: (bytes - (before.get(name) ?? 0)) / 1e6 }));
    return [
      ...growth.map(
        ({ name, megabytes }): Figure => ({
          what: `growth over ${cutCount} cuts, ${name}`,
          value: Math.round(megabytes * 10) / 10,
          unit: 'MB',
          bar: { atMost: 10 },
        }),
      ),
      { what: 'link mended: linked again, slowest', value: slowestMs, unit: 'ms' },
      { what: 'programs that ended', value: endedCount(three), unit: '', bar: { atMost: 0 } },
    ];
  } finally {
    await three.network.end();
  }
}

/** As central's router sees it. */
async function isLinked(three: ThreeHosts): Promise<boolean> {
  const { stdout } = await three.central.run(`${process.execPath} -e '
    fetch("http://127.0.0.1:8000/@/local/router").then((r) => r.text()).then((text) => process.stdout.write(text))'`);
  return stdout.includes('10.77.0.2:');
}

function memoryOf(programs: ReadonlyMap<string, HostProcess>): ReadonlyMap<string, number> {
  return new Map([...programs].map(([name, program]) => [name, residentBytes(program.pid())]));
}

function endedCount(three: ThreeHosts): number {
  return [...three.running.values()].filter(({ child }) => child.exitCode !== null || child.signalCode !== null).length;
}

function watchFrom(host: TestHost): HostProcess {
  return host.start(`${process.execPath} ${support}/fleet-watch.ts ${LOCAL} jetson_1`);
}

interface Seen {
  readonly atMs: number;
  readonly state: string;
}

function statesOf(watch: HostProcess): readonly Seen[] {
  return [...watch.output().matchAll(/^(\d+) (\w+)$/gm)].map(([, atMs, state = '']) => ({ atMs: Number(atMs), state }));
}

function at(seen: Seen | undefined): number {
  return seen?.atMs ?? Number.POSITIVE_INFINITY;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + 120_000;
  while (!(await condition())) {
    if (Date.now() > deadlineMs) throw new Error('what was waited for did not come');
    await sleep(100);
  }
}
