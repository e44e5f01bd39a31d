/** The time in a frame's first eight bytes: CLOCK_MONOTONIC in nanoseconds, which all processes of a machine share. */

export function writeStamp(frame: Uint8Array): void {
  new DataView(frame.buffer, frame.byteOffset).setBigUint64(0, process.hrtime.bigint(), true);
}

/** Milliseconds since the stamp was written. */
export function sinceStampMs(frame: Uint8Array): number {
  const stamp = new DataView(frame.buffer, frame.byteOffset).getBigUint64(0, true);
  return Number(process.hrtime.bigint() - stamp) / 1e6;
}
