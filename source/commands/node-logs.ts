import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readSigner } from '../daemon/fleet-key-file.ts';
import { LogTail, readHistory } from '../daemon/log-reader.ts';
import { readRegistry } from '../daemon/registry.ts';
import { findEntry } from '../daemon/registry-edits.ts';
import { EXIT_OK, UserError, usageError } from '../errors.ts';
import { sendCommand } from '../fleet/control.ts';
import { askHistory, ChunkJoiner, type LogTarget, RemoteFollower } from '../fleet/remote-log.ts';
import { nodeNameProblem } from '../wire/names.ts';
import { plainText } from '../wire/plain-text.ts';
import type { Session } from '../zenoh/session.ts';
import { booleanFlag, type Invocation, numberFlag, stringFlag } from './command.ts';
import { compileGrep, formatLine, type LineFilter, parseSince, plainLines } from './log-lines.ts';
import { localMachine } from './node-local.ts';
import { checkedMachine, overZenoh } from './zenoh-session.ts';

interface Wanted {
  readonly lines: number;
  readonly sinceMs: number | undefined;
  readonly isFollowing: boolean;
  /** All that is looked through: more than is shown where lines are picked out. */
  readonly readLines: number;
  readonly filter: LineFilter;
  readonly asJson: boolean;
}

const DEFAULT_LINES = 200;
const MAX_LINES = 100_000;
const MAX_BYTES = 32 * 1024 * 1024;
const LOOK_MS = 200;

/** `bubbaloop node logs`: this machine's from its files, whether its daemon runs or not; another's over zenoh. */
export async function showLogs(name: string, invocation: Invocation): Promise<number> {
  const wanted = readWanted(invocation);
  const problem = nodeNameProblem(name);
  if (problem !== undefined) throw usageError(`${JSON.stringify(plainText(name))}: ${problem}.`);
  const machine = stringFlag(invocation, 'machine');
  const ending = new AbortController();
  const end = () => ending.abort();
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  // `… | head` closes the pipe.
  process.stdout.once('error', end);
  try {
    const signer = () => readSigner(localMachine(invocation).home.fleetKeyFile);
    if (machine === undefined) await showLocal(name, invocation, wanted, ending.signal);
    else {
      const target = { machine: checkedMachine(machine), node: name };
      await overZenoh(invocation, (session) => showRemote(session, target, wanted, { signal: ending.signal, signer }));
    }
  } finally {
    process.off('SIGINT', end);
    process.off('SIGTERM', end);
  }
  return EXIT_OK;
}

function readWanted(invocation: Invocation): Wanted {
  const lines = numberFlag(invocation, 'lines') ?? DEFAULT_LINES;
  if (!Number.isInteger(lines) || lines < 0 || lines > MAX_LINES) {
    throw usageError(`--lines wants a whole number from 0 to ${MAX_LINES}.`);
  }
  const since = stringFlag(invocation, 'since');
  const pattern = stringFlag(invocation, 'grep');
  const sinceMs = since === undefined ? undefined : parseSince(since, Date.now());
  // With --since alone all from then on is meant.
  const isCounted = since === undefined || numberFlag(invocation, 'lines') !== undefined;
  return {
    lines: isCounted ? lines : MAX_LINES,
    sinceMs,
    isFollowing: booleanFlag(invocation, 'follow'),
    readLines: pattern === undefined && isCounted ? lines : MAX_LINES,
    filter: compileGrep(pattern),
    asJson: booleanFlag(invocation, 'json'),
  };
}

async function showLocal(name: string, invocation: Invocation, wanted: Wanted, signal: AbortSignal): Promise<void> {
  const { home } = localMachine(invocation);
  const file = join(home.logFolder, `${name}.log`);
  const part = await readHistory(file, { maxLines: wanted.readLines, sinceMs: wanted.sinceMs, maxBytes: MAX_BYTES });
  // A node that was removed leaves its log; one that never was has neither.
  if (part.end.file === '') {
    await findEntry(readRegistry(home.registryFile), name);
    if (!wanted.isFollowing) process.stderr.write(`${name} has no log yet.\n`);
  }
  showHistory(part.text, part.isCut, wanted);
  if (!wanted.isFollowing) return;
  const tail = new LogTail(file);
  try {
    await tail.begin(part.end);
    while (!signal.aborted) {
      const next = await tail.read();
      if (next === undefined) await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
      else show(plainLines(next.text), wanted);
    }
  } finally {
    await tail.close();
  }
}

