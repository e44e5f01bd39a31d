import { describe, expect, it } from 'vitest';
import {
  CRASH_LIMIT,
  CRASH_WINDOW_MS,
  describeExit,
  initialMachine,
  type Moment,
  type NodeEvent,
  type NodeMachine,
  type Phase,
  step,
} from '../../source/daemon/node-machine.ts';
import { DEFAULT_POLICY } from '../../source/daemon/run-policy.ts';

const moment = (monotonicMs = 0, policy: Partial<Moment['policy']> = {}): Moment => ({
  atMs: 1_000 + monotonicMs,
  monotonicMs,
  random: 0.5,
  policy: { ...DEFAULT_POLICY, ...policy },
});

/** Feeds events; gives the last machine and the effects in order. */
function run(events: readonly NodeEvent[], policy: Partial<Moment['policy']> = {}, gapMs = 1) {
  let machine = initialMachine(0);
  const effects: string[] = [];
  for (const [index, event] of events.entries()) {
    const next = step(machine, event, moment(index * gapMs, policy));
    machine = next.machine;
    if (next.effect !== undefined) effects.push(next.effect);
  }
  return { machine, effects, phase: machine.phase };
}

const start: NodeEvent = { kind: 'start' };
const stop: NodeEvent = { kind: 'stop' };
const restart: NodeEvent = { kind: 'restart' };
const retry: NodeEvent = { kind: 'retry' };
const spawned: NodeEvent = { kind: 'spawned', pid: 7 };
const spawnFailed: NodeEvent = { kind: 'spawn-failed', reason: 'no such file' };
const spawnBlocked: NodeEvent = { ...spawnFailed, reason: 'the disk is full', isBlocked: true };
const crashed: NodeEvent = { kind: 'ended', code: 1, signal: null };
const finished: NodeEvent = { kind: 'ended', code: 0, signal: null };
const adopted: NodeEvent = { kind: 'adopted', pid: 9, startedAtMs: 5, desired: 'running' };
const adoptedUnwanted: NodeEvent = { ...adopted, desired: 'stopped' };

