import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openSession } from '../../source/zenoh/open-session.ts';
import { bubbaloop, endProcess } from '../support/command-line.ts';
import { startRouter, type TestRouter } from '../support/router.ts';
import { type Benchmark, cpuSeconds, type Figure, sleep } from './measure.ts';

const SECONDS = 10;

/** What the SDK costs a node: small messages by the thousand, and raw frames. */
export const sdk: Benchmark = {
  name: 'sdk',
  async run() {
    const router = await startRouter();
    try {
      const fast = await measure(router, 'fast-node.ts', 'bubbaloop/global/bench/fast/pose');
      const raw = await measure(router, 'raw-node.ts', 'bubbaloop/local/bench/raw/raw');
      return [
        ...figures(fast, '10,000 messages/s of 100 B', 25, 9_800),
        ...figures(raw, 'raw 1080p at 30 frames/s', 10, 29),
      ];
    } finally {
      await router.stop();
    }
  },
};

interface Measured {
  readonly cpuPercent: number;
  readonly rateHz: number;
}

function figures({ cpuPercent, rateHz }: Measured, what: string, atMost: number, atLeast: number): readonly Figure[] {
  return [
    { what: `${what}: CPU of the publisher`, value: cpuPercent, unit: '% of a core', bar: { atMost } },
    { what: `${what}: received`, value: rateHz, unit: 'messages/s', bar: { atLeast } },
  ];
}

async function measure(router: TestRouter, file: string, key: string): Promise<Measured> {
  const session = openSession(router.endpoint);
  let received = 0;
  await session.connected({ timeoutMs: 20_000 });
  await session.declareFrameSubscriber(
    key,
    (frame) => {
      received += 1;
      frame.release();
    },
    { channel: { kind: 'fifo', capacity: 20_000 } },
  );
  const node = await startNode(router, file);
  try {
    // Compiled and at its rate.
    await sleep(3_000);
    const [cpu, count, startMs] = [cpuSeconds(node.pid ?? 0), received, performance.now()];
    await sleep(SECONDS * 1_000);
    const seconds = (performance.now() - startMs) / 1_000;
    return {
      cpuPercent: ((cpuSeconds(node.pid ?? 0) - cpu) / seconds) * 100,
      rateHz: (received - count) / seconds,
    };
  } finally {
    await endProcess(node);
    await session.close();
  }
}

async function startNode(router: TestRouter, file: string): Promise<ChildProcess> {
  const node = spawn(bubbaloop, ['node', 'run', join(import.meta.dirname, 'nodes', file)], {
    env: { ...process.env, BUBBALOOP_MACHINE_ID: 'bench', BUBBALOOP_ZENOH_ENDPOINT: router.endpoint },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (node.stderr === null) throw new Error('no stderr');
  const said: string[] = [];
  for await (const line of createInterface({ input: node.stderr })) {
    said.push(line);
    if (!line.endsWith(': started')) continue;
    node.stderr.resume();
    return node;
  }
  throw new Error(`${file} ended: ${said.join('\n')}`);
}
