/** What the keys do in an open log. Pure. */
import type { KeyPress, KeyResult, KeyScene } from './handle-key.ts';
import { keymapOf } from './keymap.ts';
import { findRow } from './log-view.ts';
import { CLOSED, moveBy } from './overlay-keys.ts';
import type { NodeRow } from './rows.ts';
import { forgetTrail, goBack } from './trail.ts';
import { typeInto } from './typed-text.ts';
import { type LogsView, openedLogs, type UiState } from './ui-state.ts';

/** So many logs are followed together: each costs its robot's line. */
export const MAX_LOG_TARGETS = 16;
const MAX_TEXT = 200;
/** Columns for one press of an arrow. */
const SIDEWAYS = 16;
const MAX_LEFT = 2_000;

export function openLogs(ui: UiState, rows: readonly NodeRow[], nowMs: number): KeyResult {
  if (rows.length === 0) return { ui, effects: [] };
  if (rows.length > MAX_LOG_TARGETS) {
    const text = `${rows.length} nodes are chosen: at most ${MAX_LOG_TARGETS} logs are shown together.`;
    return { ui: { ...ui, notice: { kind: 'info', text, atMs: nowMs } }, effects: [] };
  }
  const targets = rows.map(({ machine, node }) => ({ machine, node: node.name }));
  const logs = openedLogs(targets);
  return { ui: { ...ui, overlay: { kind: 'logs', logs } }, effects: [{ kind: 'logs', targets }] };
}

export function logKey(before: UiState, logs: LogsView, press: KeyPress, scene: KeyScene): UiState {
  // Any key takes an old notice away.
  const ui = before.notice === undefined ? before : { ...before, notice: undefined };
  const show = (change: Partial<LogsView>): UiState => ({
    ...ui,
    overlay: { kind: 'logs', logs: { ...logs, ...change } },
  });
  if (logs.typing !== undefined) return typingKey(ui, logs, logs.typing, press, scene);
  const action = keymapOf(scene.keys).bindingOf(press.key)?.action;
  const rows = scene.logRows ?? [];
  const lastTop = Math.max(0, rows.length - scene.pageRows);
  const top = logs.top === 'end' ? lastTop : Math.min(logs.top, lastTop);
  switch (action) {
    case 'back':
      // As among the panes, Esc takes the filter away before it leaves.
      if (logs.filter !== '' || logs.search !== '') return show({ filter: '', search: '', found: undefined });
      return goBack(ui) ?? ui;
    case 'logs':
      return goBack(ui) ?? ui;
    case 'quit':
    case 'details':
      return { ...forgetTrail(ui), overlay: CLOSED };
    case 'filter':
      return show({ typing: 'search', search: '', found: undefined });
    case 'log-filter':
      return show({ typing: 'filter' });
    case 'log-wrap':
      return show({ isWrapped: !logs.isWrapped, left: 0, found: undefined });
    case 'log-next':
      return goToFound(ui, logs, scene, (logs.found ?? top - 1) + 1, 1);
    case 'log-previous':
      return goToFound(ui, logs, scene, (logs.found ?? top) - 1, -1);
    case 'next-pane':
      return logs.isWrapped ? ui : show({ left: Math.min(MAX_LEFT, logs.left + SIDEWAYS) });
    case 'previous-pane':
      return show({ left: Math.max(0, logs.left - SIDEWAYS) });
    default: {
      const by = action === undefined ? undefined : moveBy(action, scene.pageRows, rows.length);
      if (by === undefined) return ui;
      const next = Math.min(lastTop, Math.max(0, top + by));
      // Back at the bottom, it follows again.
      return show({ top: next >= lastTop ? 'end' : next });
    }
  }
}

function typingKey(
  ui: UiState,
  logs: LogsView,
  typing: 'search' | 'filter',
  press: KeyPress,
  scene: KeyScene,
): UiState {
  const show = (change: Partial<LogsView>): UiState => ({
    ...ui,
    overlay: { kind: 'logs', logs: { ...logs, ...change } },
  });
  switch (press.key) {
    case 'escape':
      return show({ [typing]: '', typing: undefined, found: undefined });
    case 'enter': {
      const settled = { ...logs, typing: undefined };
      if (typing === 'filter') return show(settled);
      const rows = scene.logRows ?? [];
      const lastTop = Math.max(0, rows.length - scene.pageRows);
      // What follows is looked through from its end back, what is held from its window on.
      return logs.top === 'end'
        ? goToFound(ui, settled, scene, rows.length - 1, -1)
        : goToFound(ui, settled, scene, Math.min(logs.top, lastTop), 1);
    }
    default: {
      if (press.key === 'backspace' && logs[typing] === '') return show({ typing: undefined });
      const text = typeInto(logs[typing], press, MAX_TEXT);
      return text === undefined ? ui : show({ [typing]: text, found: undefined });
    }
  }
}

function goToFound(ui: UiState, logs: LogsView, scene: KeyScene, from: number, step: 1 | -1): UiState {
  const rows = scene.logRows ?? [];
  const found = findRow(rows, logs.search, from, step);
  if (found === undefined) {
    const text = logs.search === '' ? 'Nothing is looked for: / begins.' : `"${logs.search}" is in no line here.`;
    return { ...ui, overlay: { kind: 'logs', logs }, notice: { kind: 'info', text, atMs: scene.nowMs } };
  }
  const lastTop = Math.max(0, rows.length - scene.pageRows);
  const now = logs.top === 'end' ? lastTop : Math.min(logs.top, lastTop);
  const isSeen = found >= now && found < now + scene.pageRows;
  const top = isSeen ? now : Math.min(lastTop, Math.max(0, found - Math.floor(scene.pageRows / 3)));
  // A place that was found stays where it is while lines come.
  return { ...ui, overlay: { kind: 'logs', logs: { ...logs, found, top } } };
}
