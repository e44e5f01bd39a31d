/** The output of a build while it runs: it goes through the node's log. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Home } from '../daemon/home.ts';
import { LogTail } from '../daemon/log-reader.ts';
import { ChunkJoiner, type LogTarget, RemoteFollower } from '../fleet/remote-log.ts';
import type { Session } from '../zenoh/session.ts';
import { plainLines, splitLine } from './log-lines.ts';

const LOOK_MS = 100;
/** How long the last lines may take after the answer. */
const LAST_LINES_MS = 1_500;
const NOTHING_SEEN_MS = 300;

/** Runs `work`, a build on this machine, and prints what it puts out; `isShown` is false where nothing was seen of it. */
export async function withLocalOutput<T>(
  home: Home,
  node: string,
  work: Promise<T>,
): Promise<{ readonly result: T; readonly isShown: boolean }> {
  const tail = new LogTail(join(home.logFolder, `${node}.log`));
  const printer = new Printer();
  try {
    await tail.begin();
    return await printer.during(work, async () => {
      const part = await tail.read();
      if (part === undefined) await sleep(LOOK_MS);
      return part?.text ?? '';
    });
  } finally {
    await tail.close();
  }
}

/** As {@link withLocalOutput} on another machine; `start` is called once its output is heard. */
export async function withRemoteOutput<T>(
  session: Session,
  target: LogTarget,
  start: () => Promise<T>,
): Promise<{ readonly result: T; readonly isShown: boolean }> {
  const follower = await RemoteFollower.open(session, target);
  try {
    // Not heard: an older daemon, or no such node. The answer says which.
    if (!(await follower.isHeard())) return { result: await start(), isShown: false };
    const early = follower.takeAll();
    const last = early.at(-1);
    const joiner = new ChunkJoiner(last, []);
    const never = new AbortController().signal;
    return await new Printer().during(start(), async () => {
      const chunk = await follower.next(never, LOOK_MS);
      return chunk === undefined ? '' : joiner.join(chunk).text;
    });
  } finally {
    await follower.close();
  }
}

class Printer {
  #isShown = false;
  #isEnded = false;

  async during<T>(
    work: Promise<T>,
    read: () => Promise<string>,
  ): Promise<{ readonly result: T; readonly isShown: boolean }> {
    let limitMs = Number.POSITIVE_INFINITY;
    const done = () => {
      // Refused at once: there is nothing to wait for.
      limitMs = performance.now() + (this.#isShown ? LAST_LINES_MS : NOTHING_SEEN_MS);
    };
    work.then(done, done);
    while (!(this.#isEnded && Number.isFinite(limitMs)) && performance.now() < limitMs) this.#print(await read());
    return { result: await work, isShown: this.#isShown };
  }

  #print(text: string): void {
    for (const line of plainLines(text)) {
      const { stream, text: said } = splitLine(line);
      if (stream === 'daemon') {
        this.#isShown ||= /^(build|clean) begins: /.test(said);
        this.#isEnded = this.#isShown && /^(build|clean) ends: /.test(said);
      } else if (this.#isShown && !this.#isEnded) process.stdout.write(`${said}\n`);
    }
  }
}
