import type { CborValue, Encodable } from './cbor.ts';
import type { Decoded } from './decoded.ts';
import { type Fields, readRecord } from './fields.ts';

/** A store that fills up. Percentages are 0 to 100. */
export interface Usage {
  readonly totalBytes: number;
  readonly usedBytes: number;
  readonly availableBytes: number;
  readonly usagePercent: number;
}

/** Body on `…/system-telemetry/metrics`. A part that the sender leaves out is undefined. */
export interface Telemetry {
  readonly cpu:
    | { readonly usagePercent: number; readonly count: number; readonly perCorePercent: readonly number[] }
    | undefined;
  readonly memory: Usage | undefined;
  readonly disk: Usage | undefined;
  /** Totals since boot. */
  readonly network: { readonly bytesSent: number; readonly bytesReceived: number } | undefined;
  readonly load: { readonly one: number; readonly five: number; readonly fifteen: number } | undefined;
  readonly uptimeSecs: number | undefined;

  /* The fields below are ours; other senders leave them out. */
  /** What the board calls itself, `NVIDIA Jetson AGX Orin Developer Kit`. Untrusted text, as are all names below. */
  readonly model: string | undefined;
  /** One a sensor, `cpu-thermal`. */
  readonly temperatures: readonly { readonly name: string; readonly celsius: number }[];
  readonly gpu: { readonly usagePercent: number; readonly frequencyHz: number | undefined } | undefined;
  readonly power:
    | {
        readonly rails: readonly { readonly name: string; readonly milliwatts: number }[];
        /** Name of the power mode, `MAXN`, where the machine has such. */
        readonly mode: string | undefined;
      }
    | undefined;
}

/** Reads the body of an envelope. */
export function readTelemetry(body: CborValue): Decoded<Telemetry> {
  return readRecord(body, (fields) => ({
    cpu: part(fields, 'cpu', (cpu) => ({
      usagePercent: cpu.number('usage_percent', 0),
      count: cpu.integer('count', 0),
      perCorePercent: cpu.numbers('per_core'),
    })),
    memory: part(fields, 'memory', readUsage),
    disk: part(fields, 'disk', readUsage),
    network: part(fields, 'network', (network) => ({
      bytesSent: network.number('bytes_sent', 0),
      bytesReceived: network.number('bytes_recv', 0),
    })),
    load: part(fields, 'load', (load) => ({
      one: load.number('one_min', 0),
      five: load.number('five_min', 0),
      fifteen: load.number('fifteen_min', 0),
    })),
    uptimeSecs: fields.has('uptime_secs') ? fields.number('uptime_secs') : undefined,
    model: fields.has('model') ? fields.text('model') : undefined,
    temperatures: fields.maps('temperatures').map((sensor) => ({
      name: sensor.text('name', ''),
      celsius: sensor.number('celsius'),
    })),
    gpu: part(fields, 'gpu', (gpu) => ({
      usagePercent: gpu.number('usage_percent', 0),
      frequencyHz: gpu.has('frequency_hz') ? gpu.number('frequency_hz') : undefined,
    })),
    power: part(fields, 'power', (power) => ({
      rails: power
        .maps('rails')
        .map((rail) => ({ name: rail.text('name', ''), milliwatts: rail.number('milliwatts') })),
      mode: power.has('mode') ? power.text('mode') : undefined,
    })),
  }));
}

/** The body for an envelope. Parts that are undefined are left out. */
export function telemetryToWire(telemetry: Telemetry): { readonly [key: string]: Encodable } {
  const { cpu, network, load, gpu, power, temperatures } = telemetry;
  return {
    cpu: cpu && { usage_percent: cpu.usagePercent, count: cpu.count, per_core: cpu.perCorePercent },
    memory: telemetry.memory && usageToWire(telemetry.memory),
    disk: telemetry.disk && usageToWire(telemetry.disk),
    network: network && { bytes_sent: network.bytesSent, bytes_recv: network.bytesReceived },
    load: load && { one_min: load.one, five_min: load.five, fifteen_min: load.fifteen },
    uptime_secs: telemetry.uptimeSecs,
    model: telemetry.model,
    temperatures: temperatures.length > 0 ? temperatures.map(({ name, celsius }) => ({ name, celsius })) : undefined,
    gpu: gpu && { usage_percent: gpu.usagePercent, frequency_hz: gpu.frequencyHz },
    power: power && {
      rails: power.rails.map(({ name, milliwatts }) => ({ name, milliwatts })),
      mode: power.mode,
    },
  };
}

function usageToWire(usage: Usage): { readonly [key: string]: Encodable } {
  return {
    total_bytes: usage.totalBytes,
    used_bytes: usage.usedBytes,
    available_bytes: usage.availableBytes,
    usage_percent: usage.usagePercent,
  };
}

function part<T>(fields: Fields, key: string, read: (inner: Fields) => T): T | undefined {
  return fields.has(key) ? read(fields.fields(key)) : undefined;
}

function readUsage(usage: Fields): Usage {
  return {
    totalBytes: usage.number('total_bytes', 0),
    usedBytes: usage.number('used_bytes', 0),
    availableBytes: usage.number('available_bytes', 0),
    usagePercent: usage.number('usage_percent', 0),
  };
}
