/** From one row to another that has to do with it, and back again the same way. Pure. */
import type { RowLink } from './links.ts';
import { type Overlay, openedLogs, type Place, type UiState } from './ui-state.ts';

/** A way longer than this loses its beginning. */
const MAX_PLACES = 32;

/** The screen after a link was followed. The log of a node is still to be asked for. */
export function followLink(ui: UiState, { to }: RowLink): UiState {
  // Who goes to another time wants to look around there.
  if (to.kind === 'moment') return { ...forgetTrail(ui), overlay: CLOSED };
  if (to.kind === 'logs') {
    const { machine, node } = to;
    const logs = openedLogs([{ machine, node }]);
    return { ...remember(ui, ui.pane, 'overlay'), overlay: { kind: 'logs', logs } };
  }
  const view = { ...ui.views[to.pane], filter: to.kind === 'filter' ? to.filter : '', index: 0, top: 0 };
  const next = remember(ui, to.pane, to.kind === 'row' ? 'overlay' : 'pane');
  if (to.kind === 'filter') {
    const { key: _, ...first } = view;
    return { ...next, pane: to.pane, views: { ...ui.views, [to.pane]: first }, overlay: CLOSED };
  }
  const views = { ...ui.views, [to.pane]: { ...view, key: to.key } };
  if (to.kind === 'place') return { ...next, pane: to.pane, views, overlay: CLOSED };
  return {
    ...next,
    pane: to.pane,
    views,
    overlay: { kind: 'details', pane: to.pane, key: to.key, top: 0 },
  };
}

function remember(ui: UiState, entered: UiState['pane'], opened: Place['opened']): UiState {
  const place: Place = { pane: ui.pane, overlay: ui.overlay, entered, enteredView: ui.views[entered], opened };
  return { ...ui, trail: [...ui.trail, place].slice(-MAX_PLACES) };
}

/** Closes what lies on top, or goes back to where the last link was followed; undefined where there is neither. */
export function goBack(ui: UiState): UiState | undefined {
  const place = ui.trail.at(-1);
  const isOpen = ui.overlay.kind !== 'none';
  // What was opened without a link is only closed.
  if (place === undefined || (place.opened === 'overlay') !== isOpen) {
    return isOpen ? { ...ui, overlay: CLOSED } : undefined;
  }
  return {
    ...ui,
    pane: place.pane,
    overlay: place.overlay,
    views: { ...ui.views, [place.entered]: place.enteredView },
    trail: ui.trail.slice(0, -1),
  };
}

const CLOSED: Overlay = { kind: 'none' };

/** Somebody went another way by himself: there is nothing to go back to. */
export function forgetTrail(ui: UiState): UiState {
  return ui.trail.length === 0 ? ui : { ...ui, trail: [] };
}
