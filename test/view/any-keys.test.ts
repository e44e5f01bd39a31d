import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { changesBetween } from '../../source/fleet/changes.ts';
import type { FleetState } from '../../source/fleet/state.ts';
import { Timeline } from '../../source/fleet/timeline.ts';
import { NO_TOPICS, type Topic } from '../../source/fleet/topics.ts';
import { keepLayout, restoreLayout } from '../../source/view/kept-layout.ts';
import { KEYMAP } from '../../source/view/keymap.ts';
import type { Size } from '../../source/view/layout.ts';
import { tellStory } from '../support/fleet-story.ts';
import { Desk, NOW_MS } from '../support/screen-input.ts';
import { type SeededRandom, seededRandom } from '../support/seeded-random.ts';

const SIZES: readonly [Size, ...Size[]] = [
  { columns: 60, rows: 16 },
  { columns: 80, rows: 24 },
  { columns: 160, rows: 45 },
];
const KEYS = [
  ...KEYMAP.flatMap(({ keys }) => keys),
  'escape',
  'escape',
  'y',
  '"',
  '-',
  '=',
  'm',
  'backspace',
  '名',
  '😀',
];
const MOUSE = ['click', 'wheel-up', 'wheel-down'] as const;

const TOPICS: readonly Topic[] = Array.from({ length: 30 }, (_, index) => ({
  keyExpr: `bubbaloop/global/jetson_${index % 4}/node_${index % 5}/key_${index}`,
  machine: `jetson_${index % 4}`,
  publishers: ['aa11'],
  subscribers: ['bb22'],
}));

/** What is drawn leaves nothing blank and nothing over. */
function problemsOf(desk: Desk): readonly string[] {
  const { screen } = desk.scene();
  if (screen.kind === 'sentence') return [];
  const { columns } = desk.size;
  const boxes = [...screen.panes, ...(screen.dialog === undefined ? [] : [screen.dialog])];
  return [
    ...[...screen.above, screen.footer].filter((line) => stringWidth(line) !== columns),
    ...boxes.filter(({ rect, lines }) => lines.length !== rect.height).map(({ rect }) => `height ${rect.height}`),
    ...boxes.flatMap(({ rect, lines }) => lines.filter((line) => stringWidth(line) !== rect.width)),
  ];
}

/** The key. */
function anyPress(desk: Desk, random: SeededRandom): string {
  if (random.below(60) === 0) desk.size = random.pick(SIZES);
  if (random.below(15) === 0) {
    desk.mouse(random.pick(MOUSE), random.below(desk.size.columns), random.below(desk.size.rows));
  }
  const key = random.pick(KEYS as [string, ...string[]]);
  desk.press(key);
  return key;
}

test.each([[1], [2], [3], [4]])('whatever is pressed while things happen, screens are whole (%i)', (seed) => {
  const random = seededRandom(seed);
  const states: { readonly state: FleetState; readonly atMs: number }[] = [];
  tellStory({ machines: 4, nodes: 5, steps: 60, seed }, (state, atMs) => states.push({ state, atMs }));
  const timeline = new Timeline();
  let before = states.shift()?.state;
  if (before === undefined) throw new Error('no story');
  const desk = new Desk(before, random.pick(SIZES));
  desk.topics = { ...NO_TOPICS, phase: 'ready', topics: TOPICS };
  if (seed % 2 === 0) {
    desk.replay = { file: 'x', startMs: 0, endMs: NOW_MS, atMs: NOW_MS, isPaused: true, speed: 1, problem: '' };
  }
  const pressed: string[] = [];
  for (let step = 0; step < 400; step += 1) {
    const next = random.below(8) === 0 ? states.shift() : undefined;
    if (next !== undefined) {
      timeline.add(next.atMs, changesBetween(before, next.state, false));
      before = next.state;
      desk.fleet = before;
      desk.nowMs = next.atMs;
      desk.events = timeline.entries;
    }
    pressed.push(anyPress(desk, random));
    expect(problemsOf(desk), pressed.slice(-8).join(' ')).toEqual([]);
  }
  expect(restoreLayout(JSON.parse(JSON.stringify(keepLayout(desk.ui))))).toBeDefined();
});
