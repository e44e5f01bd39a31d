import { usageError } from '../errors.ts';
import { booleanFlag, type Command, type Invocation, stringFlag } from './command.ts';
import { RULES_FLAG } from './common-flags.ts';
import { budgetFlag, imagesFlag, PICTURE_FLAGS } from './picture-flags.ts';
import { SCREEN_FLAGS, screenFlags } from './screen-flags.ts';

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
    rules: RULES_FLAG,
    ...SCREEN_FLAGS,
    ...PICTURE_FLAGS,
    record: { type: 'string', placeholder: 'FILE', summary: 'keep what is learnt of the fleet in a new file' },
    recordSize: {
      type: 'string',
      placeholder: 'BYTES',
      summary: 'with --record: most that the file takes; the oldest goes first',
      defaultText: '64M',
    },
    replay: { type: 'string', placeholder: 'FILE', summary: 'show a recording in place of a fleet' },
    once: {
      type: 'boolean',
      summary: 'print one snapshot as text and end, with 1 where an alert is bad; so does a pipe',
    },
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
    'bubbaloop top --record incident.rec',
    'bubbaloop top --replay incident.rec',
  ],
  async run(invocation) {
    const [extra] = invocation.operands;
    if (extra !== undefined)
      throw usageError(`top takes no ${JSON.stringify(extra)}.`, 'A router is named with --endpoint.');
    const images = imagesFlag(invocation);
    const budgetBytesPerSecond = budgetFlag(invocation);
    const screen = screenFlags(invocation);
    const json = booleanFlag(invocation, 'json');
    const once = booleanFlag(invocation, 'once');
    if (json && !once)
      throw usageError('--json needs --once: a screen is not JSON.', 'Try `bubbaloop top --once --json`.');
    const record = stringFlag(invocation, 'record');
    const recordBytes = recordSize(invocation);
    const replay = stringFlag(invocation, 'replay');
    const line = booleanFlag(invocation, 'line');
    const screenReader = booleanFlag(invocation, 'screenReader');
    if (line && (json || screenReader)) throw usageError('--line takes neither --json nor --screen-reader.');
    if (screenReader && once) throw usageError('--screen-reader takes no --once: that is text already.');
    const isText = once || line || screenReader;
    if (record !== undefined && (isText || replay !== undefined)) {
      throw usageError(
        '--record goes with the screen on a fleet: not with --once, --line, --screen-reader or --replay.',
      );
    }
    if (replay !== undefined && isText) {
      throw usageError('--replay shows a screen: --once, --line and --screen-reader have none.');
    }
    const snapshot = json ? 'json' : once ? 'text' : undefined;
    const { runTop } = await import('./top-run.ts');
    return runTop({
      endpoint: stringFlag(invocation, 'endpoint'),
      rulesFile: stringFlag(invocation, 'rules'),
      record: record === undefined ? undefined : { file: record, maxBytes: recordBytes },
      replayFile: replay,
      images,
      ...screen,
      isLayoutKept: true,
      budgetBytesPerSecond,
      output: line ? (once ? 'line-once' : 'line') : screenReader ? 'sentences' : snapshot,
    });
  },
};

const MIN_RECORD_BYTES = 256 * 1024;
const MAX_RECORD_BYTES = 16 * 2 ** 30;

/** `--record-size` in bytes: `64M`, `500k`, `1G`. */
function recordSize(invocation: Invocation): number {
  const text = stringFlag(invocation, 'recordSize') ?? '64M';
  const [, figure, unit = ''] = /^(\d{1,12})\s*([kmg]?)b?$/i.exec(text) ?? [];
  const bytes = Number(figure) * 1024 ** ['', 'k', 'm', 'g'].indexOf(unit.toLowerCase());
  if (bytes >= MIN_RECORD_BYTES && bytes <= MAX_RECORD_BYTES) return bytes;
  throw usageError(
    `--record-size ${JSON.stringify(text)} is no size from 256k to 16G.`,
    'Write it as 64M, 500k or 1G.',
  );
}
