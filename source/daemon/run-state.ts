import { readFileSync } from 'node:fs';
import { readBootId } from './desired-state.ts';
import { isRecord } from './home.ts';
import { readProcessStat } from './proc.ts';

/** A process, named for good by the two together. */
export interface ProcessName {
  readonly pid: number;
  readonly startTicks: number;
}

/** What the shim of a node wrote of one start, source/native/src/shim/state.rs. */
export type RunState = {
  readonly runId: string;
  /** Working folder of the node. */
  readonly folder: string;
  readonly shim: ProcessName;
} & (
  | { readonly phase: 'starting' }
  | { readonly phase: 'failed'; readonly reason: string }
  | { readonly phase: 'running'; readonly node: ProcessName; readonly startedAtMs: number }
  | {
      readonly phase: 'ended';
      readonly node: ProcessName;
      readonly startedAtMs: number;
      readonly code: number | null;
      readonly signal: string | null;
      /** It was told to end. */
      readonly wasAsked: boolean;
      readonly lastLines: readonly string[];
    }
);

/** Undefined where there is none of this boot, or none that can be read. */
export function readRunState(file: string): RunState | undefined {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // Never started, or no file of a shim: nothing is known.
    return undefined;
  }
  if (!isRecord(value) || value.bootId !== readBootId()) return undefined;
  const { runId, folder, shim, phase } = value;
  if (typeof runId !== 'string' || typeof folder !== 'string' || !isProcessName(shim)) return undefined;
  const head = { runId, folder, shim };
  if (phase === 'starting') return { ...head, phase };
  if (phase === 'failed') return { ...head, phase, reason: String(value.reason) };
  const { node, startedAtMs } = value;
  if (!isProcessName(node) || typeof startedAtMs !== 'number') return undefined;
  if (phase === 'running') return { ...head, phase, node, startedAtMs };
  if (phase !== 'ended' || !isRecord(value.exit)) return undefined;
  const { code, signal } = value.exit;
  return {
    ...head,
    phase,
    node,
    startedAtMs,
    code: typeof code === 'number' ? code : null,
    signal: typeof signal === 'string' ? signal : null,
    wasAsked: value.wasAsked === true,
    lastLines: Array.isArray(value.lastLines) ? value.lastLines.map(String) : [],
  };
}

function isProcessName(value: unknown): value is ProcessName {
  return isRecord(value) && typeof value.pid === 'number' && typeof value.startTicks === 'number';
}

export function isAlive({ pid, startTicks }: ProcessName): boolean {
  const stat = readProcessStat(pid);
  return stat !== undefined && stat.startTicks === startTicks && stat.state !== 'Z' && stat.state !== 'X';
}
