/**
 * The gate where commands leave `top`. What sends is made here or not at all: its type cannot be made elsewhere, so that no
 * screen, key or palette can get round `--read-only`.
 */
import type { NodeAction } from '../wire/command.ts';
import type { ActionTarget } from './batch-actions.ts';
import type { Outcome } from './control.ts';

declare const gated: unique symbol;

/** Sends a command to a daemon and tells what came of it; never rejects. */
export type SendCommand = (target: ActionTarget, action: NodeAction) => Promise<Outcome>;
export type GatedSend = SendCommand & { readonly [gated]: true };

export const READ_ONLY_REASON = 'This top was started with --read-only: it shows, it does not act.';

/** What changes nothing and is let through all the same. */
const HARMLESS: ReadonlySet<NodeAction> = new Set<NodeAction>(['get_logs']);

export function commandGate(send: SendCommand, options: { readonly readOnly: boolean }): GatedSend {
  const { readOnly } = options;
  const through: SendCommand = async (target, action) =>
    readOnly && !HARMLESS.has(action) ? { ok: false, message: READ_ONLY_REASON, output: '' } : send(target, action);
  return through as GatedSend;
}
