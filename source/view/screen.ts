/**
 * The whole screen as painted lines, from what is known and what is chosen. Pure: the painter of ui/ only puts these
 * lines in their places, and sends what differs.
 */
import type { Alert } from '../fleet/alert.ts';
import type { Trends } from '../fleet/history.ts';
import type { FleetState } from '../fleet/state.ts';
import { countActionRows, drawActions } from './actions-list.ts';
import { alertText } from './alerts.ts';
import type { PicturePlace } from './camera-tile.ts';
import { type PicturesView, wallFooter } from './camera-wall.ts';
import { detailsOf } from './details.ts';
import type { DetailsLook } from './details-look.ts';
import { detailsScene } from './details-scene.ts';
import type { DetailsTable } from './details-table.ts';
import { drawPane } from './draw-pane.ts';
import { footerLine } from './footer.ts';
import { plural } from './format.ts';
import { innerWidth } from './frame.ts';
import { headerLine } from './header.ts';
import { type KeyContext, keymapOf } from './keymap.ts';
import { type Layout, layoutOf, MIN_COLUMNS, MIN_ROWS, type PaneId, type Rect, type Size } from './layout.ts';
import type { RowLink } from './links.ts';
import { drawLogs, logRows } from './log-view.ts';
import { drawDialog, drawHelp, helpLines } from './overlays.ts';
import type { OwnCost } from './own-cost.ts';
import { drawPalette, paletteEntries } from './palette.ts';
import type { PaneContent } from './pane.ts';
import { PANES } from './panes.ts';
import { type ReplayView, replayLine } from './replay-line.ts';
import type { FleetRows } from './rows.ts';
import { tabsOf } from './tab-line.ts';
import { fit, sanitize, wrap } from './text.ts';
import type { Line, Span, Theme } from './theme.ts';
import { type Overlay, settleView, type UiState } from './ui-state.ts';
import type { UsualVersions } from './versions.ts';
import { detailsPicture, drawWallScene, type WallGrid } from './wall-scene.ts';

/** A piece of painted text and its place. */
export interface Placed {
  readonly rect: Rect;
  readonly lines: readonly string[];
  /** Absent for what lies over the panes. */
  readonly pane?: PaneId;
}

export type Screen =
  | { readonly kind: 'sentence'; readonly size: Size; readonly lines: readonly string[] }
  | {
      readonly kind: 'full';
      readonly size: Size;
      /** Header, alerts, tabs: what stands above the panes. */
      readonly above: readonly string[];
      /** Side by side or one below the other; what lies over all of them takes their place. */
      readonly panes: readonly Placed[];
      readonly dialog?: Placed;
      readonly details?: {
        readonly rect: Rect;
        readonly table: DetailsTable;
        readonly remark: string;
        readonly look: DetailsLook;
      };
      readonly footer: string;
      /** Boxes that are left blank for pictures. */
      readonly pictures: readonly PicturePlace[];
    };

export interface SceneInput {
  readonly fleet: FleetState;
  readonly rows: FleetRows;
  readonly content: (pane: PaneId) => PaneContent;
  readonly ui: UiState;
  readonly size: Size;
  readonly theme: Theme;
  readonly nowMs: number;
  readonly keys: KeyContext;
  readonly readOnly: boolean;
  readonly banner?: string;
  /** What is wrong now, worst first. */
  readonly alerts: readonly Alert[];
  /** Where a recording stands, if this shows one. */
  readonly replay?: ReplayView;
  readonly pictures: PicturesView;
  readonly trends: Trends;
  readonly usual: UsualVersions;
  /** Of this program itself. */
  readonly cost?: OwnCost;
}

export interface Scene {
  readonly screen: Screen;
  /** The state of the screen with selections and windows where they are drawn. */
  readonly ui: UiState;
  /** Rows that the selected pane or the overlay shows at once. */
  readonly pageRows: number;
  /** Lines the overlay has in all. */
  readonly overlayRows: number;
  /** Where digits lead from the details that are open. */
  readonly links: readonly RowLink[];
  /** Keys of the rows that are drawn, by pane; those in the details count as drawn. */
  readonly visible: ReadonlyMap<PaneId, readonly string[]>;
  /** Rows of the open log. */
  readonly logRows?: readonly string[];
  /** The camera wall, where it is open. */
  readonly wall?: WallGrid;
}

