/** What the keys do while `:` is open. Pure. */
import type { KeyPress, KeyResult, KeyScene } from './handle-key.ts';
import { CLOSED } from './overlay-keys.ts';
import { MAX_PALETTE_TEXT, type PaletteEntry, paletteEntries } from './palette.ts';
import { forgetTrail } from './trail.ts';
import { typeInto } from './typed-text.ts';
import { type Overlay, type UiState, withView } from './ui-state.ts';

type PaletteOverlay = Extract<Overlay, { readonly kind: 'palette' }>;

/** `pressMain` does what a key does among the panes. */
export function paletteKey(
  ui: UiState,
  overlay: PaletteOverlay,
  press: KeyPress,
  scene: KeyScene,
  pressMain: (ui: UiState, press: KeyPress, scene: KeyScene) => KeyResult,
): KeyResult {
  const show = (change: Partial<PaletteOverlay>): KeyResult => ({
    ui: { ...ui, overlay: { ...overlay, ...change } },
    effects: [],
  });
  const closed: UiState = { ...ui, overlay: CLOSED };
  const entries = (): readonly PaletteEntry[] => paletteEntries(overlay.text, scene.fleet, scene.keys);
  switch (press.key) {
    case 'escape':
      return { ui: closed, effects: [] };
    case 'up':
    case 'shift-tab':
      return show({ index: Math.max(0, overlay.index - 1) });
    case 'down':
      return show({ index: Math.max(0, Math.min(entries().length - 1, overlay.index + 1)) });
    case 'tab': {
      const entry = entries()[overlay.index];
      return entry === undefined ? show({}) : show({ text: entry.name, index: 0 });
    }
    case 'enter': {
      const entry = entries()[overlay.index];
      if (entry === undefined) return { ui: closed, effects: [] };
      return entry.kind === 'key'
        ? pressMain(closed, { key: entry.key, text: '' }, scene)
        : { ui: goTo(closed, entry), effects: [] };
    }
    default: {
      if (press.key === 'backspace' && overlay.text === '') return { ui: closed, effects: [] };
      const text = typeInto(overlay.text, press, MAX_PALETTE_TEXT);
      return text === undefined ? show({}) : show({ text, index: 0 });
    }
  }
}

function goTo(before: UiState, entry: Exclude<PaletteEntry, { readonly kind: 'key' }>): UiState {
  const ui = forgetTrail(before);
  switch (entry.kind) {
    case 'pane':
      return { ...ui, pane: entry.pane };
    case 'machine':
      return { ...withView(ui, 'nodes', { filter: `machine="${entry.machine}"` }), pane: 'nodes' };
    case 'node':
      // A filter might hide it.
      return { ...withView(ui, 'nodes', { filter: '', key: entry.rowKey }), pane: 'nodes' };
  }
}
