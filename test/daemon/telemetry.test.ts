import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openTelemetry } from '../../source/daemon/telemetry.ts';
import type { MachineRoots } from '../../source/telemetry/machine-files.ts';
import { cpuBetween, readCpuTicks } from '../../source/telemetry/proc-figures.ts';
import { TelemetrySampler } from '../../source/telemetry/sampler.ts';
import { decodeEnvelope } from '../../source/wire/envelope.ts';
import { TELEMETRY_NODE, telemetryKey } from '../../source/wire/keys.ts';
import { readTelemetry, type Telemetry, telemetryToWire } from '../../source/wire/telemetry.ts';
import { FakeNetwork } from '../support/fake-session.ts';
import { ORIN, RASPBERRY_PI, writeMachine } from '../support/machine-trees.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-telemetry-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const later = (roots: MachineRoots, lines: string) => writeFileSync(join(roots.proc, 'stat'), lines);

it('reads an Orin: its sensors, what its GPU does, what its rails take, its power mode', async () => {
  const telemetry = await new TelemetrySampler(writeMachine(folder, ORIN)).sample();
  expect(telemetry).toMatchObject({
    model: 'NVIDIA Jetson AGX Orin Developer Kit',
    memory: { totalBytes: 31_800_000 * 1024, availableBytes: 23_850_000 * 1024, usagePercent: 25 },
    network: { bytesSent: 702_000, bytesReceived: 5_001_000 },
    load: { one: 1.25, five: 0.75, fifteen: 0.5 },
    uptimeSecs: 12_345,
    gpu: { usagePercent: 43.7, frequencyHz: 612_000_000 },
  });
  // The zone that is off is left out.
  expect(telemetry.temperatures).toEqual([
    { name: 'cpu-thermal', celsius: 48.3 },
    { name: 'gpu-thermal', celsius: 44.9 },
    { name: 'soc0-thermal', celsius: 45.5 },
    { name: 'tj-thermal', celsius: 48.3 },
  ]);
  expect(telemetry.power).toEqual({
    rails: [
      { name: 'VDD_GPU_SOC', milliwatts: 4_560 },
      { name: 'VDD_CPU_CV', milliwatts: 1_520 },
      { name: 'VIN_SYS_5V0', milliwatts: 3_617 },
      { name: 'VDDQ_VDD2_1V8AO', milliwatts: 482 },
    ],
    mode: 'MODE_30W',
  });
  expect(telemetry.disk?.totalBytes).toBeGreaterThan(0);
});

it('reads a Raspberry Pi, which has no more than a temperature', async () => {
  const telemetry = await new TelemetrySampler(writeMachine(folder, RASPBERRY_PI)).sample();
  expect(telemetry).toMatchObject({
    model: 'Raspberry Pi 5 Model B Rev 1.0',
    temperatures: [{ name: 'cpu-thermal', celsius: 57.9 }],
    gpu: undefined,
    power: undefined,
  });
});

it('reads a machine that has nothing of all this', async () => {
  const telemetry = await new TelemetrySampler(writeMachine(folder, {})).sample();
  expect(telemetry).toMatchObject({ cpu: undefined, memory: undefined, load: undefined, temperatures: [] });
  expect(readTelemetry(telemetryToWire(telemetry) as never)).toEqual({ ok: true, value: telemetry });
});

it('takes the CPU’s load between two readings', () => {
  const roots = writeMachine(folder, ORIN);
  const read = () => readCpuTicks(roots.proc);
  const line = (name: string, busy: number, idle: number) => `${name} ${busy} 0 0 ${idle} 0 0 0 0 50 0\n`;
  later(roots, line('cpu ', 100, 900) + line('cpu0', 50, 450) + line('cpu1', 50, 450));
  const first = read();
  later(roots, line('cpu ', 175, 1_025) + line('cpu0', 125, 475) + line('cpu1', 50, 550));
  expect(cpuBetween(first, read())).toEqual({ usagePercent: 37.5, count: 2, perCorePercent: [75, 0] });
  // No time passed, the counter was set back, a core went.
  expect(cpuBetween(read(), read())).toBeUndefined();
  expect(cpuBetween(read(), first)).toBeUndefined();
  later(roots, line('cpu ', 200, 1_100) + line('cpu0', 150, 500));
  expect(cpuBetween(first, read())).toMatchObject({ count: 1, perCorePercent: [] });
});

it('reads the machine that this runs on', async () => {
  const telemetry = await new TelemetrySampler().sample();
  expect(telemetry.cpu?.count).toBeGreaterThan(0);
  expect(telemetry.memory?.usedBytes).toBeGreaterThan(0);
  expect(telemetry.uptimeSecs).toBeGreaterThan(0);
});

class CountingSampler extends TelemetrySampler {
  count = 0;
  override sample(): Promise<Telemetry> {
    this.count += 1;
    return super.sample();
  }
}

const until = async (isDone: () => boolean): Promise<void> => {
  while (!isDone()) await sleep(10);
};

it('publishes while somebody listens and reads nothing otherwise; who asks is answered', async () => {
  const network = new FakeNetwork();
  const [robot, screen] = [await network.connect(), await network.connect()];
  const sampler = new CountingSampler(writeMachine(folder, ORIN));
  let isPublishedByNode = false;
  const close = await openTelemetry({
    session: robot,
    machineId: 'm',
    sampler,
    intervalMs: 20,
    isPublishedByNode: () => isPublishedByNode,
    say: expect.unreachable,
  });
  await sleep(100);
  expect(sampler.count).toBe(0);

  for await (const reply of screen.get(telemetryKey('m'))) {
    const envelope = reply.ok ? decodeEnvelope(reply.sample.payload) : undefined;
    const body = envelope?.ok ? readTelemetry(envelope.value.body) : undefined;
    expect(body).toMatchObject({ ok: true, value: { gpu: { usagePercent: 43.7 }, power: { mode: 'MODE_30W' } } });
  }
  expect(sampler.count).toBe(1);

  let received = 0;
  const listen = () =>
    screen.declareSubscriber(telemetryKey('*'), (sample) => {
      expect(decodeEnvelope(sample.payload)).toMatchObject({
        ok: true,
        value: { header: { sourceInstance: 'daemon' } },
      });
      received += 1;
    });
  let subscriber = await listen();
  await until(() => received >= 3);
  await subscriber.undeclare();
  await until(() => !network.declarations().some((declaration) => declaration.startsWith('subscriber')));
  // What was on its way may still be read.
  await sleep(300);
  const { count } = sampler;
  await sleep(300);
  expect(sampler.count).toBe(count);

  isPublishedByNode = true;
  subscriber = await listen();
  await sleep(300);
  expect(sampler.count).toBe(count);
  isPublishedByNode = false;
  const before = received;
  await until(() => received > before);

  // A node that somebody else started is known by its token.
  const token = await screen.liveliness.declareToken(`bubbaloop/global/m/${TELEMETRY_NODE}`);
  await sleep(300);
  const { count: countWithNode } = sampler;
  await sleep(300);
  expect(sampler.count).toBe(countWithNode);
  for await (const reply of screen.get(telemetryKey('m'))) expect(reply).toBeUndefined();
  await token.undeclare();
  await until(() => sampler.count > countWithNode);
  await close();
  await subscriber.undeclare();
  expect(network.declarations()).toEqual([]);
  await Promise.all([robot.close(), screen.close()]);
});