export function buildScene(input: SceneInput): Scene {
  const { fleet, rows, theme, nowMs, size, alerts } = input;
  const layout = layoutOf(size, alerts.length, input.ui.pane, input.replay === undefined ? 0 : 1);
  if (layout.kind === 'too-small') {
    return { screen: tooSmall(input), ui: input.ui, pageRows: 1, overlayRows: 0, ...NO_ROWS };
  }
  const ui = settleAll(input, layout);
  const { glyphs } = theme;
  const above = [
    theme.paint(headerLine(fleet, rows, { ...input, width: size.columns, glyphs })),
    ...(input.replay === undefined ? [] : [theme.paint(replayLine(input.replay, size.columns))]),
    ...alertLines(input, layout.alertRows),
    ...(layout.kind === 'tabs' ? [tabLine(input, size.columns)] : []),
  ];
  const footer = theme.paint(footerSpans(input, ui));
  const body: Rect = { x: 0, y: above.length, width: size.columns, height: size.rows - above.length - 1 };
  const page = Math.max(1, body.height - 2);
  const { overlay } = ui;
  switch (overlay.kind) {
    case 'logs': {
      const panes = [{ rect: body, lines: drawLogs(overlay.logs, body, theme) }];
      const shown = logRows(overlay.logs, body);
      return {
        screen: { kind: 'full', size, above, panes, footer, pictures: [] },
        ui,
        pageRows: page,
        overlayRows: shown.length,
        logRows: shown,
        ...NO_ROWS,
      };
    }
    case 'actions': {
      const panes = [{ rect: body, lines: drawActions(ui.actions, overlay.top, body, theme, nowMs) }];
      const overlayRows = countActionRows(ui.actions, body.width);
      const screen: Screen = { kind: 'full', size, above, panes, footer, pictures: [] };
      return { screen, ui, pageRows: page, overlayRows, ...NO_ROWS };
    }
    case 'help': {
      const isReplay = input.replay !== undefined;
      const panes = [{ rect: body, lines: drawHelp(overlay.top, body, theme, keymapOf(input.keys), isReplay) }];
      const overlayRows = helpLines(innerWidth(body.width), keymapOf(input.keys), isReplay).length;
      const screen: Screen = { kind: 'full', size, above, panes, footer, pictures: [] };
      return { screen, ui, pageRows: page, overlayRows, ...NO_ROWS };
    }
    case 'cameras':
      return wallScene(input, ui, overlay, above, body);
    case 'details': {
      const picture = detailsPicture(input, overlay, body);
      const width = body.width - (picture === undefined ? 0 : picture.area.width + 1);
      const table = detailsOf(PANES[overlay.pane], { state: fleet, rows, nowMs }, overlay.key, width);
      if (table !== undefined)
        return detailsScene(input, ui, overlay, above, footer, { ...body, width }, table, picture);
      break;
    }
    default:
  }
  const shown = shownPanes(layout, ui);
  const isAlone = shown.length === 1;
  const panes = shown.map(([pane, rect]) => ({ pane, rect, lines: drawPane(input, ui, pane, rect, isAlone) }));
  const dialog = drawOnTop(input, overlay);
  const pane = shown.find(([id]) => id === ui.pane);
  const pageRows = Math.max(1, (pane?.[1].height ?? 4) - 3);
  const visible = new Map(
    shown.map(([id, rect]) => {
      const { top } = ui.views[id];
      const keys = input.content(id).rows.slice(top, top + Math.max(1, rect.height - 3));
      return [id, keys.map((row) => row.key)] as const;
    }),
  );
  const screen: Screen = { kind: 'full', size, above, panes, dialog, footer, pictures: [] };
  return { screen, ui, pageRows, overlayRows: 0, links: [], visible };
}

