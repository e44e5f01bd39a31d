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
  /** What was asked for last, to tell what is new. */
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
        this.#options.change(addLogLines(open, this.#named(source, toLogLines(news.text))));
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

  /** The newest lines of one log: what is new in them is added, where they go on from what is shown. */
  #show(open: LogsView, source: Source, lines: readonly string[]): void {
    const before = source.lines;
    source.lines = lines;
    const fresh = before.length === 0 ? lines : newLines(before, lines);
    if (fresh !== undefined) {
      this.#options.change(
        fresh.length === 0 && open.phase === 'ready' ? open : addLogLines(open, this.#named(source, fresh)),
      );
      return;
    }
    // Another log altogether: of a single one all is shown anew.
    const isSingle = this.#targets.length === 1;
    this.#options.change(isSingle ? { ...open, phase: 'ready', lines } : addLogLines(open, this.#named(source, lines)));
  }

  #named({ target }: Source, lines: readonly string[]): readonly string[] {
    if (this.#targets.length === 1) return lines;
    const isAmbiguous = this.#targets.some((other) => other.node === target.node && other.machine !== target.machine);
    const name = isAmbiguous ? `${target.node}@${target.machine}` : target.node;
    return lines.map((line) => `${name} | ${line}`);
  }
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
