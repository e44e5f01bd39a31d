import { usageError } from '../errors.ts';
import { booleanFlag, type Command, numberFlag, stringFlag } from './command.ts';
import { budgetFlag, imagesFlag, PICTURE_FLAGS } from './picture-flags.ts';
import { SCREEN_FLAGS, screenFlags } from './screen-flags.ts';

/** The shortest interval that is accepted, seconds: under it routers and daemons are asked more than they change. */
const MIN_INTERVAL_SECONDS = 0.2;
const MAX_INTERVAL_SECONDS = 3_600;

export const topCommand: Command = {
  name: 'top',
  summary: 'The fleet on a full screen: routers, peers, nodes, shared memory; starts and stops nodes',
  flags: {
    endpoint: {
      type: 'string',
      shortFlag: 'e',
      placeholder: 'ENDPOINT',
      summary: 'router to connect to, `tcp/HOST:7447` or `ws://HOST:10000`',
      defaultText: 'BUBBALOOP_ZENOH_ENDPOINT, else tcp/127.0.0.1:7447',
    },
    readOnly: { type: 'boolean', summary: 'only look: start, stop and restart are off' },
    interval: { type: 'number', placeholder: 'SECONDS', summary: 'time between rounds of questions', defaultText: '1' },
    ...SCREEN_FLAGS,
    ...PICTURE_FLAGS,
    once: { type: 'boolean', summary: 'print one snapshot as text and end; so does a pipe' },
    line: {
      type: 'boolean',
      summary: 'one line, kept up to date; with --once printed once, for the status bar of tmux',
    },
    screenReader: {
      type: 'boolean',
      summary: 'sentences that say what changed, for screen readers; words are typed, `help` lists them',
      defaultText: 'on where INK_SCREEN_READER=true',
    },
    json: { type: 'boolean', summary: 'with --once: the snapshot as JSON' },
  },
  examples: [
    'bubbaloop top --endpoint tcp/192.168.1.20:7447',
    'bubbaloop top --once --json | jq .nodes',
    'bubbaloop top --read-only --interval 5',
    'bubbaloop top --line --once    # in ~/.tmux.conf: set -g status-right "#(bubbaloop top --line --once)"',
    'bubbaloop top --images blocks --budget 200k',
  ],
  async run(invocation) {
    const [extra] = invocation.operands;
    if (extra !== undefined)
      throw usageError(`top takes no ${JSON.stringify(extra)}.`, 'A router is named with --endpoint.');
    const intervalSeconds = numberFlag(invocation, 'interval') ?? 1;
    if (!(intervalSeconds >= MIN_INTERVAL_SECONDS && intervalSeconds <= MAX_INTERVAL_SECONDS)) {
      throw usageError(
        `--interval is ${intervalSeconds} seconds; it must lie between ${MIN_INTERVAL_SECONDS} and ${MAX_INTERVAL_SECONDS}.`,
      );
    }
    const images = imagesFlag(invocation);
    const budgetBytesPerSecond = budgetFlag(invocation);
    const screen = screenFlags(invocation);
    const json = booleanFlag(invocation, 'json');
    const once = booleanFlag(invocation, 'once');
    if (json && !once)
      throw usageError('--json needs --once: a screen is not JSON.', 'Try `bubbaloop top --once --json`.');
    const line = booleanFlag(invocation, 'line');
    const screenReader = booleanFlag(invocation, 'screenReader');
    if (line && (json || screenReader)) throw usageError('--line takes neither --json nor --screen-reader.');
    if (screenReader && once) throw usageError('--screen-reader takes no --once: that is text already.');
    const snapshot = json ? 'json' : once ? 'text' : undefined;
    const { runTop } = await import('./top-run.ts');
    return runTop({
      endpoint: stringFlag(invocation, 'endpoint'),
      readOnly: booleanFlag(invocation, 'readOnly'),
      intervalSeconds,
      images,
      ...screen,
      isLayoutKept: true,
      budgetBytesPerSecond,
      output: line ? (once ? 'line-once' : 'line') : screenReader ? 'sentences' : snapshot,
    });
  },
};
