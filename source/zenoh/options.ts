/** Options of the seam, checked and completed for a driver. */
import type { DriverSettings, GetSettings, PutSettings } from './driver.ts';
import { checkedTimeoutMs } from './limits.ts';
import type { RetrySettings } from './link-loop.ts';
import { BACKSTOP_MS } from './replies.ts';
import { type Channel, type GetOptions, type PutOptions, SessionError, type SessionOptions } from './session.ts';

export const DEFAULT_CONNECT_TIMEOUT_MS = 3_000;
const DEFAULT_RETRY: RetrySettings = { initialMs: 250, maxMs: 2_000 };
/** Zenoh's own threshold. */
const DEFAULT_SHM_THRESHOLD_BYTES = 3_072;

export const DEFAULT_CHANNEL: Channel = { kind: 'fifo', capacity: 1024 };
/** Two: one in the handler's hands, the newest waiting. */
export const DEFAULT_FRAME_CHANNEL: Channel = { kind: 'ring', capacity: 2 };

export function driverSettings(options: SessionOptions): DriverSettings {
  const shmThresholdBytes = options.shmThresholdBytes ?? DEFAULT_SHM_THRESHOLD_BYTES;
  if (!Number.isSafeInteger(shmThresholdBytes) || shmThresholdBytes < 0) {
    throw new SessionError(
      'invalid-argument',
      `shmThresholdBytes must be a whole number from 0 up, not ${shmThresholdBytes}`,
    );
  }
  return {
    shm: options.shm ?? true,
    shmThresholdBytes,
    connectTimeoutMs: checkedTimeoutMs(options.connectTimeoutMs, DEFAULT_CONNECT_TIMEOUT_MS),
  };
}

export function retrySettings(options: SessionOptions): RetrySettings {
  const initialMs = checkedTimeoutMs(options.retry?.initialMs, DEFAULT_RETRY.initialMs);
  const maxMs = checkedTimeoutMs(options.retry?.maxMs, Math.max(DEFAULT_RETRY.maxMs, initialMs));
  return { initialMs: Math.min(initialMs, maxMs), maxMs };
}

export function putSettings(options: PutOptions): PutSettings {
  return {
    encoding: options.encoding,
    attachment: options.attachment,
    congestion: options.congestion ?? 'drop',
    express: options.express ?? false,
  };
}

export function getSettings(options: GetOptions, timeoutMs: number): GetSettings {
  return {
    target: options.target ?? 'best-matching',
    consolidation: options.consolidation ?? 'auto',
    payload: options.payload,
    encoding: options.encoding,
    attachment: options.attachment,
    timeoutMs: timeoutMs + BACKSTOP_MS,
  };
}

export function checkedChannel(channel: Channel | undefined, defaultChannel: Channel): Channel {
  if (channel === undefined) return defaultChannel;
  if (!Number.isSafeInteger(channel.capacity) || channel.capacity < 1) {
    throw new SessionError(
      'invalid-argument',
      `a channel's capacity must be a whole number from 1 up, not ${channel.capacity}`,
    );
  }
  return channel;
}
