import { EXIT_FAILED, EXIT_OK, usageError } from '../errors.ts';
import { formatBytes, formatCount, plural } from '../view/format.ts';
import { exactJson } from '../wire/exact-json.ts';
import { plainText } from '../wire/plain-text.ts';
import type { Declaration, Sample, Session } from '../zenoh/session.ts';
import { booleanFlag, type Invocation, numberFlag } from './command.ts';
import { Output } from './output.ts';
import { type Form, readForm, sampleText, tokenText } from './sample-form.ts';
import { checkKeyExpr, secondsFlag, withZenoh } from './zenoh-words.ts';

interface Wanted {
  readonly keyExpr: string;
  readonly form: Form;
  readonly count: number;
  readonly durationMs: number | undefined;
}

const RATE_MS = 1_000;
/** More keys than that are not told apart. */
const MAX_KEYS = 10_000;
/** After Ctrl-C a reader has so long to take what waits. */
const LAST_WORDS_MS = 1_000;

/** `bubbaloop sub`: until Ctrl-C, the count, the duration, or a reader that closed the pipe. */
export async function runSub(keyExpr: string, invocation: Invocation): Promise<number> {
  const wanted = readWanted(keyExpr, invocation);
  const isRate = booleanFlag(invocation, 'rate');
  const isLiveliness = booleanFlag(invocation, 'liveliness');
  if (isRate && isLiveliness) throw usageError('sub takes --rate or --liveliness, not both.');
  if ((isRate || isLiveliness) && (wanted.form === 'raw' || wanted.form === 'pretty'))
    throw usageError(`--${wanted.form} is for samples: it goes with neither --rate nor --liveliness.`);
  const interrupted = Promise.withResolvers<void>();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.resolve());
  return withZenoh(invocation, async (session) => {
    const stopLink = sayLinkChanges(session);
    const printer = new Printer(wanted.count);
    const follow = isRate ? followRate : isLiveliness ? followTokens : followSamples;
    const stop = await follow(session, wanted, printer);
    await Promise.race([interrupted.promise, printer.ended, duration(wanted.durationMs)]);
    stopLink();
    await stop();
    await Promise.race([printer.flushed(), interrupted.promise.then(() => duration(LAST_WORDS_MS))]);
    printer.abandon();
    const isShort = wanted.durationMs !== undefined && Number.isFinite(wanted.count) && printer.count < wanted.count;
    return isShort ? EXIT_FAILED : EXIT_OK;
  });
}

function readWanted(keyExpr: string, invocation: Invocation): Wanted {
  checkKeyExpr(keyExpr);
  const count = numberFlag(invocation, 'count');
  if (count !== undefined && !(Number.isInteger(count) && count > 0))
    throw usageError(`--count is a whole number from 1 up, not ${count}.`);
  const durationMs = secondsFlag(invocation, 'duration', 1e6);
  return { keyExpr, count: count ?? Number.POSITIVE_INFINITY, durationMs, form: readForm(invocation) };
}

function duration(ms: number | undefined): Promise<void> {
  return new Promise((resolve) => {
    // Longer than a timer can: its caller's flag ends at 1e6 seconds.
    if (ms !== undefined) setTimeout(resolve, ms);
  });
}

/** Shows up to the count; what a slow reader cannot take is left out, and said. */
class Printer {
  readonly #limit: number;
  readonly #output: Output;
  readonly #done = Promise.withResolvers<void>();

  constructor(limit: number) {
    this.#limit = limit;
    this.#output = new Output(process.stdout, (count) =>
      process.stderr.write(`bubbaloop: stdout is slow: ${count} left out\n`),
    );
    this.#output.closed.then(() => this.#done.resolve());
  }

  /** When the count is reached or the reader is gone. */
  get ended(): Promise<void> {
    return this.#done.promise;
  }

  get count(): number {
    return this.#output.writtenCount;
  }

  print(sizeBytes: number, make: () => string | Uint8Array): void {
    if (this.count + this.#output.waitingCount >= this.#limit) return;
    this.#output.offer(sizeBytes, make);
    if (this.count + this.#output.waitingCount >= this.#limit) this.#done.resolve();
  }

  flushed(): Promise<void> {
    return this.#output.flushed();
  }

  abandon(): void {
    this.#output.abandon();
  }
}

type Follow = (session: Session, wanted: Wanted, printer: Printer) => Promise<() => Promise<void>>;

const followSamples: Follow = async (session, { keyExpr, form }, printer) => {
  const subscriber = await session.declareSubscriber(keyExpr, (sample) => {
    if (form === 'raw' && sample.kind === 'delete') return;
    printer.print(sample.payload.length + sample.keyExpr.length, () => sampleText(sample, form));
  });
  return () => leave(subscriber, () => subscriber.droppedCount);
};

const followTokens: Follow = async (session, { keyExpr, form }, printer) => {
  const subscriber = await session.liveliness.declareSubscriber(
    keyExpr,
    ({ keyExpr: key, alive }) => printer.print(key.length, () => tokenText(key, alive, form === 'json')),
    { history: true },
  );
  return () => leave(subscriber);
};

interface Traffic {
  count: number;
  sizeBytes: number;
}

const followRate: Follow = async (session, { keyExpr, form }, printer) => {
  const counts = new Map<string, Traffic>();
  const subscriber = await session.declareSubscriber(keyExpr, ({ keyExpr: sampleKey, payload }: Sample) => {
    const key = counts.size < MAX_KEYS || counts.has(sampleKey) ? sampleKey : '(other keys)';
    const known = counts.get(key) ?? { count: 0, sizeBytes: 0 };
    known.count += 1;
    known.sizeBytes += payload.length;
    counts.set(key, known);
  });
  let lastMs = performance.now();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    const seconds = (nowMs - lastMs) / 1_000;
    lastMs = nowMs;
    for (const [key, { count, sizeBytes }] of [...counts].sort(([left], [right]) => (left < right ? -1 : 1))) {
      const [rateHz, bytesPerSecond] = [count / seconds, sizeBytes / seconds];
      printer.print(key.length, () =>
        form === 'json'
          ? `${exactJson({ key, rate_hz: rateHz, bytes_per_second: bytesPerSecond })}\n`
          : `${formatCount(rateHz).padStart(6)}/s ${formatBytes(bytesPerSecond).padStart(6)}/s  ${plainText(key)}\n`,
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
  if (dropped > 0)
    process.stderr.write(`bubbaloop: ${plural(dropped, 'sample')} came faster than they could be shown\n`);
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
