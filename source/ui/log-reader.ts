/** Reads the logs that are open on the screen: follows them where their daemons can be followed, else asks again and again. */
import type { GatedSend } from '../fleet/command-gate.ts';
import type { FollowedLog, LogNews } from '../fleet/follow-log.ts';
import { toLogLines } from '../view/log-lines.ts';
import { addLogLines, MAX_LOG_LINES } from '../view/log-view.ts';
import type { LogsView, NodeTarget } from '../view/ui-state.ts';

export type FollowLog = (
  target: NodeTarget,
  options: { readonly lines: number; onNews(news: LogNews): void },
) => FollowedLog;

export interface LogReaderOptions {
  readonly send: GatedSend;
  /** Absent: logs are asked for only. */
  readonly follow?: FollowLog;
  /** The log that is open now, where one is. */
  open(): LogsView | undefined;
  change(logs: LogsView): void;
}

const REFRESH_MS = 2_000;
/** Of several logs each shows so many of its older lines. */
const SHARED_LINES = 200;

interface Source {
  readonly target: NodeTarget;
  followed?: FollowedLog;
  timer?: NodeJS.Timeout;
  /** Its newest lines as they are known, to tell what is new. */
  lines: readonly string[];
}

export class LogReader {
  readonly #options: LogReaderOptions;
  #targets: readonly NodeTarget[] = [];
  #sources: readonly Source[] = [];

  constructor(options: LogReaderOptions) {
    this.#options = options;
  }

  begin(targets: readonly NodeTarget[]): void {
    this.close();
    this.#targets = targets;
    this.#sources = targets.map((target) => ({ target, lines: [] }));
    for (const source of this.#sources) this.#follow(source);
  }

  #follow(source: Source): void {
    const { follow } = this.#options;
    if (follow === undefined) {
      void this.#ask(source);
      return;
    }
    const lines = this.#targets.length === 1 ? MAX_LOG_LINES : SHARED_LINES;
    source.followed = follow(source.target, { lines, onNews: (news) => this.#take(source, news) });
  }

  /** Ends what nobody looks at any more; to be called whenever the screen may have left the log. */
  settle(): void {
    if (this.#sources.length > 0 && this.#open() === undefined) this.close();
  }

  close(): void {
    for (const source of this.#sources) {
      source.followed?.close();
      clearTimeout(source.timer);
    }
    this.#sources = [];
    this.#targets = [];
  }

  #open(): LogsView | undefined {
    const logs = this.#options.open();
    return logs?.targets === this.#targets ? logs : undefined;
  }

  #take(source: Source, news: LogNews): void {
    const open = this.#sources.includes(source) ? this.#open() : undefined;
    if (open === undefined) return;
    switch (news.kind) {
      case 'history':
        this.#show(open, source, toLogLines(news.text));
        return;
      case 'added':
        this.#add(open, source, toLogLines(news.text));
        return;
      case 'remark':
        this.#options.change({ ...open, message: news.text });
        return;
      case 'unavailable':
        source.followed = undefined;
        void this.#ask(source);
    }
  }

  /** Asks by command, as all daemons can be, as long as the log is open. */
  async #ask(source: Source): Promise<void> {
    const outcome = await this.#options.send(source.target, 'get_logs');
    const open = this.#sources.includes(source) ? this.#open() : undefined;
    if (open === undefined) return;
    if (outcome.ok) this.#show({ ...open, message: '' }, source, toLogLines(outcome.output));
    else {
      // Lines that were read stay: a daemon that misses one question has not lost them.
      const phase = open.lines.length > 0 ? open.phase : 'failed';
      this.#options.change({ ...open, phase, message: outcome.message });
    }
    // A daemon that answers, but cannot be followed, is asked on. One that did not answer may be followed when it does.
    const again = outcome.ok ? () => void this.#ask(source) : () => this.#follow(source);
    source.timer = setTimeout(again, REFRESH_MS);
  }

  #add(open: LogsView, source: Source, lines: readonly string[]): void {
    // Known here, too: what is asked for after a silence begins with lines that are shown already.
    source.lines = [...source.lines, ...lines].slice(-MAX_LOG_LINES);
    this.#options.change(addLogLines(open, this.#named(source, lines)));
  }

  /** The newest lines of one log: what is new in them is added, where they go on from what is shown. */
  #show(open: LogsView, source: Source, lines: readonly string[]): void {
    const before = source.lines;
    source.lines = lines;
    const fresh = before.length === 0 ? lines : (newLines(before, lines) ?? lines);
    if (fresh.length === 0 && open.phase === 'ready') {
      this.#options.change(open);
    } else if (this.#targets.length === 1) {
      // Another log altogether is shown anew.
      const isAnother = fresh === lines && before.length > 0;
      this.#options.change(isAnother ? { ...open, phase: 'ready', lines } : addLogLines(open, fresh));
    } else {
      const added = addLogLines(open, this.#named(source, fresh));
      this.#options.change({ ...added, lines: byTime(added.lines) });
    }
  }

  /** Of several logs each line has its node's name, behind its time. */
  #named({ target }: Source, lines: readonly string[]): readonly string[] {
    if (this.#targets.length === 1) return lines;
    const isAmbiguous = this.#targets.some((other) => other.node === target.node && other.machine !== target.machine);
    const name = isAmbiguous ? `${target.node}@${target.machine}` : target.node;
    return lines.map((line) => {
      const time = timeOf(line);
      return time === undefined ? `${name} | ${line}` : `${time} ${name} | ${line.slice(time.length + 1)}`;
    });
  }
}

/** The ISO time that a daemon writes before each line. */
function timeOf(line: string): string | undefined {
  return /^\d{4}-\d\d-\d\dT[\d:.]+Z(?= )/.exec(line)?.[0];
}

/** Older lines of several logs, which come log by log, in the order of their times. A line without one stays behind its last. */
function byTime(lines: readonly string[]): readonly string[] {
  let last = '';
  const timed = lines.map((line) => {
    last = timeOf(line) ?? last;
    return { line, time: last };
  });
  return timed.sort((a, b) => (a.time < b.time ? -1 : Number(a.time > b.time))).map(({ line }) => line);
}

/** Lines after those that were there before; undefined where the two have no end in common. */
function newLines(before: readonly string[], now: readonly string[]): readonly string[] | undefined {
  const last = before.at(-1);
  for (let at = now.length - 1; at >= 0; at -= 1) {
    if (now[at] !== last) continue;
    const common = Math.min(at + 1, before.length);
    const isSame = Array.from({ length: common }, (_, back) => now[at - back] === before.at(-1 - back)).every(Boolean);
    if (isSame) return now.slice(at + 1);
  }
  return undefined;
}
