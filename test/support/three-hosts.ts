/** Central and two Jetsons, set up by the steps of the README, literally. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Snapshot } from '../../source/fleet/snapshot.ts';
import type { Finished } from './command-line.ts';
import { type HostNetwork, type HostProcess, startHosts, type TestHost } from './hosts.ts';
import { type ReadmeSteps, readmeNodeYaml, readmeSteps } from './readme-steps.ts';

export const robots = ['jetson_1', 'jetson_2'] as const;
/** Commands that go on: "in a terminal of its own". */
const GOES_ON = /^bubbaloop (?:router|daemon)$/;
const READY = /"ready":true|Ready:/;
const READY_LIMIT_MS = 60_000;

export interface ThreeHosts {
  readonly network: HostNetwork;
  readonly central: TestHost;
  readonly robots: readonly TestHost[];
  /** What goes on, by host and command: `jetson_1: bubbaloop router`. */
  readonly running: ReadonlyMap<string, HostProcess>;
  /** What ended, in order. */
  readonly finished: readonly { readonly host: string; readonly line: string; readonly result: Finished }[];
  /** What `top --once --json` prints there. */
  top(host: TestHost): Promise<Snapshot>;
}

/** Steps of the robots are run on both, one after the other. `delayMs` each way; `routerFlags` for benchmarks. */
export async function startThreeHosts(delayMs: number, routerFlags = ''): Promise<ThreeHosts> {
  const network = await startHosts(['central', ...robots], delayMs);
  const running = new Map<string, HostProcess>();
  const finished: { host: string; line: string; result: Finished }[] = [];
  try {
    for (const name of robots) writeNode(network.host(name));
    for (const steps of readmeSteps) {
      for (const host of hostsOf(network, steps)) {
        for (const line of steps.lines) {
          if (GOES_ON.test(line)) {
            const started = host.start(line === 'bubbaloop router' ? `${line} ${routerFlags}` : line);
            running.set(`${host.name}: ${line}`, started);
            await until(
              () => READY.test(started.output()),
              `${host.name}: ${line}`,
              () => started.output(),
            );
          } else {
            // The link to central comes a moment after the router is ready; a person's typing takes longer.
            const result = line === 'bubbaloop status' ? await untilWell(host) : await host.run(line);
            finished.push({ host: host.name, line, result });
          }
        }
      }
    }
  } catch (error) {
    await network.end();
    throw error;
  }
  return {
    network,
    central: network.host('central'),
    robots: robots.map((name) => network.host(name)),
    running,
    finished,
    async top(host) {
      const { stdout, stderr, code } = await host.run('bubbaloop top --once --json');
      if (code !== 0) throw new Error(`top on ${host.name}: ${stderr}`);
      return JSON.parse(stdout);
    },
  };
}

function hostsOf(network: HostNetwork, steps: ReadmeSteps): TestHost[] {
  return steps.role === 'central' ? [network.host('central')] : robots.map((name) => network.host(name));
}

async function untilWell(host: TestHost): Promise<Finished> {
  const deadlineMs = Date.now() + READY_LIMIT_MS;
  for (;;) {
    const result = await host.run('bubbaloop status');
    if (result.code === 0 || Date.now() > deadlineMs) return result;
  }
}

async function until(condition: () => boolean, what: string, explain: () => string): Promise<void> {
  const deadlineMs = Date.now() + READY_LIMIT_MS;
  while (!condition()) {
    if (Date.now() > deadlineMs) throw new Error(`${what} was not ready: ${explain()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The node of the README; what it would run does nothing but live. */
function writeNode(host: TestHost): void {
  const folder = join(host.home, 'nodes', 'weather');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'node.yaml'), readmeNodeYaml);
  writeFileSync(
    join(folder, 'main.py'),
    'import sys, time\nprint("weather for", sys.argv[2], flush=True)\nwhile True:\n    time.sleep(60)\n',
  );
}
