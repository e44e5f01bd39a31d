/** One snapshot of the fleet on stdout. No React here. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createAlertEngine } from '../fleet/alert-engine.ts';
import { observeFleet } from '../fleet/observe.ts';
import { reduce } from '../fleet/reduce.ts';
import type { RuleSet } from '../fleet/rules.ts';
import { toSnapshot } from '../fleet/snapshot.ts';
import { type FleetState, initialState } from '../fleet/state.ts';
import { toAlertRecord } from '../view/alerts.ts';
import { plainSnapshot } from '../view/plain.ts';
import type { Session } from '../zenoh/session.ts';
import { unreachableError } from './top-errors.ts';

export interface SnapshotOptions {
  readonly output: 'text' | 'json';
  readonly expectNodes: number;
  readonly rules: RuleSet;
}

const CONNECT_LIMIT_MS = 5_000;
const LOOK_LIMIT_MS = 5_000;
const NODES_LIMIT_MS = 15_000;
/** After the round, what answers a moment later: ledgers, names of sessions, tokens. */
const SETTLE_MS = 150;

/** Whether no alert is bad. */
export async function printSnapshot(session: Session, options: SnapshotOptions): Promise<boolean> {
  const { output, expectNodes, rules } = options;
  const state = await lookOnce(session, expectNodes);
  const nowMs = Date.now();
  const alerts = createAlertEngine(rules, { isImmediate: true })(state, nowMs);
  const { active } = alerts;
  const record = { ...toSnapshot(state, nowMs), alerts: active.map((alert) => toAlertRecord(alert, state, nowMs)) };
  const text = output === 'json' ? `${JSON.stringify(record)}\n` : plainSnapshot(state, nowMs, alerts);
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
  return active.every((alert) => alert.severity !== 'bad');
}

/** Connects, asks everybody once, and returns what is known then. UserError where no router answers within 5 s. */
async function lookOnce(session: Session, expectNodes: number): Promise<FleetState> {
  try {
    await session.connected({ timeoutMs: CONNECT_LIMIT_MS });
  } catch {
    throw unreachableError(session, CONNECT_LIMIT_MS);
  }
  let state = initialState(session.endpoint, Date.now());
  const observation = observeFleet(session, {
    intervalMs: 1_000,
    onEvent: (event) => {
      state = reduce(state, event);
    },
  });
  try {
    await Promise.race([observation.looked, sleep(LOOK_LIMIT_MS, undefined, { ref: false })]);
    const deadlineMs = Date.now() + NODES_LIMIT_MS;
    while (!isUp(state, expectNodes) && Date.now() < deadlineMs) await sleep(100);
    await sleep(SETTLE_MS);
    return state;
  } finally {
    await observation.stop();
  }
}

/** Whether that many nodes have sent a heartbeat, and the machine's shared memory is known. */
function isUp(state: FleetState, expectNodes: number): boolean {
  if (expectNodes === 0) return true;
  const machines = [...state.machines.values()];
  const healthy = machines.flatMap((machine) => machine.nodes).filter((node) => node.health === 'healthy');
  return healthy.length >= expectNodes && machines.some((machine) => machine.shm !== undefined);
}
