/**
 * `top --screen-reader`: sentences instead of a screen. What changed is said on a line of its own, once; everything else
 * is said when it is asked for. Nothing is ever drawn over, so that a screen reader or a Braille line never loses its place.
 */
import { createInterface } from 'node:readline';
import { EXIT_OK } from '../errors.ts';
import type { Alert } from '../fleet/alert.ts';
import { createAlertEngine } from '../fleet/alert-engine.ts';
import type { RuleSet } from '../fleet/rules.ts';
import type { FleetState } from '../fleet/state.ts';
import { createRowMaker } from '../view/row-maker.ts';
import type { FleetRows } from '../view/rows.ts';
import { alertWords, createSpeaker, nodeSentence, summarySentences } from '../view/spoken.ts';
import { sanitize } from '../view/text.ts';
import type { Session } from '../zenoh/session.ts';
import { followFleet, untilEnded } from './follow-fleet.ts';

const HELP: readonly string[] = [
  'Type a word and Enter. status: the fleet. alerts: what is wrong. nodes: every node; nodes WORD: those with that word.',
  'machines: every machine. routers: every router. quit: leave. Changes are said by themselves.',
  'To act, use bubbaloop node start, stop, restart and logs in another terminal.',
];

export async function readAloud(session: Session, intervalMs: number, rules: RuleSet): Promise<number> {
  const makeRows = createRowMaker();
  const speak = createSpeaker();
  const look = createAlertEngine(rules);
  const say = (sentences: readonly string[]): void => {
    if (sentences.length > 0) process.stdout.write(`${sentences.join('\n')}\n`);
  };
  say([`bubbaloop, connecting to ${sanitize(session.endpoint)}. Type help and Enter for the words it knows.`]);
  const fleet = followFleet(session, intervalMs, (state) => {
    const nowMs = Date.now();
    say(speak(state, makeRows(state), look(state, nowMs).active, nowMs));
  });
  const left = Promise.withResolvers<void>();
  const input = createInterface({ input: process.stdin, terminal: false });
  input.on('line', (line) => {
    const { state } = fleet;
    const nowMs = Date.now();
    const answer = answerTo(line, state, makeRows(state), look(state, nowMs).active, nowMs);
    if (answer === undefined) left.resolve();
    else say(answer);
  });
  // Where nobody types, it goes on telling: a closed stdin is no wish to leave, but that of a terminal is.
  if (process.stdin.isTTY === true) input.on('close', () => left.resolve());
  await untilEnded(left.promise);
  input.close();
  await fleet.stop();
  return EXIT_OK;
}

/** The sentences for what was typed; undefined to leave. */
export function answerTo(
  line: string,
  state: FleetState,
  rows: FleetRows,
  alerts: readonly Alert[],
  nowMs: number,
): readonly string[] | undefined {
  const [word = '', ...rest] = line.trim().split(/\s+/);
  switch (word) {
    case 'q':
    case 'quit':
    case 'exit':
      return undefined;
    case '':
    case 'status':
      return summarySentences(state, rows, alerts, nowMs);
    case 'alerts': {
      return alerts.length === 0 ? ['No alerts.'] : alerts.map((alert) => `Alert: ${alertWords(alert, state, nowMs)}`);
    }
    case 'nodes': {
      const wanted = rest.join(' ').toLowerCase();
      const sentences = rows.nodes
        .map((row) => nodeSentence(row, nowMs))
        .filter((sentence) => sentence.toLowerCase().includes(wanted));
      return sentences.length === 0 ? [wanted === '' ? 'No nodes.' : `No node with ${sanitize(wanted)}.`] : sentences;
    }
    case 'machines':
      return orNone(
        rows.machines.map(
          ({ machine, freshness }) =>
            `${sanitize(machine.id)}: ${freshness === 'live' ? `${machine.nodes.length} nodes` : 'does not answer'}.`,
        ),
      );
    case 'routers':
      return orNone(
        rows.routers.map(
          ({ router, freshness, linkedTo }) =>
            `${sanitize(router.name || router.zid)}: ${freshness === 'live' ? `version ${sanitize(router.version)}, ${router.sessions.length} sessions` : 'lost'}${linkedTo.length === 0 ? '' : `, linked to ${linkedTo.map(sanitize).join(', ')}`}.`,
        ),
      );
    default:
      return word === 'help' ? HELP : [`There is no word ${sanitize(word)}.`, ...HELP];
  }
}

function orNone(sentences: readonly string[]): readonly string[] {
  return sentences.length === 0 ? ['None.'] : sentences;
}
