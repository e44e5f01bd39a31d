/** `top --line`: the fleet on one line, for the status bar of tmux and its like. */
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT_FAILED, EXIT_OK } from '../errors.ts';
import { createAlertEngine } from '../fleet/alert-engine.ts';
import type { RuleSet } from '../fleet/rules.ts';
import type { FleetState } from '../fleet/state.ts';
import { resolveTheme } from '../view/resolve-theme.ts';
import { createRowMaker } from '../view/row-maker.ts';
import { statusLine } from '../view/spoken.ts';
import type { Session } from '../zenoh/session.ts';
import { followFleet, untilEnded } from './follow-fleet.ts';

/** A status bar is asked again soon: what is not known by then is said so. */
const CONNECT_LIMIT_MS = 2_000;
const LOOK_LIMIT_MS = 1_500;
/** Bars cut for themselves; this bounds what somebody else's words may take. */
const MAX_WIDTH = 200;

export async function printLine(session: Session, once: boolean, intervalMs: number, rules: RuleSet): Promise<number> {
  const makeRows = createRowMaker();
  // Most bars are UTF-8, whatever the environment that their commands inherit says of the terminal.
  const { glyphs } = resolveTheme({ TERM: 'xterm', ...process.env });
  const look = createAlertEngine(rules, { isImmediate: once });
  const lineOf = (state: FleetState, width: number): string => {
    const nowMs = Date.now();
    return statusLine(state, makeRows(state), look(state, nowMs).active, { nowMs, glyphs, width });
  };
  if (once) {
    const fleet = followFleet(session, intervalMs);
    await session.connected({ timeoutMs: CONNECT_LIMIT_MS }).catch(() => undefined);
    if (session.link.state === 'connected') {
      await Promise.race([fleet.looked, sleep(LOOK_LIMIT_MS, undefined, { ref: false })]);
    }
    const { state } = fleet;
    process.stdout.write(`${lineOf(state, MAX_WIDTH)}\n`);
    await fleet.stop();
    return state.link.state === 'connected' ? EXIT_OK : EXIT_FAILED;
  }
  const isTerminal = process.stdout.isTTY === true;
  let last = '';
  const fleet = followFleet(session, intervalMs, (state) => {
    const line = lineOf(state, isTerminal ? (process.stdout.columns || 80) - 1 : MAX_WIDTH);
    if (line === last) return;
    last = line;
    process.stdout.write(isTerminal ? `\r\x1b[K${line}` : `${line}\n`);
  });
  await untilEnded(new Promise(() => undefined));
  if (isTerminal && last !== '') process.stdout.write('\n');
  await fleet.stop();
  return EXIT_OK;
}