const NO_ROWS: Pick<Scene, 'links' | 'visible'> = { links: [], visible: new Map() };
function drawOnTop({ rows, keys, size, theme }: SceneInput, overlay: Overlay): Placed | undefined {
  if (overlay.kind === 'dialog') return drawDialog(overlay.dialog, size, theme);
  if (overlay.kind !== 'palette') return undefined;
  return drawPalette(paletteEntries(overlay.text, rows, keys), overlay.index, size, theme);
}

/** The last line before it is painted: the mouse must know what stands where. */
export function footerSpans(input: SceneInput, ui: UiState): Line {
  const { glyphs } = input.theme;
  const { columns: width } = input.size;
  const options = { nowMs: input.nowMs, width, keys: input.keys, glyphs, cost: input.cost };
  if (ui.overlay.kind !== 'cameras') return footerLine(ui, options);
  if (ui.notice === undefined) return wallFooter(input.pictures, ui.overlay.isLarge, width, glyphs.enter);
  return footerLine({ ...ui, overlay: { kind: 'none' } }, options);
}

function shownPanes(layout: Exclude<Layout, { kind: 'too-small' }>, ui: UiState): readonly (readonly [PaneId, Rect])[] {
  if (layout.kind === 'tabs') return [[ui.pane, layout.pane]];
  // In reading order: the two upper ones side by side, then one below the other.
  return (['routers', 'shm', 'nodes', 'peers'] as const).map((id) => [id, layout.panes[id]] as const);
}

/** Puts every selection on a row that exists, and every window where its selection is. */
function settleAll(input: SceneInput, layout: Exclude<Layout, { kind: 'too-small' }>): UiState {
  let { ui } = input;
  for (const [pane, rect] of shownPanes(layout, ui)) {
    const view = ui.views[pane];
    const settled = settleView(view, input.content(pane).rows, Math.max(1, rect.height - 3));
    if (settled !== view) ui = { ...ui, views: { ...ui.views, [pane]: settled } };
  }
  return ui;
}

/** As many tabs as fit, those about the selected one where not all do. */
function tabLine({ theme, content, ui }: SceneInput, width: number): string {
  const tabs = tabsOf(ui.pane, (id) => content(id).totalCount, width);
  const spans = tabs.map(({ pane, text }): Span => ({ text, style: pane === ui.pane ? 'choice' : 'dim' }));
  const used = tabs.reduce((sum, { text }) => sum + text.length, 0);
  return theme.paint([...spans, { text: ' '.repeat(Math.max(0, width - used)) }]);
}

function alertLines({ alerts, fleet, nowMs, size, theme }: SceneInput, rows: number): readonly string[] {
  const width = size.columns;
  return alerts.slice(0, rows).map((alert, index) => {
    const left = alerts.length - rows;
    const more = index === rows - 1 && left > 0 ? `  and ${plural(left, 'more', 'more')} ` : '';
    const text = fit(
      ` ${theme.glyphs.warn} ${sanitize(alertText(alert, fleet, nowMs))}`,
      width - more.length,
      'left',
      theme.glyphs.ellipsis,
    );
    return theme.paint([
      { text, style: alert.severity },
      { text: more, style: 'dim' },
    ]);
  });
}

function wallScene(
  input: SceneInput,
  ui: UiState,
  choice: Extract<Overlay, { readonly kind: 'cameras' }>,
  above: readonly string[],
  body: Rect,
): Scene {
  const { theme, size } = input;
  const { wall, grid, overlay } = drawWallScene(input, choice, body);
  return {
    screen: {
      kind: 'full',
      size,
      above,
      panes: [{ rect: body, lines: wall.lines }],
      footer: theme.paint(footerSpans(input, ui)),
      pictures: wall.places,
    },
    ui: overlay === choice ? ui : { ...ui, overlay },
    pageRows: 1,
    overlayRows: 0,
    ...NO_ROWS,
    wall: grid,
  };
}

function tooSmall({ size, theme }: SceneInput): Screen {
  const sentence = `bubbaloop needs ${MIN_COLUMNS}x${MIN_ROWS}; this terminal is ${size.columns}x${size.rows}. Enlarge it, or q quits.`;
  const lines = wrap(sentence, size.columns).slice(0, Math.max(1, size.rows));
  return { kind: 'sentence', size, lines: lines.map((text) => theme.paint([{ text }])) };
}
