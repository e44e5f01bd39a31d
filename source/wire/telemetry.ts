import type { CborValue } from './cbor.ts';
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
  }));
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