describe('every event in every phase', () => {
  const phases: Readonly<Record<Phase['kind'], Phase>> = {
    stopped: { kind: 'stopped' },
    starting: { kind: 'starting' },
    running: { kind: 'running', pid: 7, startedAtMs: 1 },
    stopping: { kind: 'stopping', pid: 7, startedAtMs: 1 },
    backoff: { kind: 'backoff', reason: 'exit 1', delayMs: 500 },
    done: { kind: 'done', reason: 'exit 0' },
    failed: { kind: 'failed', reason: 'exit 1' },
  };
  const events = {
    start,
    stop,
    restart,
    retry,
    spawned,
    spawnFailed,
    spawnBlocked,
    crashed,
    finished,
    adopted,
    adoptedUnwanted,
  };

  // Phase and desired before; per event: phase, desired, effect after. `=` is the phase before.
  const same = '= running';
  const table: readonly (readonly [Phase['kind'], 'running' | 'stopped', Record<keyof typeof events, string>])[] = [
    ['stopped', 'stopped', { ...all('= stopped'), ...startable(), adopted: 'running running' }],
    [
      'starting',
      'running',
      {
        ...all(same),
        stop: '= stopped',
        ...spawnable('running running', 'failed running'),
        spawnBlocked: 'backoff running',
      },
    ],
    [
      'starting',
      'stopped',
      { ...all('= stopped'), ...wanted(), ...spawnable('stopping stopped terminate', 'stopped stopped') },
    ],
    ['running', 'running', { ...all(same), ...endable('backoff running', 'done stopped'), ...stoppable() }],
    ['stopping', 'stopped', { ...all('= stopped'), ...wanted(), ...endable('stopped stopped', 'stopped stopped') }],
    [
      'stopping',
      'running',
      { ...all(same), stop: '= stopped', ...endable('starting running spawn', 'starting running spawn') },
    ],
    ['backoff', 'running', { ...all(same), ...startable(), stop: 'stopped stopped', retry: 'starting running spawn' }],
    ['done', 'stopped', { ...all('= stopped'), ...startable(), stop: 'stopped stopped' }],
    ['failed', 'running', { ...all(same), ...startable(), stop: 'stopped stopped' }],
  ];

  function all(outcome: string): Record<keyof typeof events, string> {
    return {
      start: outcome,
      stop: outcome,
      restart: outcome,
      retry: outcome,
      spawned: outcome,
      spawnFailed: outcome,
      spawnBlocked: outcome,
      crashed: outcome,
      finished: outcome,
      adopted: outcome,
      adoptedUnwanted: outcome,
    };
  }
  function startable() {
    const outcome = 'starting running spawn';
    return {
      start: outcome,
      restart: outcome,
      adopted: 'running running',
      adoptedUnwanted: 'stopping stopped terminate',
    };
  }
  function wanted() {
    return { start: same, restart: same };
  }
  function spawnable(good: string, bad: string) {
    return { spawned: good, spawnFailed: bad, spawnBlocked: bad };
  }
  function endable(crash: string, finish: string) {
    return { crashed: crash, finished: finish };
  }
  function stoppable() {
    return { stop: 'stopping stopped terminate', restart: 'stopping running terminate' };
  }

  const cases = table.flatMap(([kind, desired, outcomes]) =>
    Object.entries(events).map(
      ([name, event]) => [kind, desired, name, outcomes[name as keyof typeof events], event] as const,
    ),
  );

  it.each(cases)('%s, wanted %s: %s gives %s', (kind, desired, _name, outcome, event) => {
    const machine: NodeMachine = { ...initialMachine(0), desired, phase: phases[kind] };
    const next = step(machine, event, moment());
    const [phase, wantedAfter, effect] = outcome.split(' ');
    expect(next.machine.phase.kind).toBe(phase === '=' ? kind : phase);
    expect(next.machine.desired).toBe(wantedAfter);
    expect(next.effect).toBe(effect);
    if (phase === '=') expect(next.machine).toEqual({ ...machine, desired: wantedAfter });
  });
});

describe('restarts', () => {
  it('wait longer after every failure, and chance spreads them', () => {
    const delays = [1, 2, 3, 4].map((count) => {
      const { phase } = run([start, ...crashes(count)]);
      return phase.kind === 'backoff' ? phase.delayMs : undefined;
    });
    expect(delays).toEqual([500, 1_000, 2_000, 4_000]);
    const running = run([start, spawned]).machine;
    const spread = [0, 1].map((random) => step(running, crashed, { ...moment(), random }).machine.phase);
    expect(spread).toMatchObject([{ delayMs: 400 }, { delayMs: 600 }]);
  });

  it('end in a failure that says so, where the node ends again and again', () => {
    const { machine } = run([start, ...crashes(CRASH_LIMIT)]);
    expect(machine).toMatchObject({
      desired: 'running',
      restartCount: CRASH_LIMIT - 1,
      phase: { kind: 'failed', reason: 'exit 1, ended 5 times within 60 s' },
    });
    const asked = step(machine, start, moment(1_000)).machine;
    const again = step(step(asked, spawned, moment(1_000)).machine, crashed, moment(1_001));
    expect(again.machine.phase).toMatchObject({ kind: 'backoff', delayMs: 500 });
  });

  it('go on without end where it fails seldom', () => {
    const { phase } = run([start, ...crashes(50)], {}, CRASH_WINDOW_MS / 6);
    expect(phase).toMatchObject({ kind: 'backoff' });
  });

  it.each([
    ['never', crashed, 'failed'],
    ['never', finished, 'done'],
    ['on-failure', crashed, 'backoff'],
    ['on-failure', finished, 'done'],
    ['always', finished, 'backoff'],
    ['on-failure', { kind: 'ended', code: null, signal: 'SIGTERM' }, 'backoff'],
  ] as const)('follow the policy: %s after %j gives %s', (policy, event, phase) => {
    expect(run([start, spawned, event], { restart: policy }).phase.kind).toBe(phase);
  });

  it('are tried again and not counted while the machine can start nothing', () => {
    const blocked = run([start, spawnBlocked, retry, spawnBlocked]);
    expect(blocked.phase).toEqual({ kind: 'backoff', reason: 'the disk is full', delayMs: 5_000, isBlocked: true });
    expect(blocked.machine).toMatchObject({ desired: 'running', restartCount: 0, failuresMs: [] });
    expect(run([start, spawnBlocked, retry, spawned, crashed, retry]).machine.restartCount).toBe(1);
  });

  it('know the exit codes of success', () => {
    expect(run([start, spawned, crashed], { successExitCodes: [1] }).phase).toEqual({ kind: 'done', reason: 'exit 1' });
    expect(run([start, spawned, finished], { successExitCodes: [1] }).phase.kind).toBe('backoff');
  });

  function crashes(count: number): NodeEvent[] {
    return Array.from({ length: count }, (_, index) =>
      index === 0 ? [spawned, crashed] : [retry, spawned, crashed],
    ).flat();
  }
});

