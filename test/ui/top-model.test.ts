import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { commandGate } from '../../source/fleet/command-gate.ts';
import type { Outcome } from '../../source/fleet/control.ts';
import type { LogNews } from '../../source/fleet/follow-log.ts';
import { NO_TRENDS } from '../../source/fleet/history.ts';
import type { FleetNode } from '../../source/fleet/state.ts';
import { Timeline } from '../../source/fleet/timeline.ts';
import { NO_TOPICS } from '../../source/fleet/topics.ts';
import type { FollowLog } from '../../source/ui/log-reader.ts';
import { TopModel } from '../../source/ui/top-model.ts';
import { KEYMAP } from '../../source/view/keymap.ts';
import { NO_NEWS } from '../../source/view/rows.ts';
import { PLAIN_THEME } from '../../source/view/theme.ts';
import type { NodeTarget } from '../../source/view/ui-state.ts';
import type { NodeAction } from '../../source/wire/command.ts';
import { fleetNode, fleetState, NOW_MS } from '../support/screen-input.ts';

const BEGIN_MS = Date.UTC(2026, 0, 2, 12, 0, 0);

beforeEach(() => {
  vi.useFakeTimers({ now: BEGIN_MS });
});

afterEach(() => {
  vi.useRealTimers();
});

interface Bench {
  readonly model: TopModel;
  /** Screens handed out so far. */
  readonly drawn: () => number;
  readonly sent: (NodeTarget & { readonly action: NodeAction })[];
  readonly answer: (outcome: Outcome) => void;
  readonly quits: () => number;
  readonly text: () => string;
}

