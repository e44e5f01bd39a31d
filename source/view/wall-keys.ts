/** What the keys do among the cameras. Pure. */
import type { Effect, KeyPress, KeyResult } from './handle-key.ts';
import type { Keymap } from './keymap.ts';
import type { Overlay, UiState } from './ui-state.ts';
import type { WallGrid } from './wall-scene.ts';

const NOTHING: readonly Effect[] = [];

export function wallKey(
  before: UiState,
  overlay: Extract<Overlay, { readonly kind: 'cameras' }>,
  { key }: KeyPress,
  keymap: Keymap,
  grid: WallGrid = { keys: [], columns: 1, perPage: 1 },
): KeyResult {
  const action = keymap.bindingOf(key)?.action;
  // Any key takes an old notice away.
  const ui = before.notice === undefined ? before : { ...before, notice: undefined };
  const show = (change: Partial<typeof overlay>): KeyResult => ({
    ui: { ...ui, overlay: { ...overlay, ...change } },
    effects: NOTHING,
  });
  switch (action) {
    case 'back':
    case 'quit':
      return overlay.isLarge ? show({ isLarge: false }) : closed(ui);
    case 'cameras':
      return closed(ui);
    case 'details':
      return show({ isLarge: !overlay.isLarge });
    case 'photo': {
      const [machine, node] = splitKey(overlay.key);
      if (machine === undefined || node === undefined || !grid.keys.includes(overlay.key ?? '')) return show({});
      return { ui, effects: [{ kind: 'photo', machine, node }] };
    }
    default: {
      const by = stepOf(key, action, overlay.isLarge ? { ...grid, columns: 1, perPage: 1 } : grid);
      if (by === undefined) return show({});
      const index = Math.max(0, grid.keys.indexOf(overlay.key ?? ''));
      const last = grid.keys.length - 1;
      // Off the first or last row the selection stays where it is; ends and pages stop at the first and last camera.
      const isRowStep = action === 'up' || action === 'down';
      if (isRowStep && grid.keys[index + by] === undefined) return show({});
      return show({ key: grid.keys[Math.min(last, Math.max(0, index + by))] ?? overlay.key });
    }
  }
}

function closed(ui: UiState): KeyResult {
  return { ui: { ...ui, overlay: { kind: 'none' } }, effects: NOTHING };
}

/** How far a key moves among the cameras, which stand in rows. */
function stepOf(key: string, action: string | undefined, { keys, columns, perPage }: WallGrid): number | undefined {
  switch (action) {
    case 'next-pane':
      return 1;
    case 'previous-pane':
      return -1;
    case 'up':
      return -columns;
    case 'down':
      return columns;
    case 'first':
      return -keys.length;
    case 'last':
      return keys.length;
    case 'page-up':
      return -perPage;
    case 'page-down':
      return perPage;
    default:
      // The right in vi; in the panes this key opens the log.
      return key === 'l' ? 1 : undefined;
  }
}

/** Of `machine/node`: a machine's id holds no slash, a camera's name may. */
function splitKey(key: string | undefined): readonly (string | undefined)[] {
  const at = key?.indexOf('/') ?? -1;
  return key === undefined || at < 0 ? [] : [key.slice(0, at), key.slice(at + 1)];
}
