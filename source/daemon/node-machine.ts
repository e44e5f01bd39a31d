/** What is wanted of a node against what is: pure. The supervisor feeds events and carries out the effects. */
import type { RunPolicy } from './run-policy.ts';

export type Desired = 'running' | 'stopped';

export type Phase =
  /** Never started, or ended because that was wanted. */
  | { readonly kind: 'stopped' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'running'; readonly pid: number; readonly startedAtMs: number }
  /** Told to end; it runs until `ended`. */
  | { readonly kind: 'stopping'; readonly pid: number; readonly startedAtMs: number }
  /**
   * Ended though it was wanted, or (`isBlocked`) the machine could not start it; tried again after `delayMs`.
   */
  | { readonly kind: 'backoff'; readonly reason: string; readonly delayMs: number; readonly isBlocked?: true }
  /** Ended by itself and well: there is nothing more to do. */
  | { readonly kind: 'done'; readonly reason: string }
  /** Could not be started, or ended though it was wanted and is not started again. */
  | { readonly kind: 'failed'; readonly reason: string };

export interface NodeMachine {
  readonly desired: Desired;
  readonly phase: Phase;
  /** How the last process ended, empty before the first end. */
  readonly lastExit: string;
  /** Starts that nobody asked for. */
  readonly restartCount: number;
  /** Monotonic times of the ends that were not wanted, those of the last {@link CRASH_WINDOW_MS}. */
  readonly failuresMs: readonly number[];
  /** Last change of phase, Unix milliseconds. */
  readonly changedAtMs: number;
}

export type NodeEvent =
  | { readonly kind: 'start' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'restart' }
  | { readonly kind: 'spawned'; readonly pid: number }
  /** `isBlocked`: nothing is wrong with the node itself. */
  | { readonly kind: 'spawn-failed'; readonly reason: string; readonly isBlocked?: boolean }
  /** An earlier daemon started it, and it runs. */
  | { readonly kind: 'adopted'; readonly pid: number; readonly startedAtMs: number; readonly desired: Desired }
  /** The time of a backoff is over. */
  | { readonly kind: 'retry' }
  /** The process and all its family are gone. */
  | { readonly kind: 'ended'; readonly code: number | null; readonly signal: string | null };

export type Effect = 'spawn' | 'terminate';

export interface Step {
  readonly machine: NodeMachine;
  readonly effect: Effect | undefined;
}

/** What a step may know of the world. */
export interface Moment {
  /** Unix milliseconds, for showing. */
  readonly atMs: number;
  /** Of a clock that never jumps, for judging. */
  readonly monotonicMs: number;
  /** 0 to 1: spreads the restarts of nodes that failed together. */
  readonly random: number;
  readonly policy: Pick<RunPolicy, 'restart' | 'successExitCodes'>;
}

/** So many unwanted ends within the window are a crash loop. */
export const CRASH_LIMIT = 5;
export const CRASH_WINDOW_MS = 60_000;
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 30_000;
/** Between two tries on a machine whose disk is full. */
const BLOCKED_DELAY_MS = 5_000;
/** Share of a delay that chance takes off or puts on. */
const JITTER = 0.2;

export function initialMachine(nowMs: number): NodeMachine {
  return {
    desired: 'stopped',
    phase: { kind: 'stopped' },
    lastExit: '',
    restartCount: 0,
    failuresMs: [],
    changedAtMs: nowMs,
  };
}