function bench(
  readOnly = false,
  { gate = readOnly, followLog }: { gate?: boolean; followLog?: FollowLog } = {},
): Bench {
  const sent: (NodeTarget & { readonly action: NodeAction })[] = [];
  const waiting: ((outcome: Outcome) => void)[] = [];
  let quits = 0;
  const model = new TopModel({
    endpoint: 'tcp/127.0.0.1:7447',
    theme: PLAIN_THEME,
    size: { columns: 120, rows: 32 },
    readOnly,
    intervalMs: 1_000,
    send: commandGate(
      ({ machine, node }, action) => {
        sent.push({ machine, node, action });
        return new Promise((resolve) => waiting.push(resolve));
      },
      { readOnly: gate },
    ),
    followLog,
    who: 'ann@desk',
    quit: () => {
      quits += 1;
    },
    suspend: () => undefined,
  });
  let drawn = 0;
  model.subscribe(() => {
    drawn += 1;
  });
  const text = (): string => {
    const screen = model.screen();
    if (screen.kind === 'sentence') return screen.lines.join('\n');
    const parts = [
      screen.above,
      ...screen.panes.map((pane) => pane.lines),
      screen.dialog?.lines ?? [],
      [screen.footer],
    ];
    return parts
      .flat()
      .join('\n')
      .replaceAll(/\x1b\[[\d;]*m/g, '');
  };
  return { model, drawn: () => drawn, sent, answer: (outcome) => waiting.shift()?.(outcome), quits: () => quits, text };
}

function hear({ model }: Bench, nodes: readonly FleetNode[]): void {
  const atMs = Date.now();
  model.dispatch({
    type: 'answers',
    atMs,
    nodes: [{ machine: 'm', hostname: 'm', ips: [], nodes }],
    manifests: [],
    ledgers: [],
    bad: [],
  });
}

function connect({ model }: Bench): void {
  model.dispatch({ type: 'link', link: { state: 'connected', sinceMs: Date.now(), zid: 'me' }, zid: 'me' });
}

function press({ model }: Bench, ...keys: string[]): void {
  for (const key of keys) model.press({ key, text: key.length === 1 ? key : '' });
}

test('a link that changes and news are drawn at once, figures at the interval, and the same answers never', async () => {
  const at = bench();
  expect(at.text()).toContain('Connecting');
  await vi.advanceTimersByTimeAsync(500);
  connect(at);
  await vi.advanceTimersByTimeAsync(60);
  expect(at.text()).toContain('Asking who is there');
  hear(at, [fleetNode({ name: 'a' })]);
  expect(at.text()).not.toContain('running');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(at.text()).toContain('● running');
  hear(at, [fleetNode({ name: 'a', status: 'failed' })]);
  await vi.advanceTimersByTimeAsync(60);
  expect(at.text()).toContain('✗ failed');
  hear(at, [fleetNode({ name: 'a' })]);
  await vi.advanceTimersByTimeAsync(5_000);
  hear(at, [fleetNode({ name: 'a', pid: 4_711, restartCount: undefined })]);
  const drawn = at.drawn();
  for (let second = 0; second < 30; second += 1) {
    hear(at, [fleetNode({ name: 'a' })]);
    await vi.advanceTimersByTimeAsync(1_000);
  }
  expect(at.drawn()).toBe(drawn);
});

test('a flood of changes is drawn once for each interval, but for the first of them', async () => {
  const at = bench();
  connect(at);
  await vi.advanceTimersByTimeAsync(1_500);
  const drawn = at.drawn();
  for (let change = 0; change < 1_000; change += 1) {
    hear(at, [fleetNode({ name: 'a', version: String(change) })]);
    await vi.advanceTimersByTimeAsync(10);
  }
  expect(at.drawn() - drawn).toBeLessThanOrEqual(10 + 5);
});

test('a key is answered at once', async () => {
  const at = bench();
  connect(at);
  hear(at, [fleetNode({ name: 'a' }), fleetNode({ name: 'b' })]);
  await vi.advanceTimersByTimeAsync(1_000);
  press(at, 'j');
  expect(at.text()).toMatch(/▸ m\s+b/);
});

test('a stop is under way until its answer, cannot be sent twice, and ends in the words of the daemon', async () => {
  const at = bench();
  connect(at);
  hear(at, [fleetNode({ name: 'a' })]);
  await vi.advanceTimersByTimeAsync(1_000);
  press(at, 'x', 'y');
  expect(at.sent).toEqual([{ machine: 'm', node: 'a', action: 'stop' }]);
  expect(at.text()).toContain('stop m/a');
  press(at, 'x');
  expect(at.text()).toContain('still under way');
  press(at, 'y');
  expect(at.sent).toHaveLength(1);
  at.answer({ ok: true, message: 'stopped after 0.2 s', output: '' });
  await vi.advanceTimersByTimeAsync(1);
  expect(at.text()).toContain('stop a on m: stopped after 0.2 s');
  await vi.advanceTimersByTimeAsync(10_000);
  expect(at.text()).not.toContain('stopped after');
});

test('a failure stays on the screen until a key is pressed', async () => {
  const at = bench();
  connect(at);
  hear(at, [fleetNode({ name: 'a' })]);
  await vi.advanceTimersByTimeAsync(1_000);
  press(at, 'x', 'y');
  at.answer({ ok: false, message: 'permission \x1b[31mdenied', output: '' });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(at.text()).toContain('stop a on m: permission denied');
  press(at, 'j');
  expect(at.text()).not.toContain('denied');
});

test('--read-only sends nothing, whatever is pressed', async () => {
  const at = bench(true);
  connect(at);
  hear(at, [fleetNode({ name: 'a' }), fleetNode({ name: 'b', status: 'stopped' })]);
  await vi.advanceTimersByTimeAsync(1_000);
  press(at, 's', 'x', 'y', 'enter', 'escape', 'r', 'y', 'j', 's', 'x', 'r', 'y');
  expect(at.sent).toEqual([]);
  expect(at.text()).toContain('read-only');
});

test('logs are asked for again while they are open, and not after', async () => {
  const at = bench();
  connect(at);
  hear(at, [fleetNode({ name: 'a' })]);
  await vi.advanceTimersByTimeAsync(1_000);
  press(at, 'l');
  expect(at.text()).toContain('Asking m for the log of a');
  at.answer({ ok: true, message: '', output: 'first \x1b[2Jline\n' });
  await vi.advanceTimersByTimeAsync(60);
  expect(at.text()).toContain('first line');
  await vi.advanceTimersByTimeAsync(2_000);
  expect(at.sent).toHaveLength(2);
  // A question that goes wrong does not take away what was read.
  at.answer({ ok: false, message: 'm did not answer', output: '' });
  await vi.advanceTimersByTimeAsync(60);
  expect(at.text()).toContain('first line');
  press(at, 'escape');
  await vi.advanceTimersByTimeAsync(10_000);
  expect(at.sent).toHaveLength(2);
});

test('the log of another node never lands in this one', async () => {
  const at = bench();
  connect(at);
  hear(at, [fleetNode({ name: 'a' }), fleetNode({ name: 'b' })]);
  await vi.advanceTimersByTimeAsync(1_000);
  press(at, 'l', 'escape', 'j', 'l');
  at.answer({ ok: true, message: '', output: 'of a\n' });
  await vi.advanceTimersByTimeAsync(60);
  expect(at.text()).not.toContain('of a\n');
  expect(at.text()).toContain('Asking m for the log of b');
});

test('q quits; a closed model neither draws nor answers', async () => {
  const at = bench();
  press(at, 'q');
  expect(at.quits()).toBe(1);
  at.model.close();
  const drawn = at.drawn();
  connect(at);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(at.drawn()).toBe(drawn);
  expect(vi.getTimerCount()).toBe(0);
});

test('a resize is drawn at once', () => {
  const at = bench();
  at.model.resize({ columns: 20, rows: 5 });
  expect(at.text()).toContain('20x5');
  expect(at.model.screen().size).toEqual({ columns: 20, rows: 5 });
});

test('what is wrong with the recording is said on the screen, and that one runs beside the name', () => {
  let trouble: string | undefined;
  const model = new TopModel({
    endpoint: 'tcp/127.0.0.1:7447',
    theme: PLAIN_THEME,
    size: { columns: 120, rows: 32 },
    readOnly: false,
    intervalMs: 1_000,
    send: commandGate(async () => ({ ok: true, message: '', output: '' }), { readOnly: false }),
    quit: () => undefined,
    suspend: () => undefined,
    status: () => 'rec 1.2M',
    trouble: () => trouble,
  });
  const above = (): string => {
    const screen = model.screen();
    return screen.kind === 'full' ? screen.above.join('\n').replaceAll(/\x1b\[[\d;]*m/g, '') : '';
  };
  expect(above()).toContain('rec 1.2M');
  trouble = 'The recording has ended early: no space left on device.';
  vi.advanceTimersByTime(1_100);
  expect(above()).toContain(`▲ ${trouble}`);
  model.close();
});

async function withThree(at: Bench): Promise<void> {
  connect(at);
  hear(at, [fleetNode({ name: 'a' }), fleetNode({ name: 'b' }), fleetNode({ name: 'c' })]);
  await vi.advanceTimersByTimeAsync(1_000);
}

async function answer(at: Bench, ok: boolean, message: string): Promise<void> {
  at.answer({ ok, message, output: '' });
  await vi.advanceTimersByTimeAsync(1);
}

test('rolling tells the next after the answer, stops at the first failure, and A shows each with its words', async () => {
  const at = bench();
  await withThree(at);
  press(at, '*', 'r', 'y');
  expect(at.sent.map(({ node }) => node)).toEqual(['a']);
  await answer(at, true, 'restarted in 0.3 s');
  // Up is not ready: it must stay up for a while.
  expect(at.sent).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(3_500);
  expect(at.sent.map(({ node }) => node)).toEqual(['a', 'b']);
  // Those that wait have their turn to come: they cannot be told anything else.
  press(at, 'G', 'x');
  expect(at.text()).toContain('still under way');
  await answer(at, false, 'no such \x1b[31mdevice');
  expect(at.sent).toHaveLength(2);
  expect(at.text()).toContain('restart: 1 of 3 done, 1 failed, 1 not tried');
  press(at, 'A');
  const text = at.text();
  expect(text).toContain('restart, one after another: 1 of 3 done, 1 failed, 1 not tried');
  expect(text).toContain('by ann@desk at ');
  expect(text).toMatch(/● a on m +\d+(\.\d)? m?s +restarted in 0\.3 s/);
  expect(text).toMatch(/✗ b on m .*no such device/);
  expect(text).toMatch(/- c on m .*not tried: b on m failed before it/);
});

test('a node that comes up and falls over again stops a rolling restart', async () => {
  const at = bench();
  await withThree(at);
  press(at, '*', 'r', 'y');
  await answer(at, true, 'restarted.');
  await vi.advanceTimersByTimeAsync(1_000);
  hear(at, [
    fleetNode({ name: 'a', status: 'failed', lastExit: 'exit 1', lastLogLines: ['no such device'] }),
    fleetNode({ name: 'b' }),
    fleetNode({ name: 'c' }),
  ]);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(at.sent).toHaveLength(1);
  press(at, 'A');
  expect(at.text()).toContain('restarted, but it failed: exit 1, last line "no such device"');
  expect(at.text()).toContain('0 of 3 done, 1 failed, 2 not tried');
});

test('a node that fell over and was started again meanwhile did not stay up either', async () => {
  const at = bench();
  await withThree(at);
  press(at, '*', 'r', 'y');
  await answer(at, true, 'restarted');
  await vi.advanceTimersByTimeAsync(1_000);
  hear(at, [
    fleetNode({ name: 'a', restartCount: 1, lastExit: 'exit 3' }),
    fleetNode({ name: 'b' }),
    fleetNode({ name: 'c' }),
  ]);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(at.sent).toHaveLength(1);
  press(at, 'A');
  expect(at.text()).toContain('restarted, but it ended and its daemon started it again: exit 3');
});

test('a restart that was counted long before is no fall', async () => {
  const at = bench();
  const before = [fleetNode({ name: 'a', restartCount: 7 }), fleetNode({ name: 'b' }), fleetNode({ name: 'c' })];
  await withThree(at);
  hear(at, before);
  press(at, '*', 'r', 'y');
  await answer(at, true, 'restarted');
  await vi.advanceTimersByTimeAsync(1_000);
  hear(at, before);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(at.sent).toHaveLength(2);
});

test('together tells all at once, and each outcome stands for itself', async () => {
  const at = bench();
  await withThree(at);
  press(at, '*', 'x', 'm', 'y');
  expect(at.sent.map(({ node }) => node)).toEqual(['a', 'b', 'c']);
  await answer(at, false, 'busy');
  await answer(at, true, 'stopped');
  await answer(at, true, 'stopped');
  expect(at.text()).toContain('stop: 2 of 3 done, 1 failed. A shows each.');
});

test('q in the middle of a rolling restart asks once more', async () => {
  const at = bench();
  await withThree(at);
  press(at, '*', 'r', 'y', 'q');
  expect(at.quits()).toBe(0);
  expect(at.text()).toContain('gives up what was ordered and has not begun: 2 nodes. q again leaves');
  press(at, 'q');
  expect(at.quits()).toBe(1);
});

test('x in the list of actions gives up what has not begun', async () => {
  const at = bench();
  await withThree(at);
  press(at, '*', 'r', 'y', 'A', 'x');
  expect(at.text()).toContain('not tried: given up before its turn');
  await answer(at, true, 'restarted');
  await vi.advanceTimersByTimeAsync(3_500);
  expect(at.sent).toHaveLength(1);
  expect(at.text()).toContain('1 of 3 done, 2 not tried');
});

test('nothing gets round a shut gate: every key, and the palette, and a key map that knows nothing of it', async () => {
  for (const readOnly of [true, false]) {
    const at = bench(readOnly, { gate: true });
    await withThree(at);
    hear(at, [fleetNode({ name: 'a', status: 'stopped', startsAtBoot: false }), fleetNode({ name: 'b' })]);
    await vi.advanceTimersByTimeAsync(1_000);
    for (const choice of [[], ['*']]) {
      for (const key of KEYMAP.flatMap(({ action, keys }) => (action === 'quit' || action === 'suspend' ? [] : keys))) {
        press(at, 'escape', 'escape', 'escape', '1', 'g', ...choice, key, 'm', 'tab', 'enter');
        press(at, 'escape', 'escape', 'escape', '1', 'G', ...choice, key, 'y');
        await vi.advanceTimersByTimeAsync(1);
      }
      for (const word of ['start', 'stop', 'restart', 'build', 'enable', 'disable']) {
        press(at, 'escape', 'escape', 'escape', '1', ...choice, ':', ...word, 'enter', 'y');
        await vi.advanceTimersByTimeAsync(1);
      }
    }
    expect(at.sent.filter(({ action }) => action !== 'get_logs')).toEqual([]);
    press(at, 'escape', 'escape', 'escape', 'A');
    if (!readOnly) expect(at.text()).toContain('--read-only');
    at.model.close();
  }
});

test('a log is followed where that can be done, its lines are kept and named, and the follower ends with the screen', async () => {
  const followed: { node: string; onNews: (news: LogNews) => void; isClosed: boolean }[] = [];
  const at = bench(false, {
    followLog: ({ node }, { onNews }) => {
      const one = { node, onNews, isClosed: false };
      followed.push(one);
      return {
        close: () => {
          one.isClosed = true;
        },
      };
    },
  });
  await withThree(at);
  press(at, 'l');
  const [first] = followed;
  first?.onNews({ kind: 'history', text: 'one\ntwo\n' });
  first?.onNews({ kind: 'history', text: 'one\ntwo\nthree\n' });
  first?.onNews({ kind: 'added', text: 'four\n' });
  first?.onNews({ kind: 'history', text: 'two\nthree\nfour\nfive\n' });
  first?.onNews({ kind: 'remark', text: 'm is silent' });
  await vi.advanceTimersByTimeAsync(60);
  expect(at.text()).toMatch(/one[\s\S]*two[\s\S]*three[\s\S]*four[\s\S]*five/);
  expect(at.text().match(/two/g)).toHaveLength(1);
  expect(at.text()).toContain('m is silent following');
  expect(at.sent).toEqual([]);
  // An older daemon is asked instead.
  first?.onNews({ kind: 'unavailable' });
  expect(at.sent).toMatchObject([{ action: 'get_logs', node: 'a' }]);
  // One that does not answer at all is followed again.
  await answer(at, false, 'm did not answer');
  await vi.advanceTimersByTimeAsync(2_000);
  expect(followed.splice(1)).toHaveLength(1);
  press(at, 'escape');
  press(at, '*', 'l');
  expect(followed.map(({ node }) => node)).toEqual(['a', 'a', 'b', 'c']);
  followed[2]?.onNews({ kind: 'added', text: 'from b\n' });
  followed[3]?.onNews({ kind: 'history', text: 'from c\n' });
  first?.onNews({ kind: 'added', text: 'too late\n' });
  await vi.advanceTimersByTimeAsync(60);
  expect(at.text()).toMatch(/b \| from b[\s\S]*c \| from c/);
  expect(at.text()).not.toContain('too late');
  followed[1]?.onNews({ kind: 'history', text: '2026-01-02T12:00:02.000Z out second\n' });
  followed[2]?.onNews({ kind: 'history', text: '2026-01-02T12:00:01.000Z err first\n' });
  await vi.advanceTimersByTimeAsync(60);
  expect(at.text()).toMatch(/12:00:01.000Z b \| err first[\s\S]*12:00:02.000Z a \| out second/);
  press(at, 'q');
  expect(followed.slice(1).every(({ isClosed }) => isClosed)).toBe(true);
});

test.each([['2'], ['l']])(
  'a log that is opened from details (%s) shows what comes, and Esc comes back',
  async (key) => {
    const followed: ((news: LogNews) => void)[] = [];
    const at = bench(false, {
      followLog: (_target, { onNews }) => {
        followed.push(onNews);
        return { close: () => undefined };
      },
    });
    await withThree(at);
    press(at, 'enter', key);
    expect(at.text()).toContain('Asking m for the log of a');
    followed[0]?.({ kind: 'history', text: 'first line\n' });
    await vi.advanceTimersByTimeAsync(60);
    expect(at.text()).toContain('first line');
    press(at, 'escape');
    expect(at.model.ui.overlay).toMatchObject({ kind: 'details', key: 'm/a' });
  },
);

test('from an event of a replay to its moment: the screen is of that moment at once', () => {
  const then = fleetState({ machines: { m: [fleetNode({ name: 'a', status: 'failed', lastExit: 'exit 9' })] } });
  const later = fleetState({ machines: { m: [fleetNode({ name: 'a' })] } });
  const events = new Timeline();
  events.add(NOW_MS, [
    { kind: 'node', tone: 'bad', subject: 'm/a', text: 'failed', about: { machine: 'm', node: 'a' } },
  ]);
  const news = { ...NO_NEWS, events: events.entries };
  let atMs = NOW_MS + 60_000;
  const model = new TopModel({
    endpoint: '',
    theme: PLAIN_THEME,
    size: { columns: 120, rows: 32 },
    readOnly: true,
    intervalMs: 1_000,
    send: commandGate(async () => ({ ok: false, message: '', output: '' }), { readOnly: true }),
    replay: {
      view: () => ({ startMs: 0, endMs: atMs, atMs, isPaused: true, speed: 1, file: 'x.rec', problem: '' }),
      state: () => (atMs === NOW_MS ? then : later),
      news: () => news,
      topics: () => NO_TOPICS,
      trends: () => NO_TRENDS,
      press: () => false,
      seek: (wantedMs) => {
        atMs = wantedMs;
      },
    },
    quit: () => undefined,
    suspend: () => undefined,
  });
  for (const key of ['9', 'enter', '1', '1']) model.press({ key, text: key });
  const screen = model.screen();
  const lines = screen.kind === 'full' ? screen.panes.flatMap((pane) => pane.lines) : [];
  expect(lines.join('\n')).toMatch(/✗ failed/);
  model.close();
});

test('in a replay its keys go first, unless they are letters of a text', () => {
  const pressed: string[] = [];
  const state = fleetState({ machines: { m: [fleetNode({ name: 'a' })] } });
  const model = new TopModel({
    endpoint: '',
    theme: PLAIN_THEME,
    size: { columns: 120, rows: 32 },
    readOnly: true,
    intervalMs: 1_000,
    send: commandGate(async () => ({ ok: false, message: '', output: '' }), { readOnly: true }),
    replay: {
      view: () => ({ startMs: 0, endMs: 1_000, atMs: 0, isPaused: true, speed: 1, file: 'x.rec', problem: '' }),
      state: () => state,
      news: () => NO_NEWS,
      topics: () => NO_TOPICS,
      trends: () => NO_TRENDS,
      press(key) {
        pressed.push(key);
        return key === ' ';
      },
      seek: () => undefined,
    },
    quit: () => undefined,
    suspend: () => undefined,
  });
  const press = (...keys: readonly string[]): void => {
    for (const key of keys) model.press({ key, text: key.length === 1 ? key : '' });
  };
  press(' ');
  expect(model.ui.views.nodes.marks).toBeUndefined();
  expect(pressed).toEqual([' ']);
  press('/', 'a', ' ', 'enter');
  expect(model.ui.views.nodes.filter).toBe('a ');
  press(':', 'a', ' ', 'b');
  expect(model.ui.overlay).toMatchObject({ kind: 'palette', text: 'a b' });
  // From the details of the node to its log.
  press('escape', 'enter', '2', '/', 'a', ' ');
  expect(model.ui.overlay).toMatchObject({ kind: 'logs', logs: { search: 'a ' } });
  expect(pressed.filter((key) => key === ' ')).toHaveLength(1);
  model.close();
});