/** A world that answers as a real one may: one process for every spawn, an end for every process. */
class World {
  machine = initialMachine(0);
  isSpawning = false;
  isRunning = false;
  lastWish: 'running' | 'stopped' = 'stopped';

  send(event: NodeEvent, now: Moment): void {
    if (event.kind === 'spawned') this.isRunning = true;
    if (event.kind === 'spawned' || event.kind === 'spawn-failed') this.isSpawning = false;
    if (event.kind === 'ended') this.isRunning = false;
    if (event.kind === 'start' || event.kind === 'restart') this.lastWish = 'running';
    if (event.kind === 'stop') this.lastWish = 'stopped';
    const { machine, effect } = step(this.machine, event, now);
    this.machine = machine;
    if (effect === 'spawn') {
      expect(this.isSpawning || this.isRunning, 'nothing starts twice').toBe(false);
      this.isSpawning = true;
    }
    if (effect === 'terminate') expect(this.isRunning, 'only what runs is ended').toBe(true);
    this.check();
  }

  check(): void {
    const { phase, desired } = this.machine;
    expect(this.isSpawning).toBe(phase.kind === 'starting');
    expect(this.isRunning).toBe(phase.kind === 'running' || phase.kind === 'stopping');
    // A wanted node is up, or on its way, or says why it is not.
    if (this.lastWish === 'running') {
      if (phase.kind === 'failed' || phase.kind === 'backoff' || phase.kind === 'done')
        expect(phase.reason).not.toBe('');
      else expect(['starting', 'running', 'stopping']).toContain(phase.kind);
      if (phase.kind !== 'done') expect(desired).toBe('running');
    } else {
      expect(desired).toBe('stopped');
      expect(['running', 'backoff', 'failed']).not.toContain(phase.kind);
    }
  }

  possible(): readonly NodeEvent[] {
    const events = [start, stop, restart, retry];
    if (this.isSpawning) events.push(spawned, spawned, spawnFailed, spawnBlocked);
    if (this.isRunning) events.push(crashed, finished, { kind: 'ended', code: null, signal: 'SIGKILL' });
    return events;
  }
}

it('starts nothing twice and leaves no wanted node down without a reason, whatever happens', () => {
  for (let seed = 1; seed <= 2_000; seed += 1) {
    const random = randomOf(seed);
    const world = new World();
    const policy = (['never', 'on-failure', 'always'] as const)[seed % 3] ?? 'always';
    let monotonicMs = 0;
    for (let count = 0; count < 20; count += 1) {
      monotonicMs += random() * 20_000;
      const events = world.possible();
      const event = events[Math.floor(random() * events.length)];
      if (event !== undefined) world.send(event, { ...moment(monotonicMs, { restart: policy }), random: random() });
    }
  }
});

/** mulberry32: the same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

it('names an exit', () => {
  expect([describeExit(3, null), describeExit(null, 'SIGKILL'), describeExit(null, null)]).toEqual([
    'exit 3',
    'SIGKILL',
    'exit unknown',
  ]);
});