/** An event that does not fit the phase changes nothing: events may cross. */
export function step(machine: NodeMachine, event: NodeEvent, now: Moment): Step {
  const { phase } = machine;
  const stay = (desired: Desired): Step => ({ machine: { ...machine, desired }, effect: undefined });
  const go = (desired: Desired, next: Phase, effect?: Effect): Step => ({
    machine: { ...machine, desired, phase: next, changedAtMs: now.atMs },
    effect,
  });

  switch (event.kind) {
    case 'start':
      // Someone asks: what failed before no longer counts.
      return isDown(phase) ? forgiven(go('running', { kind: 'starting' }, 'spawn')) : stay('running');
    case 'stop':
      if (phase.kind === 'running') return go('stopped', { ...phase, kind: 'stopping' }, 'terminate');
      return isDown(phase) && phase.kind !== 'stopped' ? go('stopped', { kind: 'stopped' }) : stay('stopped');
    case 'restart':
      if (phase.kind === 'running') return forgiven(go('running', { ...phase, kind: 'stopping' }, 'terminate'));
      return step(machine, { kind: 'start' }, now);
    case 'retry': {
      if (phase.kind !== 'backoff') return stay(machine.desired);
      const again = go('running', { kind: 'starting' }, 'spawn');
      // Where nothing ran in between there is nothing to count.
      if (phase.isBlocked) return again;
      return { ...again, machine: { ...again.machine, restartCount: machine.restartCount + 1 } };
    }
    case 'spawned': {
      if (phase.kind !== 'starting') return stay(machine.desired);
      const process = { pid: event.pid, startedAtMs: now.atMs };
      // Stopped while it was starting.
      return machine.desired === 'stopped'
        ? go('stopped', { kind: 'stopping', ...process }, 'terminate')
        : go('running', { kind: 'running', ...process });
    }
    case 'adopted': {
      if (!isDown(phase)) return stay(machine.desired);
      const process = { pid: event.pid, startedAtMs: event.startedAtMs };
      return event.desired === 'stopped'
        ? go('stopped', { kind: 'stopping', ...process }, 'terminate')
        : go('running', { kind: 'running', ...process });
    }
    case 'spawn-failed':
      if (phase.kind !== 'starting') return stay(machine.desired);
      if (machine.desired === 'stopped') return go('stopped', { kind: 'stopped' });
      if (event.isBlocked !== true) return go('running', { kind: 'failed', reason: event.reason });
      return go('running', {
        kind: 'backoff',
        reason: event.reason,
        delayMs: spread(BLOCKED_DELAY_MS, now.random),
        isBlocked: true,
      });
    case 'ended':
      return ended(machine, event, now);
  }
}

/** No process exists, and none is being made. */
function isDown(phase: Phase): boolean {
  return !['starting', 'running', 'stopping'].includes(phase.kind);
}

function forgiven({ machine, effect }: Step): Step {
  return { machine: { ...machine, failuresMs: [] }, effect };
}

function ended(machine: NodeMachine, event: NodeEvent & { kind: 'ended' }, now: Moment): Step {
  const { phase, desired } = machine;
  if (phase.kind !== 'running' && phase.kind !== 'stopping') return { machine, effect: undefined };
  const exit = describeExit(event.code, event.signal);
  const after = { ...machine, lastExit: exit, changedAtMs: now.atMs };
  if (phase.kind === 'stopping') {
    // Started again while it was stopping: a restart, or a change of mind.
    return desired === 'running'
      ? { machine: { ...after, phase: { kind: 'starting' } }, effect: 'spawn' }
      : { machine: { ...after, phase: { kind: 'stopped' } }, effect: undefined };
  }
  const isSuccess = event.code !== null && now.policy.successExitCodes.includes(event.code);
  if (isSuccess && now.policy.restart !== 'always') {
    // It did what it was started for: a daemon that comes later need not start it again.
    return { machine: { ...after, desired: 'stopped', phase: { kind: 'done', reason: exit } }, effect: undefined };
  }
  if (now.policy.restart === 'never') {
    return { machine: { ...after, phase: { kind: 'failed', reason: exit } }, effect: undefined };
  }
  const recent = machine.failuresMs.filter((atMs) => now.monotonicMs - atMs < CRASH_WINDOW_MS);
  const failuresMs = [...recent, now.monotonicMs];
  const next: Phase =
    failuresMs.length >= CRASH_LIMIT
      ? { kind: 'failed', reason: `${exit}, ended ${CRASH_LIMIT} times within ${CRASH_WINDOW_MS / 1_000} s` }
      : { kind: 'backoff', reason: exit, delayMs: delayMs(recent.length, now.random) };
  return { machine: { ...after, failuresMs, phase: next }, effect: undefined };
}

/** Before the restart after `earlier` failures that still count. */
function delayMs(earlier: number, random: number): number {
  return spread(Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** earlier), random);
}

function spread(ms: number, random: number): number {
  return Math.round(ms * (1 - JITTER + 2 * JITTER * random));
}

/** `exit 1`, `SIGKILL`. */
export function describeExit(code: number | null, signal: string | null): string {
  return signal ?? `exit ${code ?? 'unknown'}`;
}
