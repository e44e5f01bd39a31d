/**
 * What of the screen is kept between runs: the pane, and of each pane its filter and its order. Pure. All of it is told in
 * the title of its pane, so that nobody takes what was left out yesterday for what is not there.
 */
import { PANE_IDS, type PaneId } from './layout.ts';
import { PANES } from './panes.ts';
import type { SortChoice } from './sort-rows.ts';
import { sanitize } from './text.ts';
import { INITIAL_UI, type PaneView, type UiState, withView } from './ui-state.ts';

/** Counted up when older programs would misread it. */
const VERSION = 1;
const MAX_FILTER_LENGTH = 200;

type Kept = Pick<PaneView, 'filter' | 'sort'>;

/** As JSON. */
export function keepLayout(ui: UiState): unknown {
  const views = PANE_IDS.map((id) => {
    const { filter, sort } = ui.views[id];
    return [id, { filter, sort } satisfies Kept] as const;
  });
  return { version: VERSION, pane: ui.pane, views: Object.fromEntries(views) };
}

/** The first state of a screen from what {@link keepLayout} made; undefined where it is something else. */
export function restoreLayout(json: unknown): UiState | undefined {
  if (!isRecord(json) || json.version !== VERSION || !isRecord(json.views)) return undefined;
  const { pane, views } = json;
  let ui = INITIAL_UI;
  // Panes that this program does not know are those of another version: no damage.
  const known = PANE_IDS.find((id) => id === pane);
  if (known !== undefined) ui = { ...ui, pane: known };
  for (const id of PANE_IDS) {
    const view = views[id];
    if (view === undefined) continue;
    if (!isRecord(view) || !isFilter(view.filter)) return undefined;
    const sort = restoreSort(id, view.sort);
    if (sort === 'damaged') return undefined;
    ui = withView(ui, id, { filter: view.filter, ...(sort === undefined ? {} : { sort }) });
  }
  return ui;
}

function restoreSort(pane: PaneId, value: unknown): SortChoice | undefined | 'damaged' {
  if (value === undefined) return undefined;
  if (!isRecord(value)) return 'damaged';
  const { column, isDescending } = value;
  if (typeof column !== 'string' || typeof isDescending !== 'boolean') return 'damaged';
  // A column that this program does not have is one of another version.
  return PANES[pane].columns.some(({ id }) => id === column) ? { column, isDescending } : undefined;
}

function isFilter(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_FILTER_LENGTH && value.normalize('NFC') === sanitize(value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
