/** One judgement of the fleet by the rules, on stdout. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Alerts } from '../fleet/alert.ts';
import { createAlertEngine } from '../fleet/alert-engine.ts';
import { observeFleet } from '../fleet/observe.ts';
import { reduce } from '../fleet/reduce.ts';
import type { RuleSet } from '../fleet/rules.ts';
import { type FleetState, initialState } from '../fleet/state.ts';
import { type AlertRecord, toAlertRecord } from '../view/alerts.ts';
import { plainText } from '../wire/plain-text.ts';
import { resolveEndpoint } from '../zenoh/open-session.ts';
import type { Session } from '../zenoh/session.ts';
import { openCommandSession } from './command-session.ts';

export interface CheckOptions {
  readonly endpoint?: string;
  readonly rules: RuleSet;
  readonly json: boolean;
  readonly timeoutMs: number;
  /** 0: one look. */
  readonly watchMs: number;
}

/** After the round, what answers a moment later: ledgers, tokens. */
const SETTLE_MS = 300;
const STEP_MS = 250;

interface Judgement {
  readonly alerts: readonly AlertRecord[];
  readonly silenced: readonly AlertRecord[];
  readonly machines: number;
  readonly nodes: number;
}

/** Whether no alert is bad. A router that does not answer is one. */
export async function runCheck(options: CheckOptions): Promise<boolean> {
  const session = await openCommandSession(resolveEndpoint(options.endpoint, process.env), { shm: false });
  try {
    const judgement = await judge(session, options);
    const isWell = judgement.alerts.every((alert) => alert.severity !== 'bad');
    const text = options.json ? `${JSON.stringify({ ok: isWell, ...judgement })}\n` : sentences(judgement);
    await new Promise<void>((resolve, reject) => {
      process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
    });
    const { silenced } = judgement;
    if (!options.json && silenced.length > 0) process.stderr.write(`silenced: ${silenced.length}\n`);
    return isWell;
  } finally {
    await session.close();
  }
}

async function judge(session: Session, { rules, timeoutMs, watchMs }: CheckOptions): Promise<Judgement> {
  const deadlineMs = performance.now() + timeoutMs;
  try {
    await session.connected({ timeoutMs });
  } catch {
    return unreachable(session, timeoutMs);
  }
  let state = initialState(session.endpoint, Date.now());
  const look = createAlertEngine(rules, { isImmediate: watchMs === 0 });
  const observation = observeFleet(session, {
    intervalMs: 1_000,
    onEvent: (event) => {
      state = reduce(state, event);
    },
  });
  try {
    await Promise.race([
      observation.looked,
      sleep(Math.max(0, deadlineMs - performance.now()), undefined, { ref: false }),
    ]);
    const endMs = performance.now() + Math.max(watchMs, SETTLE_MS);
    do {
      await sleep(Math.min(STEP_MS, Math.max(1, endMs - performance.now())));
      if (watchMs > 0) look(state, Date.now());
    } while (performance.now() < endMs);
    return judgementOf(state, look(state, Date.now()));
  } finally {
    await observation.stop();
  }
}

function judgementOf(state: FleetState, { active, silenced }: Alerts): Judgement {
  const nowMs = Date.now();
  const machines = [...state.machines.values()];
  return {
    alerts: active.map((alert) => toAlertRecord(alert, state, nowMs)),
    silenced: silenced.map((alert) => toAlertRecord(alert, state, nowMs)),
    machines: machines.length,
    nodes: machines.reduce((sum, machine) => sum + machine.nodes.length, 0),
  };
}

function unreachable({ link, endpoint }: Session, waitedMs: number): Judgement {
  const reason = link.state === 'lost' ? link.reason : `no answer within ${Math.round(waitedMs / 1000)} s`;
  const text = `No router at ${endpoint}: ${reason}.`;
  const alert = { when: 'link', severity: 'bad', machine: null, node: null, router: null, sinceMs: Date.now(), text };
  return { alerts: [alert], silenced: [], machines: 0, nodes: 0 };
}

/** One alert a line; a sentence where there is none. */
function sentences({ alerts, machines, nodes }: Judgement): string {
  if (alerts.length === 0) return `ok: ${machines} machines, ${nodes} nodes\n`;
  return alerts.map(({ severity, when, text }) => `${severity} ${when}: ${plainText(text)}\n`).join('');
}