async function showRemote(
  session: Session,
  target: LogTarget,
  wanted: Wanted,
  { signal, signer }: { readonly signal: AbortSignal; readonly signer: () => ReturnType<typeof readSigner> },
): Promise<void> {
  if (!wanted.isFollowing) return showRemoteHistory(session, target, wanted, signer);
  const follower = await RemoteFollower.open(session, target);
  const stopListening = session.onLink((link) => {
    if (link.state === 'lost') process.stderr.write(`Lost ${session.endpoint}: ${plainText(link.reason)}.\n`);
    if (link.state === 'connected') process.stderr.write(`Connected to ${session.endpoint} again.\n`);
  });
  try {
    // The daemon reads on from before the history is asked for: nothing falls between.
    const isHeard = await follower.isHeard();
    const history = await askHistory(session, target, { lines: wanted.readLines, sinceMs: wanted.sinceMs });
    if (history === undefined || !isHeard) throw cannotFollow(target, history === undefined);
    const early = follower.takeAll();
    showHistory(history.text, history.isCut, wanted);
    const joiner = new ChunkJoiner(history, early);
    for (const chunk of early) showJoined(joiner.join(chunk), wanted);
    let isSilent = false;
    while (!signal.aborted) {
      const chunk = await follower.next(signal);
      if (chunk !== undefined) showJoined(joiner.join(chunk), wanted);
      else if (!isSilent && !signal.aborted) process.stderr.write(`${target.machine} is silent; waiting for it.\n`);
      isSilent = chunk === undefined;
    }
  } finally {
    stopListening();
    await follower.close();
  }
}

function cannotFollow({ machine, node }: LogTarget, isUnanswered: boolean): UserError {
  return isUnanswered
    ? new UserError(`No daemon on ${machine} lets its logs be followed.`, {
        hint: 'Is `bubbaloop daemon` running there, and of this version? Without -f older daemons answer, too.',
      })
    : new UserError(`${machine} has a log of ${node}, but publishes nothing of it.`, { hint: 'Try again.' });
}

async function showRemoteHistory(
  session: Session,
  target: LogTarget,
  wanted: Wanted,
  signer: () => ReturnType<typeof readSigner>,
): Promise<void> {
  const history = await askHistory(session, target, { lines: wanted.readLines, sinceMs: wanted.sinceMs });
  if (history !== undefined) {
    if (history.file === '') process.stderr.write(`${target.node} has no log yet.\n`);
    return showHistory(history.text, history.isCut, wanted);
  }
  // A daemon of the first generation: the lines that it chooses to give.
  const outcome = await sendCommand(session, target, 'get_logs', { signer: signer() });
  if (!outcome.ok) throw new UserError(plainText(outcome.message));
  showHistory(outcome.output, false, wanted);
}

function showHistory(text: string, isCut: boolean, wanted: Wanted): void {
  if (isCut) process.stderr.write('Older lines are left out: the log is too large for one answer.\n');
  const lines = wanted.filter(plainLines(text));
  write(wanted.lines === 0 ? [] : lines.slice(-wanted.lines), wanted);
}

function showJoined({ text, missedBytes }: ReturnType<ChunkJoiner['join']>, wanted: Wanted): void {
  if (missedBytes > 0) process.stderr.write(`${missedBytes} bytes of the log did not come through here.\n`);
  if (text !== '') show(plainLines(text), wanted);
}

function show(lines: readonly string[], wanted: Wanted): void {
  write(wanted.filter(lines), wanted);
}

function write(lines: readonly string[], { asJson }: Wanted): void {
  if (lines.length > 0) process.stdout.write(lines.map((line) => `${formatLine(line, asJson)}\n`).join(''));
}
