import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeFleetKey } from '../../source/daemon/fleet-key-file.ts';
import { sendCommand } from '../../source/fleet/control.ts';
import { FleetKey } from '../../source/wire/fleet-key.ts';
import { openSession } from '../../source/zenoh/open-session.ts';
import type { Session } from '../../source/zenoh/session.ts';
import { Acknowledged } from './acknowledged.ts';
import { DaemonHome, type DaemonLaunch } from './daemon-home.ts';
import { startRouter } from './router.ts';

const NODES = 20;
const CLIENTS = 10;

export interface ChaosResult {
  readonly rounds: number;
  readonly acknowledged: number;
  /** Sent, and the daemon was killed before its answer. */
  readonly unanswered: number;
  /** Answered with a failure: another client had commanded the same node meanwhile. */
  readonly contended: number;
  /** Looks at a node after a kill, and those of them in which only one state would have been right. */
  readonly looks: number;
  readonly definiteLooks: number;
  /** What is not as it must be, one sentence each. */
  readonly problems: readonly string[];
}

type Writable<T> = { -readonly [Name in keyof T]: T[Name] };

interface Rig {
  readonly home: DaemonHome;
  readonly key: FleetKey;
  readonly nodes: ReadonlyMap<string, Acknowledged>;
  readonly problems: string[];
  readonly counts: Omit<Writable<ChaosResult>, 'rounds' | 'problems'>;
}

/**
 * kill -9 of the daemon at a random moment, again and again, while 10 clients, each with a session of its own to a real
 * router, send signed start, stop and restart commands, all of them for the same 20 nodes. After every round the next
 * daemon is held against what was acknowledged.
 */
export async function chaosRounds(
  rounds: number,
  say: (line: string) => void = () => undefined,
  options: { readonly launch?: DaemonLaunch; readonly flags?: readonly string[] } = {},
): Promise<ChaosResult> {
  const { launch = {}, flags = [] } = options;
  const names = Array.from({ length: NODES }, (_, index) => `node-${index}`);
  const router = await startRouter();
  const home = new DaemonHome(Object.fromEntries(names.map((name) => [name, 'sleep 100000'])), router.endpoint, launch);
  const rig: Rig = {
    home,
    key: FleetKey.generate(),
    nodes: new Map(names.map((name) => [name, new Acknowledged()])),
    problems: [],
    counts: { acknowledged: 0, unanswered: 0, contended: 0, looks: 0, definiteLooks: 0 },
  };
  writeFleetKey(join(home.folder, 'fleet-key'), rig.key, { overwrite: false });
  const sessions = Array.from({ length: CLIENTS }, () => openSession(router.endpoint, { shm: false }));
  let daemon: ChildProcess | undefined;
  try {
    await Promise.all(sessions.map((session) => session.connected({ timeoutMs: 20_000 })));
    daemon = await home.startDaemon(...flags);
    for (let round = 1; round <= rounds; round += 1) {
      const ending = new AbortController();
      const clients = sessions.map((session, index) => client(session, `client-${index}`, rig, ending.signal));
      await sleep(Math.random() * 1_500);
      await end(daemon, 'SIGKILL');
      ending.abort();
      await Promise.all(clients);
      daemon = await home.startDaemon(...flags);
      rig.problems.push(...(await faults(rig)).map((fault) => `round ${round}: ${fault}`));
      rig.counts.looks += NODES;
      rig.counts.definiteLooks += [...rig.nodes.values()].filter(
        (node) => !(node.allows(true) && node.allows(false)),
      ).length;
      if (round % 10 === 0) {
        say(`${round} rounds, ${rig.counts.acknowledged} acknowledged, ${rig.problems.length} problems`);
      }
    }
    await end(daemon, 'SIGTERM');
    for (const [name, pids] of home.processes()) rig.problems.push(`left over at the end: ${name}, ${pids.join(', ')}`);
    return { rounds, ...rig.counts, problems: rig.problems };
  } finally {
    if (daemon !== undefined) await end(daemon, 'SIGTERM');
    await Promise.all(sessions.map((session) => session.close()));
    await router.stop();
    for (const pid of [...home.processes().values()].flat()) process.kill(pid, 'SIGKILL');
    home.remove();
  }
}

/** Sends one command after the other until `ending`, and sees the last one through. */
async function client(session: Session, sender: string, rig: Rig, ending: AbortSignal): Promise<void> {
  const { home, key, nodes, problems, counts } = rig;
  while (!ending.aborted) {
    const [node, history] = [...nodes][Math.floor(Math.random() * NODES)] ?? [];
    if (node === undefined || history === undefined) return;
    const action = (['start', 'stop', 'restart'] as const)[Math.floor(Math.random() * 3)] ?? 'start';
    const wish = history.send(action !== 'stop');
    const outcome = await sendCommand(session, { machine: home.machineId, node }, action, { signer: { key, sender } });
    const isContended = history.end(wish, outcome.ok);
    if (outcome.ok) counts.acknowledged += 1;
    else if (/^No daemon answers|did not answer within/.test(outcome.message)) {
      counts.unanswered += 1;
      // The daemon is gone: not again at once.
      await sleep(20);
    } else if (isContended) counts.contended += 1;
    else problems.push(`${action} ${node}: ${outcome.message}`);
  }
}

/** Waits until all is as it must be, at most 10 s: an end takes its time. Then says what is not. */
async function faults(rig: Rig): Promise<readonly string[]> {
  const limitMs = performance.now() + 10_000;
  for (;;) {
    const found = await look(rig);
    if (found.length === 0 || performance.now() > limitMs) return found;
    await sleep(100);
  }
}

async function look({ home, nodes: histories }: Rig): Promise<readonly string[]> {
  const found: string[] = [];
  const nodes = await home.nodes();
  if (nodes === undefined) return ['the daemon does not answer'];
  const running = home.processes();
  for (const node of nodes) {
    const pids = running.get(node.name) ?? [];
    const isUp = node.status === 'running';
    if (histories.get(node.name)?.allows(isUp) !== true)
      found.push(`${node.name} is ${node.status}, not as acknowledged`);
    if (pids.length > 1) found.push(`${node.name} runs ${pids.length} times`);
    if (isUp && !pids.includes(node.pid ?? 0)) found.push(`${node.name} is said to run as ${node.pid}, but does not`);
    if (!isUp && pids.length > 0) found.push(`${node.name} is ${node.status}, but ${pids.join(', ')} run`);
  }
  if (nodes.length !== NODES) found.push(`${nodes.length} nodes in place of ${NODES}`);
  try {
    JSON.parse(readFileSync(home.registryFile, 'utf8'));
  } catch (error) {
    found.push(`the registry: ${error instanceof Error ? error.message : 'unreadable'}`);
  }
  return found;
}

async function end(daemon: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return;
  const gone = new Promise((resolve) => daemon.once('exit', resolve));
  daemon.kill(signal);
  await gone;
}
