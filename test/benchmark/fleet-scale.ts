import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { endProcess } from '../support/command-line.ts';
import { startRouter, type TestRouter } from '../support/router.ts';
import { type Benchmark, cpuSeconds, type Figure, machineLoad, median, residentBytes, sleep } from './measure.ts';
import { Screen } from './screen.ts';

const LARGE = { machines: 500, nodes: 20, keys: 20_000 };
const SMALL = { machines: 5, nodes: 20, keys: 0 };
const CHANGE_SHARE = 0.05;
const SECONDS = 20;
const KEYS = 400;

/** `top` on a simulated fleet of 500 machines with 20 nodes each, of which every twentieth changes in each second. */
export const fleetScale: Benchmark = {
  name: 'fleet-scale',
  async run() {
    const small = await measure(SMALL);
    const large = await measure(LARGE);
    const what = `top on ${LARGE.machines * LARGE.nodes} nodes`;
    const p99 = percentile(large.keysMs, 0.99);
    return [
      { what: `machine load while this ran: ${machineLoad()}; declarations`, value: large.declarations, unit: 'keys' },
      { what: `${what}, first complete screen`, value: large.firstMs, unit: 'ms', bar: { atMost: 3_000 } },
      { what: `${what}, a key answered, p99 of ${KEYS}`, value: p99, unit: 'ms', bar: { atMost: 50 } },
      { what: `${what}, a key answered, median`, value: median(large.keysMs), unit: 'ms' },
      { what: `${what}, a key answered, slowest`, value: Math.max(...large.keysMs), unit: 'ms' },
      {
        what: `${what}, CPU over ${SECONDS} s`,
        value: large.cpuShare * 100,
        unit: '% of a core',
        bar: { atMost: 10 },
      },
      { what: `${what}, resident memory`, value: large.residentBytes / 1e6, unit: 'MB', bar: { atMost: 200 } },
      {
        what: `a key answered, median on ${LARGE.machines * LARGE.nodes} nodes against ${SMALL.machines * SMALL.nodes}`,
        value: median(large.keysMs) / median(small.keysMs),
        unit: 'times',
        bar: { atMost: 1.5 },
      },
      { what: `top on ${SMALL.machines * SMALL.nodes} nodes, CPU`, value: small.cpuShare * 100, unit: '% of a core' },
      { what: `top on ${SMALL.machines * SMALL.nodes} nodes, memory`, value: small.residentBytes / 1e6, unit: 'MB' },
    ] satisfies readonly Figure[];
  },
};

interface Measured {
  readonly declarations: number;
  readonly firstMs: number;
  readonly keysMs: readonly number[];
  readonly cpuShare: number;
  readonly residentBytes: number;
}

async function measure(size: typeof LARGE): Promise<Measured> {
  const router = await startRouter();
  const fleet = await startFleet(router, size);
  const screen = new Screen(['top', '--endpoint', router.endpoint], { columns: 200, rows: 60 });
  try {
    const count = size.machines * size.nodes;
    await screen.until((text) => text.includes(` ${count} nodes:`), 60_000);
    const firstMs = performance.now() - screen.startedAt;
    // The first seconds fill caches and compile; the figure is what an operator pays all day.
    await sleep(10_000);
    const cpuBefore = cpuSeconds(screen.pid);
    await sleep(SECONDS * 1_000);
    const cpuShare = (cpuSeconds(screen.pid) - cpuBefore) / SECONDS;
    const keysMs = await pressKeys(screen);
    return {
      declarations: fleet.declarations,
      firstMs,
      keysMs,
      cpuShare,
      residentBytes: residentBytes(screen.pid),
    };
  } finally {
    await screen.quit();
    await endProcess(fleet.process);
    await router.stop();
  }
}

/** Down the list, one row at a time, at uneven moments: how long until the pointer stands on the next row. */
async function pressKeys(screen: Screen): Promise<readonly number[]> {
  const took: number[] = [];
  for (let count = 0; count < KEYS; count += 1) {
    const key = Math.floor(count / 20) % 2 === 0 ? 'j' : 'k';
    const before = pointedRow(screen);
    const from = performance.now();
    screen.press(key);
    await screen.until(() => pointedRow(screen) !== before, 10_000);
    took.push(performance.now() - from);
    await sleep(20 + ((count * 37) % 90));
  }
  return took;
}

function pointedRow(screen: Screen): string {
  const line = screen.lines().find((candidate) => candidate.includes('▸')) ?? '';
  return /▸ (\S+\s+\S+)/.exec(line)?.[1] ?? '';
}

async function startFleet(
  router: TestRouter,
  { machines, nodes, keys }: typeof LARGE,
): Promise<{ readonly process: ChildProcess; readonly declarations: number }> {
  const program = join(import.meta.dirname, 'run-simulated-fleet.ts');
  const words = [router.endpoint, machines, nodes, keys, CHANGE_SHARE].map(String);
  const child = spawn(process.execPath, [program, ...words], { stdio: ['pipe', 'pipe', 'inherit'] });
  const line = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the simulated fleet ended with ${code}`)));
    createInterface({ input: child.stdout }).once('line', resolve);
  });
  const ready: { readonly declarations?: unknown } = JSON.parse(line);
  return { process: child, declarations: Number(ready.declarations) };
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
