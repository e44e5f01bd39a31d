/** The fleet without a screen: a state that is kept, and a call now and then when it changed. No React here. */
import { observeFleet } from '../fleet/observe.ts';
import { reduce } from '../fleet/reduce.ts';
import { type FleetState, initialState } from '../fleet/state.ts';
import type { Session } from '../zenoh/session.ts';

export interface FollowedFleet {
  readonly state: FleetState;
  /** Resolves when a first round of questions is over. */
  readonly looked: Promise<void>;
  stop(): Promise<void>;
}

/** `onChange` comes at most once in `intervalMs`, and once in each where something may have aged. */
export function followFleet(
  session: Session,
  intervalMs: number,
  onChange: (state: FleetState) => void = () => undefined,
): FollowedFleet {
  let state = initialState(session.endpoint, Date.now());
  const observation = observeFleet(session, {
    intervalMs,
    onEvent: (event) => {
      state = reduce(state, event);
    },
  });
  const timer = setInterval(() => onChange(state), intervalMs);
  return {
    get state() {
      return state;
    },
    looked: observation.looked,
    stop() {
      clearInterval(timer);
      return observation.stop();
    },
  };
}

/** Ends with Ctrl-C, SIGTERM, a hang-up, a reader that closed the pipe, or `abort`. */
export function untilEnded(abort: Promise<void>): Promise<void> {
  const ended = Promise.withResolvers<void>();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => ended.resolve());
  process.stdout.on('error', () => ended.resolve());
  void abort.then(ended.resolve);
  return ended.promise;
}
