/** Unix time finer than a millisecond: the wall clock, with the monotonic clock's fraction. */
let offsetMs = Date.now() - performance.now();

/** Unix nanoseconds, to a microsecond. Follows the wall clock when it is set. */
export function nowNanoseconds(): bigint {
  const monotonicMs = performance.now();
  const wallMs = Date.now();
  // The wall clock is cut to a millisecond: what differs by more has been set, or drifted.
  if (Math.abs(monotonicMs + offsetMs - wallMs) > 2) offsetMs = wallMs - monotonicMs;
  return BigInt(Math.round((monotonicMs + offsetMs) * 1_000)) * 1_000n;
}
