/** Numbers as people read them: fixed, short, right-aligned by the caller. */

const BYTE_UNITS = ['B', 'K', 'M', 'G', 'T', 'P'] as const;

/** Bytes in powers of 1024 with at most four characters and a unit: `912B`, `61.2M`, `1.9G`. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes) || bytes < 0) return '-';
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)}${BYTE_UNITS[unit]}`;
}

/** Bytes a second in powers of 1000, as lines are sold: `912 B/s`, `740 kB/s`, `1.2 MB/s`. */
export function formatByteRate(bytesPerSecond: number): string {
  if (!Number.isFinite(bytesPerSecond) || bytesPerSecond < 0) return '-';
  if (bytesPerSecond < 999.5) return `${bytesPerSecond.toFixed(0)} B/s`;
  const [value, unit] = bytesPerSecond < 999_500 ? [bytesPerSecond / 1e3, 'kB/s'] : [bytesPerSecond / 1e6, 'MB/s'];
  return `${value < 9.95 && !Number.isInteger(value) ? value.toFixed(1) : value.toFixed(0)} ${unit}`;
}

/** An age or duration in its two largest units: `8s`, `5m`, `3h12m`, `3d04h`. Seconds only under a minute. */
export function formatAge(ms: number): string {
  if (!Number.isFinite(ms)) return '-';
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h${two(minutes % 60)}m`;
  const days = Math.floor(hours / 24);
  return days < 100 ? `${days}d${two(hours % 24)}h` : `${days}d`;
}

/** A count or rate: `0`, `312`, `3.1k`, `12.1k`, `2.4M`. */
export function formatCount(count: number): string {
  if (!Number.isFinite(count)) return '-';
  const size = Math.abs(count);
  if (size < 999.5) return size < 10 && !Number.isInteger(count) ? count.toFixed(1) : count.toFixed(0);
  if (size < 999_500) return `${(count / 1000).toFixed(size < 99_950 ? 1 : 0)}k`;
  return `${(count / 1_000_000).toFixed(1)}M`;
}

/** A rate: `15.0 Hz`, `0.5 Hz`, `120 Hz`, `1.2 kHz`. */
export function formatRate(hz: number): string {
  if (hz >= 999.5) return `${(hz / 1000).toFixed(1)} kHz`;
  return `${hz.toFixed(hz < 99.95 ? 1 : 0)} Hz`;
}

/** A temperature: `54C`. */
export function formatCelsius(celsius: number): string {
  return `${Math.round(celsius)}C`;
}

/** A latency: `0.4 ms`, `12 ms`, `1.2 s`. */
export function formatLatency(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${ms.toFixed(0)} ms`;
  return `${(ms / 1000).toFixed(1)} s`;
}

/** Time of day, hours and minutes, local. */
export function formatClock(atMs: number): string {
  const date = new Date(atMs);
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** Time of day to the second, local. */
export function formatTime(atMs: number): string {
  return `${formatClock(atMs)}:${two(new Date(atMs).getSeconds())}`;
}

/** `1 node`, `2 nodes`. */
export function plural(count: number, noun: string, many = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : many}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
