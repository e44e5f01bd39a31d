/** Follows a node's log over its log key: what is there, then what comes. */
import { UserError } from '../errors.ts';
import { plainText } from '../wire/plain-text.ts';
import { type Session, SessionError } from '../zenoh/session.ts';
import { askHistory, ChunkJoiner, type LogTarget, RemoteFollower } from './remote-log.ts';

export type LogNews =
  /** The newest lines (untrusted, as one text), in place of all that came before. */
  | { readonly kind: 'history'; readonly text: string }
  | { readonly kind: 'added'; readonly text: string }
  /** Something to know beside the lines; empty: no longer. */
  | { readonly kind: 'remark'; readonly text: string }
  /** Its daemon cannot be followed: it is of the first generation, or does not answer. */
  | { readonly kind: 'unavailable' };

export interface FollowedLog {
  close(): void;
}

/** Tells what comes until it is closed, or tells `unavailable` once and ends. Never throws. */
export function followLog(
  session: Session,
  target: LogTarget,
  options: { readonly lines: number; onNews(news: LogNews): void },
): FollowedLog {
  const ending = new AbortController();
  const tell = (news: LogNews): void => {
    if (!ending.signal.aborted) options.onNews(news);
  };
  follow(session, target, options.lines, tell, ending.signal).catch((error: unknown) => {
    // A link that is lost, or a daemon that answers with something else: asked by command it may yet tell more.
    if (!(error instanceof UserError) && !(error instanceof SessionError)) throw error;
    tell({ kind: 'unavailable' });
  });
  return { close: () => ending.abort() };
}

async function follow(
  session: Session,
  target: LogTarget,
  lines: number,
  tell: (news: LogNews) => void,
  signal: AbortSignal,
): Promise<void> {
  const follower = await RemoteFollower.open(session, target);
  try {
    const first = await askHistory(session, target, { lines, sinceMs: undefined });
    if (first !== undefined) tell({ kind: 'history', text: first.text });
    if (first === undefined || signal.aborted || !(await follower.isHeard())) return tell({ kind: 'unavailable' });
    // The daemon reads on from before this one is asked for: nothing falls between.
    const history = await askHistory(session, target, { lines, sinceMs: undefined });
    const early = follower.takeAll();
    const joiner = new ChunkJoiner(history, early);
    if (history !== undefined) tell({ kind: 'history', text: history.text });
    const add = (chunk: (typeof early)[number]): void => {
      const { text, missedBytes } = joiner.join(chunk);
      if (missedBytes > 0)
        tell({ kind: 'added', text: `(${missedBytes} bytes of the log did not come through here)\n` });
      if (text !== '') tell({ kind: 'added', text });
    };
    for (const chunk of early) add(chunk);
    let isSilent = false;
    while (!signal.aborted) {
      const chunk = await follower.next(signal);
      if (chunk !== undefined) add(chunk);
      if ((chunk === undefined) !== isSilent) {
        isSilent = chunk === undefined;
        tell({ kind: 'remark', text: isSilent ? `${plainText(target.machine)} is silent` : '' });
      }
    }
  } finally {
    await follower.close();
  }
}
