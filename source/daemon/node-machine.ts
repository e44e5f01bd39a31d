/**
 * What is wanted of a node against what is: pure. The supervisor feeds events and carries out the effects; a restart
 * policy (issue 4) is one more event here, not one more flag there.
 */

export type Desired = 'running' | 'stopped';

export type Phase =
  /** Never started, or ended because that was wanted. */
  | { readonly kind: 'stopped' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'running'; readonly pid: number; readonly startedAtMs: number }
  /** Told to end; it runs until `ended`. */
  | { readonly kind: 'stopping'; readonly pid: number; readonly startedAtMs: number }
  /** Could not be started, or ended though it was wanted. */
  | { readonly kind: 'failed'; readonly reason: string };

export interface NodeMachine {
  readonly desired: Desired;
  readonly phase: Phase;
  /** How the last process ended, empty before the first end. */
  readonly lastExit: string;
  /** Starts that nobody asked for. */
  readonly restartCount: number;
  /** Last change of phase, Unix milliseconds. */
  readonly changedAtMs: number;
}

export type NodeEvent =
  | { readonly kind: 'start' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'restart' }
  | { readonly kind: 'spawned'; readonly pid: number }
  | { readonly kind: 'spawn-failed'; readonly reason: string }
  /** The process and all its family are gone; `exit` is {@link describeExit}'s. */
  | { readonly kind: 'ended'; readonly exit: string };

export type Effect = 'spawn' | 'terminate';

export interface Step {
  readonly machine: NodeMachine;
  readonly effect: Effect | undefined;
}

export function initialMachine(nowMs: number): NodeMachine {
  return { desired: 'stopped', phase: { kind: 'stopped' }, lastExit: '', restartCount: 0, changedAtMs: nowMs };
}

/** An event that does not fit the phase changes nothing: events may cross. */
export function step(machine: NodeMachine, event: NodeEvent, nowMs: number): Step {
  const { phase } = machine;
  const stay = (desired: Desired): Step => ({ machine: { ...machine, desired }, effect: undefined });
  const go = (desired: Desired, next: Phase, effect?: Effect): Step => ({
    machine: { ...machine, desired, phase: next, changedAtMs: nowMs },
    effect,
  });

  switch (event.kind) {
    case 'start':
      return phase.kind === 'stopped' || phase.kind === 'failed'
        ? go('running', { kind: 'starting' }, 'spawn')
        : stay('running');
    case 'stop':
      if (phase.kind === 'running') return go('stopped', { ...phase, kind: 'stopping' }, 'terminate');
      return phase.kind === 'failed' ? go('stopped', { kind: 'stopped' }) : stay('stopped');
    case 'restart':
      if (phase.kind === 'running') return go('running', { ...phase, kind: 'stopping' }, 'terminate');
      return step(machine, { kind: 'start' }, nowMs);
    case 'spawned': {
      if (phase.kind !== 'starting') return stay(machine.desired);
      const process = { pid: event.pid, startedAtMs: nowMs };
      // Stopped while it was starting.
      return machine.desired === 'stopped'
        ? go('stopped', { kind: 'stopping', ...process }, 'terminate')
        : go('running', { kind: 'running', ...process });
    }
    case 'spawn-failed':
      if (phase.kind !== 'starting') return stay(machine.desired);
      return go(machine.desired, { kind: 'failed', reason: event.reason });
    case 'ended':
      return ended(machine, event.exit, nowMs);
  }
}

function ended(machine: NodeMachine, exit: string, nowMs: number): Step {
  const { phase } = machine;
  const after = { ...machine, lastExit: exit, changedAtMs: nowMs };
  if (phase.kind === 'stopping') {
    // Started again while it was stopping: a restart, or a change of mind.
    return machine.desired === 'running'
      ? { machine: { ...after, phase: { kind: 'starting' } }, effect: 'spawn' }
      : { machine: { ...after, phase: { kind: 'stopped' } }, effect: undefined };
  }
  if (phase.kind !== 'running') return { machine, effect: undefined };
  return { machine: { ...after, phase: { kind: 'failed', reason: exit } }, effect: undefined };
}

/** `exit 1`, `SIGKILL`. */
export function describeExit(code: number | null, signal: string | null): string {
  return signal ?? `exit ${code ?? 'unknown'}`;
}
