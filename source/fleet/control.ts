/** Telling a machine's daemon what to do with a node, and hearing what came of it. */
import { randomUUID } from 'node:crypto';
import { CBOR_ENCODING } from '../wire/cbor.ts';
import {
  decodeCommandResult,
  encodeNodeCommand,
  type MachineAction,
  type NodeAction,
  type NodeParameters,
} from '../wire/command.ts';
import { daemonKey } from '../wire/keys.ts';
import { type CommandSigner, encodeSignedCommand } from '../wire/signature.ts';
import { type Session, SessionError } from '../zenoh/session.ts';

export interface Outcome {
  readonly ok: boolean;
  /** The daemon's own words (untrusted), or ours where it did not answer. */
  readonly message: string;
  /** Log lines or build output; empty otherwise. Untrusted. */
  readonly output: string;
}

/** A daemon waits up to 5 s for a process to end before it kills it; a restart is a stop and a start. */
export const COMMAND_TIMEOUT_MS = 20_000;
export const LOGS_TIMEOUT_MS = 5_000;

/** Sends one command to one machine. Never throws: what went wrong is the outcome. */
export async function sendCommand(
  session: Session,
  target: { readonly machine: string; readonly node: string },
  action: NodeAction | MachineAction,
  options: {
    readonly timeoutMs?: number;
    readonly signal?: AbortSignal;
    /** Absent: the command goes unsigned. */
    readonly signer?: CommandSigner;
    readonly parameters?: NodeParameters | undefined;
  } = {},
): Promise<Outcome> {
  const timeoutMs = options.timeoutMs ?? (action === 'get_logs' ? LOGS_TIMEOUT_MS : COMMAND_TIMEOUT_MS);
  const failed = (message: string): Outcome => ({ ok: false, message, output: '' });
  const silence = `${target.machine} did not answer within ${Math.round(timeoutMs / 1000)} s. Whether it was done is unknown: look at the node's status.`;
  const { signer } = options;
  const command = {
    command: action,
    nodeName: target.node,
    requestId: randomUUID(),
    targetMachine: target.machine,
    timestampMs: Date.now(),
    parameters: options.parameters,
  };
  const payload = signer === undefined ? encodeNodeCommand(command) : encodeSignedCommand(command, signer);
  try {
    const replies = session.get(daemonKey(target.machine, 'command'), {
      target: 'all',
      consolidation: 'none',
      payload,
      encoding: CBOR_ENCODING,
      timeoutMs,
      signal: options.signal,
    });
    for await (const reply of replies) {
      if (!reply.ok) return failed(reply.timedOut ? silence : reply.message);
      const result = decodeCommandResult(reply.sample.payload);
      if (!result.ok) {
        return failed(
          `${target.machine} answered, but its answer cannot be read: ${result.reason}. Look at the node's status.`,
        );
      }
      const { success, message, output, refusal } = result.value;
      if (refusal === 'unsigned' && signer === undefined) {
        return failed(
          `${target.machine} takes signed commands only, and this machine has no fleet key: bubbaloop key import.`,
        );
      }
      return { ok: success, message, output };
    }
    return failed(`No daemon answers on ${target.machine}: is \`bubbaloop daemon\` running there?`);
  } catch (error) {
    if (error instanceof SessionError && error.code === 'link-lost') {
      return failed(
        "The link to the router was lost before the answer came: look at the node's status when it is back.",
      );
    }
    if (error instanceof SessionError && error.code === 'timeout') return failed(silence);
    return failed(error instanceof Error ? error.message : String(error));
  }
}
