import { expect, it } from 'vitest';
import {
  describeExit,
  initialMachine,
  type NodeEvent,
  type NodeMachine,
  step,
} from '../../source/daemon/node-machine.ts';

/** Feeds events; gives the last machine and the effects in order. */
function run(events: readonly NodeEvent[], from: NodeMachine = initialMachine(0)) {
  let machine = from;
  const effects: string[] = [];
  for (const [index, event] of events.entries()) {
    const next = step(machine, event, index + 1);
    machine = next.machine;
    if (next.effect !== undefined) effects.push(next.effect);
  }
  return { machine, effects, phase: machine.phase.kind };
}

const start = { kind: 'start' } as const;
const stop = { kind: 'stop' } as const;
const restart = { kind: 'restart' } as const;
const spawned = { kind: 'spawned', pid: 7 } as const;
const ended = { kind: 'ended', exit: 'exit 1' } as const;

it('starts and stops', () => {
  expect(run([start, spawned])).toMatchObject({ effects: ['spawn'], machine: { phase: { kind: 'running', pid: 7 } } });
  const done = run([start, spawned, stop, ended]);
  expect(done).toMatchObject({ effects: ['spawn', 'terminate'], phase: 'stopped' });
  expect(done.machine).toMatchObject({ desired: 'stopped', lastExit: 'exit 1' });
});

it('calls an end that nobody wanted a failure, whatever the exit code', () => {
  const failed = run([start, spawned, { kind: 'ended', exit: 'exit 0' }]);
  expect(failed.machine).toMatchObject({ desired: 'running', phase: { kind: 'failed', reason: 'exit 0' } });
  expect(run([start, { kind: 'spawn-failed', reason: 'no such file' }]).machine.phase).toEqual({
    kind: 'failed',
    reason: 'no such file',
  });
});

it('starts again after the end of the old process, never beside it', () => {
  expect(run([start, spawned, restart])).toMatchObject({ effects: ['spawn', 'terminate'], phase: 'stopping' });
  expect(run([start, spawned, restart, ended])).toMatchObject({
    effects: ['spawn', 'terminate', 'spawn'],
    phase: 'starting',
  });
  expect(run([start, spawned, stop, start, ended])).toMatchObject({ phase: 'starting' });
  expect(run([start, spawned, restart, stop, ended])).toMatchObject({ phase: 'stopped' });
});

it('stops a node that is still starting as soon as it runs', () => {
  expect(run([start, stop, spawned])).toMatchObject({ effects: ['spawn', 'terminate'], phase: 'stopping' });
});

it('restarts what does not run by starting it', () => {
  expect(run([restart])).toMatchObject({ effects: ['spawn'], phase: 'starting' });
  expect(run([start, spawned, ended, restart])).toMatchObject({ effects: ['spawn', 'spawn'] });
});

it('clears a failure by stop', () => {
  expect(run([start, spawned, ended, stop])).toMatchObject({ phase: 'stopped' });
});

it('does nothing for what is so already, and for events that cross', () => {
  expect(run([start, start, spawned, start, spawned])).toMatchObject({ effects: ['spawn'], phase: 'running' });
  expect(run([stop, stop, ended, spawned, { kind: 'spawn-failed', reason: '' }])).toMatchObject({
    effects: [],
    phase: 'stopped',
  });
  expect(run([start, spawned, stop, stop])).toMatchObject({ effects: ['spawn', 'terminate'] });
});

it('holds for any order of events: one process at a time, and a stop wins', () => {
  const all: readonly NodeEvent[] = [start, stop, restart, spawned, ended];
  // Every sequence of 6 events, with a world that answers only what can happen.
  const visit = (machine: NodeMachine, running: number, depth: number): void => {
    expect(running).toBeLessThanOrEqual(1);
    if (depth === 0) return;
    for (const event of all) {
      if (event.kind === 'spawned' && machine.phase.kind !== 'starting') continue;
      if (event.kind === 'ended' && running === 0) continue;
      const next = step(machine, event, 1);
      const change = event.kind === 'spawned' ? 1 : event.kind === 'ended' ? -1 : 0;
      if (next.effect === 'terminate') expect(running + change).toBe(1);
      if (event.kind === 'stop') expect(next.machine.desired).toBe('stopped');
      visit(next.machine, running + change, depth - 1);
    }
  };
  visit(initialMachine(0), 0, 6);
});

it('names an exit', () => {
  expect([describeExit(3, null), describeExit(null, 'SIGKILL'), describeExit(null, null)]).toEqual([
    'exit 3',
    'SIGKILL',
    'exit unknown',
  ]);
});
