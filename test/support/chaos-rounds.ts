import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { DaemonHome } from './daemon-home.ts';

const NODES = 20;
const CLIENTS = 10;

export interface ChaosResult {
  readonly rounds: number;
  readonly acknowledged: number;
  /** Sent, and the daemon was killed before its answer. */
  readonly unanswered: number;
  /** What is not as it must be, one sentence each. */
  readonly problems: readonly string[];
}

/**
 * kill -9 of the daemon at a random moment, again and again, while 10 clients send start, stop and restart for 20 nodes,
 * each client for two of them. After every round the next daemon is held against what was acknowledged.
 */
export async function chaosRounds(rounds: number, say: (line: string) => void = () => undefined): Promise<ChaosResult> {
  const names = Array.from({ length: NODES }, (_, index) => `node-${index}`);
  const home = new DaemonHome(Object.fromEntries(names.map((name) => [name, 'sleep 100000'])));
  const problems: string[] = [];
  const counts = { acknowledged: 0, unanswered: 0 };
  /** States that each node may be in: the last acknowledged one, and that of a command without an answer. */
  const allowed = new Map<string, Set<boolean>>(names.map((name) => [name, new Set([false])]));
  let daemon: ChildProcess = await home.startDaemon();
  try {
    for (let round = 1; round <= rounds; round += 1) {
      let isOver = false;
      const clients = Array.from({ length: CLIENTS }, async (_, client) => {
        while (!isOver) {
          const name = names[client * 2 + Math.floor(Math.random() * 2)] ?? '';
          const action = (['start', 'stop', 'restart'] as const)[Math.floor(Math.random() * 3)] ?? 'start';
          const isUp = action !== 'stop';
          allowed.get(name)?.add(isUp);
          const result = await home.command(name, action);
          if (result?.success === true) {
            counts.acknowledged += 1;
            allowed.set(name, new Set([isUp]));
          } else if (result === undefined) {
            counts.unanswered += 1;
            if (!isOver) await sleep(20);
          } else if (!result.message.includes('stopping')) {
            problems.push(`round ${round}: ${action} ${name}: ${result.message}`);
          }
        }
      });
      await sleep(Math.random() * 1_500);
      await kill(daemon);
      isOver = true;
      await Promise.all(clients);
      daemon = await home.startDaemon();
      problems.push(...(await faults(home, allowed)).map((fault) => `round ${round}: ${fault}`));
      if (round % 10 === 0) say(`${round} rounds, ${counts.acknowledged} acknowledged, ${problems.length} problems`);
    }
    await end(daemon);
    for (const [name, pids] of home.processes()) problems.push(`left over at the end: ${name}, ${pids.join(', ')}`);
    return { rounds, ...counts, problems };
  } finally {
    await end(daemon);
    for (const pid of [...home.processes().values()].flat()) process.kill(pid, 'SIGKILL');
    home.remove();
  }
}

/** Waits until all is as it must be, at most 10 s: an end takes its time. Then says what is not. */
async function faults(
  home: DaemonHome,
  allowed: ReadonlyMap<string, ReadonlySet<boolean>>,
): Promise<readonly string[]> {
  const limitMs = performance.now() + 10_000;
  for (;;) {
    const found = await look(home, allowed);
    if (found.length === 0 || performance.now() > limitMs) return found;
    await sleep(100);
  }
}

async function look(home: DaemonHome, allowed: ReadonlyMap<string, ReadonlySet<boolean>>): Promise<readonly string[]> {
  const found: string[] = [];
  const nodes = await home.nodes();
  if (nodes === undefined) return ['the daemon does not answer'];
  const running = home.processes();
  for (const node of nodes) {
    const pids = running.get(node.name) ?? [];
    const isUp = node.status === 'running';
    if (allowed.get(node.name)?.has(isUp) !== true) found.push(`${node.name} is ${node.status}, not as acknowledged`);
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

async function kill(daemon: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => daemon.once('exit', resolve));
  daemon.kill('SIGKILL');
  await gone;
}

async function end(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return;
  const gone = new Promise((resolve) => daemon.once('exit', resolve));
  daemon.kill('SIGTERM');
  await gone;
}
