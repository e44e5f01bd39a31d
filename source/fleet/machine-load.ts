/** A machine's telemetry as the screen needs it: few figures, rounded, so that what looks the same is the same. */
import { decodeEnvelope } from '../wire/envelope.ts';
import { parseKey, TELEMETRY_SUFFIX } from '../wire/keys.ts';
import { readTelemetry, type Telemetry } from '../wire/telemetry.ts';
import type { LoadAnswer } from './events.ts';
import type { MachineLoad } from './state.ts';

/** Undefined for a message that is none, or cannot be read: the machine's figures are then what they were. */
export function readLoad(keyExpr: string, payload: Uint8Array): LoadAnswer | undefined {
  const key = parseKey(keyExpr);
  if (key.kind !== 'data' || key.suffix !== TELEMETRY_SUFFIX) return undefined;
  const envelope = decodeEnvelope(payload);
  const telemetry = envelope.ok ? readTelemetry(envelope.value.body) : undefined;
  return telemetry?.ok ? { machine: key.machine, load: toLoad(telemetry.value) } : undefined;
}

function toLoad({ cpu, memory, disk, gpu, power, temperatures, model }: Telemetry): MachineLoad {
  const celsius = temperatures.map((sensor) => sensor.celsius).filter(Number.isFinite);
  return {
    model,
    cpuPercent: rounded(cpu?.usagePercent),
    cpuCount: cpu?.count,
    memoryUsedBytes: memory && inMegabytes(memory.usedBytes),
    memoryTotalBytes: memory?.totalBytes,
    diskPercent: rounded(disk?.usagePercent),
    gpuPercent: rounded(gpu?.usagePercent),
    hottestCelsius: celsius.length === 0 ? undefined : Math.round(Math.max(...celsius)),
    powerMode: power?.mode,
  };
}

function rounded(value: number | undefined): number | undefined {
  return value === undefined || !Number.isFinite(value) ? undefined : Math.round(value);
}

/** Steps of 16 MB: memory in use never stands still. */
function inMegabytes(bytes: number): number {
  const step = 16 * 2 ** 20;
  return Math.round(bytes / step) * step;
}
