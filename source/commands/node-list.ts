import { readNodeSpec } from '../daemon/node-spec.ts';
import { readRegistry } from '../daemon/registry.ts';
import { EXIT_OK } from '../errors.ts';
import type { NodeState } from '../wire/node-state.ts';
import { plainText } from '../wire/plain-text.ts';
import { booleanFlag, type Invocation, stringFlag } from './command.ts';
import { askLocalNodes, localMachine } from './node-local.ts';

/** A row of the list. `status` and what follows are null without a daemon: then only the registry was read. */
interface Row {
  readonly machine: string;
  readonly name: string;
  readonly status: string | null;
  readonly health: string | null;
  /** The next three: null where it does not run, or nobody looked. */
  readonly onZenoh: boolean | null;
  /** `none`, `unwanted`, `quiet`, `flowing` or `unknown`. */
  readonly outputs: string | null;
  readonly outputRateHz: number | null;
  readonly version: string;
  readonly type: string;
  readonly uptimeMs: number | null;
  readonly pid: number | null;
  readonly restarts: number | null;
  readonly autostart: boolean;
  readonly path: string;
  /** Why it cannot run, or how it ended where that was not wanted. */
  readonly problem: string | null;
}

const LOCAL_TIMEOUT_MS = 2_000;
const MAX_PROBLEM = 60;

/** `bubbaloop node list`: this machine without zenoh, another (`--machine`) with it. */
export async function listNodes(invocation: Invocation): Promise<number> {
  const { rows, note } = await readRows(invocation);
  if (booleanFlag(invocation, 'json')) process.stdout.write(`${JSON.stringify({ nodes: rows }, undefined, 2)}\n`);
  else process.stdout.write(formatRows(rows));
  if (note !== undefined) process.stderr.write(`${note}\n`);
  return EXIT_OK;
}

async function readRows(invocation: Invocation): Promise<{ readonly rows: readonly Row[]; readonly note?: string }> {
  const machine = stringFlag(invocation, 'machine');
  if (machine !== undefined) {
    const { askRemoteNodes } = await import('./node-control.ts');
    const list = await askRemoteNodes(machine, invocation);
    // Ages by the clock of that machine.
    return { rows: list.nodes.map((node) => toRow(node, list.timestampMs)) };
  }
  const local = localMachine(invocation);
  const list = await askLocalNodes(local.home, LOCAL_TIMEOUT_MS);
  if (list !== undefined) return { rows: list.nodes.map((node) => toRow(node, list.timestampMs)) };
  const specs = await Promise.all(readRegistry(local.home.registryFile).map(readNodeSpec));
  const note = `No daemon runs on ${local.home.folder}: this is its registry. Start one with \`bubbaloop daemon\`.`;
  const rows = specs.map((spec) => ({
    machine: local.machineId,
    name: spec.name,
    status: null,
    health: null,
    onZenoh: null,
    outputs: null,
    outputRateHz: null,
    version: spec.version,
    type: spec.type,
    uptimeMs: null,
    pid: null,
    restarts: null,
    autostart: spec.autostart,
    path: spec.path,
    problem: spec.problem ?? null,
  }));
  return { rows, note };
}

function toRow(node: NodeState, nowMs: number): Row {
  const isRunning = node.status === 'running';
  return {
    machine: node.machineId,
    name: node.name,
    status: node.status,
    health: node.health,
    onZenoh: (isRunning ? node.onZenoh : undefined) ?? null,
    outputs: (isRunning ? node.outputs : undefined) ?? null,
    outputRateHz: (isRunning ? node.outputRateHz : undefined) ?? null,
    version: node.version,
    type: node.nodeType,
    uptimeMs: isRunning && node.startedAtMs !== undefined ? Math.max(0, nowMs - node.startedAtMs) : null,
    pid: node.pid ?? null,
    restarts: node.restartCount ?? null,
    autostart: node.autostartEnabled,
    path: node.path,
    problem: node.status === 'failed' ? (node.lastExit ?? '') : null,
  };
}

function formatRows(rows: readonly Row[]): string {
  if (rows.length === 0) return 'No nodes. Add one: bubbaloop node add PATH\n';
  const head = ['NAME', 'STATUS', 'ZENOH', 'DATA', 'HEALTH', 'UP', 'PID', 'VERSION', 'TYPE', 'AUTOSTART', 'PATH'];
  const cells = rows.map((row) => [
    row.name,
    row.problem === null || row.problem === ''
      ? (row.status ?? '-')
      : `${row.status ?? 'broken'} (${shortened(row.problem)})`,
    row.onZenoh === null ? '-' : row.onZenoh ? 'yes' : 'no',
    dataWord(row),
    row.health ?? '-',
    row.uptimeMs === null ? '-' : formatUptime(row.uptimeMs),
    row.pid === null ? '-' : String(row.pid),
    row.version || '-',
    row.type || '-',
    row.autostart ? 'yes' : 'no',
    row.path,
  ]);
  const table = [head, ...cells].map((line) => line.map((cell) => plainText(cell)));
  const widths = head.map((_title, column) => Math.max(...table.map((line) => line[column]?.length ?? 0)));
  const lines = table.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

/** A table is no place for a long sentence: `--json` has all of it. */
function shortened(problem: string): string {
  return problem.length <= MAX_PROBLEM ? problem : `${problem.slice(0, MAX_PROBLEM - 1)}…`;
}

/** `15.0 Hz`, `no data`, `no reader`; `-` where there is nothing to say. */
function dataWord({ outputs, outputRateHz }: Row): string {
  if (outputs === 'flowing') return outputRateHz ? `${outputRateHz.toFixed(1)} Hz` : 'yes';
  if (outputs === 'quiet') return 'no data';
  if (outputs === 'unwanted') return 'no reader';
  return outputs === 'unknown' ? '?' : '-';
}

/** `3d 04h`, `2h 05m`, `3m 20s`, `7s`. */
function formatUptime(uptimeMs: number): string {
  const seconds = Math.floor(uptimeMs / 1_000);
  const two = (value: number) => String(value).padStart(2, '0');
  if (seconds >= 86_400) return `${Math.floor(seconds / 86_400)}d ${two(Math.floor(seconds / 3_600) % 24)}h`;
  if (seconds >= 3_600) return `${Math.floor(seconds / 3_600)}h ${two(Math.floor(seconds / 60) % 60)}m`;
  return seconds >= 60 ? `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s` : `${seconds}s`;
}
