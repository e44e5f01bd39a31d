import { EXIT_FAILED, EXIT_OK, usageError } from '../errors.ts';
import { formatBytes, formatCount } from '../view/format.ts';
import { formatSample, sampleToJson } from '../view/sample-lines.ts';
import { exactJson } from '../wire/exact-json.ts';
import { plainText } from '../wire/plain-text.ts';
import { type Declaration, type Sample, type Session, SessionError } from '../zenoh/session.ts';
import { booleanFlag, type Invocation, numberFlag } from './command.ts';
import { overZenoh } from './zenoh-session.ts';

interface Wanted {
  readonly keyExpr: string;
  readonly asJson: boolean;
  readonly count: number | undefined;
  readonly durationMs: number | undefined;
}

const RATE_MS = 1_000;

/** `bubbaloop sub`: until Ctrl-C, the count, the duration, or a reader that closed the pipe. */
export async function runSub(keyExpr: string, invocation: Invocation): Promise<number> {
  const wanted = readWanted(keyExpr, invocation);
  const isRate = booleanFlag(invocation, 'rate');
  const isLiveliness = booleanFlag(invocation, 'liveliness');
  if (isRate && isLiveliness) throw usageError('sub takes --rate or --liveliness, not both.');
  const ended = Promise.withResolvers<void>();
  const end = (): void => ended.resolve();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end);
  // `… | head` closes the pipe; what is written meanwhile fails as well.
  process.stdout.on('error', end);
  return overZenoh(invocation, async (session) => {
    const stopLink = sayLinkChanges(session);
    const printer = new Printer(wanted.count, end);
    const follow = isRate ? followRate : isLiveliness ? followTokens : followSamples;
    const stop = await follow(session, wanted, printer).catch((error: unknown) => {
      if (error instanceof SessionError && error.code === 'invalid-argument') throw usageError(`${error.message}.`);
      throw error;
    });
    const timer = wanted.durationMs === undefined ? undefined : setTimeout(end, wanted.durationMs);
    await ended.promise;
    clearTimeout(timer);
    stopLink();
    await stop();
    await printer.flushed();
    const isShort = wanted.count !== undefined && wanted.durationMs !== undefined && printer.count < wanted.count;
    return isShort ? EXIT_FAILED : EXIT_OK;
  });
}

function readWanted(keyExpr: string, invocation: Invocation): Wanted {
  const count = numberFlag(invocation, 'count');
  const seconds = numberFlag(invocation, 'duration');
  if (count !== undefined && !(Number.isInteger(count) && count > 0))
    throw usageError(`--count is a whole number from 1 up, not ${count}.`);
  if (seconds !== undefined && !(seconds > 0 && seconds <= 1e6))
    throw usageError(`--duration is seconds, over 0 and up to 1000000, not ${seconds}.`);
  const durationMs = seconds === undefined ? undefined : seconds * 1_000;
  return { keyExpr, count, durationMs, asJson: booleanFlag(invocation, 'json') };
}

/** Writes lines up to the count; what a slow reader cannot take is dropped, and said. */
class Printer {
  count = 0;
  readonly #limit: number;
  readonly #end: () => void;
  #isFull = false;
  #dropped = 0;

  constructor(limit: number | undefined, end: () => void) {
    this.#limit = limit ?? Number.POSITIVE_INFINITY;
    this.#end = end;
  }

  print(makeLine: () => string): void {
    if (this.count >= this.#limit) return;
    if (this.#isFull) {
      this.#dropped += 1;
      return;
    }
    this.count += 1;
    this.#isFull = !process.stdout.write(`${makeLine()}\n`);
    if (this.#isFull) process.stdout.once('drain', () => this.#drained());
    if (this.count >= this.#limit) this.#end();
  }

  #drained(): void {
    this.#isFull = false;
    if (this.#dropped > 0) process.stderr.write(`bubbaloop: the output is slow: ${this.#dropped} left out\n`);
    this.#dropped = 0;
  }

  flushed(): Promise<void> {
    // Its callback comes with an error, too, where the reader is gone.
    return new Promise((resolve) => process.stdout.write('', () => resolve()));
  }
}

type Follow = (session: Session, wanted: Wanted, printer: Printer) => Promise<() => Promise<void>>;

const followSamples: Follow = async (session, { keyExpr, asJson }, printer) => {
  const subscriber = await session.declareSubscriber(keyExpr, (sample) =>
    printer.print(() => (asJson ? sampleToJson(sample, Date.now()) : formatSample(sample))),
  );
  return () => leave(subscriber, () => subscriber.droppedCount);
};

const followTokens: Follow = async (session, { keyExpr, asJson }, printer) => {
  const subscriber = await session.liveliness.declareSubscriber(
    keyExpr,
    ({ keyExpr: key, alive }) =>
      printer.print(() => (asJson ? exactJson({ key, alive }) : `${alive ? '+' : '-'} ${plainText(key)}`)),
    { history: true },
  );
  return () => leave(subscriber);
};

const followRate: Follow = async (session, { keyExpr, asJson }, printer) => {
  const counts = new Map<string, { count: number; sizeBytes: number }>();
  const subscriber = await session.declareSubscriber(keyExpr, ({ keyExpr: key, payload }: Sample) => {
    const known = counts.get(key) ?? { count: 0, sizeBytes: 0 };
    counts.set(key, { count: known.count + 1, sizeBytes: known.sizeBytes + payload.length });
  });
  let lastMs = performance.now();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    const seconds = (nowMs - lastMs) / 1_000;
    lastMs = nowMs;
    for (const [key, { count, sizeBytes }] of [...counts].sort(([left], [right]) => (left < right ? -1 : 1))) {
      const [rateHz, bytesPerSecond] = [count / seconds, sizeBytes / seconds];
      printer.print(() =>
        asJson
          ? exactJson({ key, rate_hz: rateHz, bytes_per_second: bytesPerSecond })
          : `${formatCount(rateHz).padStart(6)}/s ${formatBytes(bytesPerSecond).padStart(6)}/s  ${plainText(key)}`,
      );
    }
    counts.clear();
  }, RATE_MS);
  return () => {
    clearInterval(timer);
    return leave(subscriber, () => subscriber.droppedCount);
  };
};

async function leave(declaration: Declaration, droppedCount: () => number = () => 0): Promise<void> {
  const dropped = droppedCount();
  if (dropped > 0) process.stderr.write(`bubbaloop: ${dropped} samples came faster than they could be shown\n`);
  await declaration.undeclare();
}

function sayLinkChanges(session: Session): () => void {
  let isLost = false;
  return session.onLink((link) => {
    if (link.state === 'lost' && !isLost) process.stderr.write(`bubbaloop: link lost: ${plainText(link.reason)}\n`);
    if (link.state === 'connected' && isLost) process.stderr.write('bubbaloop: link is back\n');
    isLost = link.state === 'lost';
  });
}
