/** Questions to daemons: to all at once, or to one. Answers are told in small batches as they come. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { daemonKey } from '../wire/keys.ts';
import type { Session } from '../zenoh/session.ts';
import { type Batch, createBatch } from './batch.ts';
import { createDaemonReader, type DaemonAnswer } from './decode.ts';
import type { FleetEvent } from './events.ts';

export type AskedPart = 'nodes' | 'shm' | 'manifest';

export interface DaemonQuestionsOptions {
  readonly session: Session;
  /** Ends every question. */
  readonly signal: AbortSignal;
  onAnswers(event: Extract<FleetEvent, { readonly type: 'answers' }>): void;
  /** The session that a daemon answered from, where that is known. */
  onDaemonSession(zid: string, machine: string): void;
}

/** Time limit of one question. A machine that takes longer is shown as it was. */
export const QUESTION_LIMIT_MS = 2_500;
/** Questions of one kind that may wait at once: a machine that hangs must not keep the others' news back. */
const MAX_WAITING = 3;
/** The same for questions to one machine, all together. */
const MAX_WAITING_ONE = 64;
const BATCH_MS = 40;
/** While answers come without a pause they are told less often: each time costs something for each machine of the fleet. */
const FLOOD_BATCH_MS = 250;
/** Telling so many at once is over before a key has to wait. */
const MOST_AT_ONCE = 50;
/** What came at once is read in pieces of so much time: in between keys are answered. */
const TURN_MS = 6;
const BATCH = { waitMs: BATCH_MS, floodMs: FLOOD_BATCH_MS, most: MOST_AT_ONCE };
const ALL = '*';

export class DaemonQuestions {
  readonly #options: DaemonQuestionsOptions;
  readonly #read = createDaemonReader();
  readonly #answers: Batch<DaemonAnswer>;
  /** Questions under way, by their key. */
  readonly #waiting = new Map<string, number>();
  #waitingOne = 0;

  constructor(options: DaemonQuestionsOptions) {
    this.#options = options;
    this.#answers = createBatch<DaemonAnswer>(BATCH, (answers) => this.#tell(answers));
  }

  /** Resolves when all have answered, or the time is over. Not asked where too many of its kind still wait. */
  async askAll(part: AskedPart): Promise<void> {
    await this.#ask(ALL, part, MAX_WAITING);
    this.#answers.flush();
  }

  async askOne(machine: string, part: AskedPart): Promise<void> {
    if (this.#waitingOne >= MAX_WAITING_ONE) return;
    this.#waitingOne += 1;
    await this.#ask(machine, part, 1);
    this.#waitingOne -= 1;
  }

  async #ask(machine: string, part: AskedPart, most: number): Promise<void> {
    const { session, signal } = this.#options;
    const key = daemonKey(machine, part);
    const waiting = this.#waiting.get(key) ?? 0;
    if (waiting >= most || signal.aborted) return;
    this.#waiting.set(key, waiting + 1);
    try {
      const replies = session.get(key, {
        target: 'all',
        consolidation: 'none',
        timeoutMs: QUESTION_LIMIT_MS,
        signal,
      });
      let sinceMs = performance.now();
      for await (const reply of replies) {
        if (performance.now() - sinceMs > TURN_MS) {
          await nextTurn();
          sinceMs = performance.now();
        }
        // Read as they come: what has to be decoded is spread over the time in which it arrives.
        const answer = this.#read(reply, Date.now());
        this.#answers(answer);
        if (reply.replierZid !== undefined && answer.kind === 'nodes') {
          this.#options.onDaemonSession(reply.replierZid, answer.answer.machine);
        }
      }
    } catch {
      // Lost link, time limit, end of the program: the state shows what was heard last, with its age.
    } finally {
      const left = (this.#waiting.get(key) ?? 1) - 1;
      if (left > 0) this.#waiting.set(key, left);
      else this.#waiting.delete(key);
    }
  }

  #tell(answers: readonly DaemonAnswer[]): void {
    this.#options.onAnswers({
      type: 'answers',
      atMs: Date.now(),
      nodes: answers.flatMap((answer) => (answer.kind === 'nodes' ? [answer.answer] : [])),
      manifests: answers.flatMap((answer) => (answer.kind === 'manifest' ? [answer.answer] : [])),
      ledgers: answers.flatMap((answer) => (answer.kind === 'ledger' ? [answer.answer] : [])),
      bad: answers.flatMap((answer) =>
        answer.kind === 'bad' ? [answer.bad] : answer.kind === 'nodes' ? answer.bad : [],
      ),
    });
  }
}
