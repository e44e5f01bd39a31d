/**
 * Between the fleet and the screen: takes events and keys, decides when to draw, and hands the components a screen only
 * when it differs from the last. No React here.
 */
import type { Outcome } from '../fleet/control.ts';
import type { FleetEvent } from '../fleet/events.ts';
import { reduce } from '../fleet/reduce.ts';
import { type FleetState, initialState, nodeKey } from '../fleet/state.ts';
import type { PicturePlace } from '../view/camera-tile.ts';
import { NO_PICTURES, type PicturesView } from '../view/camera-wall.ts';
import { type Effect, handleKey, type KeyPress, selectedNode } from '../view/handle-key.ts';
import type { KeyContext, Keymap } from '../view/keymap.ts';
import type { Size } from '../view/layout.ts';
import { toLogLines } from '../view/log-lines.ts';
import { handleMouse, type MouseEvent } from '../view/mouse.ts';
import { createContentMaker } from '../view/panes.ts';
import { createRowMaker } from '../view/rows.ts';
import { buildScene, type Scene, type SceneInput, type Screen } from '../view/screen.ts';
import type { Theme } from '../view/theme.ts';
import { INITIAL_UI, type LogsView, type NodeTarget, type UiState } from '../view/ui-state.ts';
import type { NodeAction } from '../wire/command.ts';
import { shareScreen } from './share-screen.ts';

/** Where the pictures of cameras come from and go to. */
export interface PicturesPort {
  view(): PicturesView;
  /** The boxes of the screen that is about to be drawn; `isLooking`: it may show cameras. */
  show(places: readonly PicturePlace[], isLooking: boolean): void;
  /** Saves a picture of a camera that is shown; never rejects. */
  photo(camera: NodeTarget): Promise<{ readonly ok: boolean; readonly message: string }>;
  onChange(listener: () => void): () => void;
}

export interface TopModelOptions {
  readonly endpoint: string;
  readonly theme: Theme;
  readonly size: Size;
  readonly readOnly: boolean;
  /** Least time between two screens that nobody asked for with a key; also the step of the ages. Milliseconds. */
  readonly intervalMs: number;
  readonly banner?: string;
  /** The keys as this user has them; absent: the usual ones. */
  readonly keymap?: Keymap;
  /** What was chosen when the last run ended. */
  readonly initialUi?: UiState;
  /** Sends a command to a daemon and tells what came of it; never rejects. */
  send(target: NodeTarget, action: NodeAction): Promise<Outcome>;
  quit(): void;
  suspend(): void;
  /** Absent: no cameras. */
  readonly pictures?: PicturesPort;
  /** Whether the terminal has not taken what it was given: drawing more would only pile up. */
  isClogged?(): boolean;
  /** `Date.now` unless a test has its own. */
  now?(): number;
}

/** News that is worth a screen at once is still not drawn more often than this. */
const URGENT_GAP_MS = 50;
/** How soon it is tried again to draw on a terminal that is behind. */
const CLOGGED_GAP_MS = 100;
const LOGS_REFRESH_MS = 2_000;
const NOTICE_MS = 8_000;

export class TopModel {
  readonly #options: TopModelOptions;
  readonly #now: () => number;
  readonly #makeRows = createRowMaker();
  readonly #makeContent = createContentMaker();
  readonly #listeners = new Set<() => void>();
  #fleet: FleetState;
  #ui: UiState;
  #theme: Theme;
  #size: Size;
  #scene: Scene;
  #drawnAtMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #dueAtMs = Number.POSITIVE_INFINITY;
  #logsTimer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: TopModelOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#size = options.size;
    this.#theme = options.theme;
    this.#ui = options.initialUi ?? INITIAL_UI;
    this.#fleet = initialState(options.endpoint, this.#now());
    this.#scene = this.#build();
    options.pictures?.onChange(() => this.#schedule(URGENT_GAP_MS));
    this.#schedule(options.intervalMs);
  }

  /** The screen now; the same object as long as nothing on it changed. */
  readonly screen = (): Screen => this.#scene.screen;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Takes in what happened to the fleet. Link changes and tokens are drawn at once, the rest at the next interval. */
  readonly dispatch = (event: FleetEvent): void => {
    const before = this.#fleet;
    this.#fleet = reduce(before, event);
    if (this.#fleet === before) return;
    const isUrgent =
      event.type === 'link' || event.type === 'tokens' || event.type === 'round' || this.#ui.pending.size > 0;
    this.#schedule(isUrgent ? URGENT_GAP_MS : this.#options.intervalMs);
  };

  press(press: KeyPress): void {
    const result = handleKey(this.#ui, press, {
      nowMs: this.#now(),
      rows: this.#content(this.#ui.pane).rows,
      pageRows: this.#scene.pageRows,
      overlayRows: this.#scene.overlayRows,
      keys: this.#keyContext(),
      wall: this.#scene.wall,
    });
    this.#ui = result.ui;
    for (const effect of result.effects) this.#perform(effect);
    this.#draw();
  }

  /** A click or a turn of the wheel, on what is drawn now. */
  mouse(event: MouseEvent): void {
    const { ui, keys } = handleMouse(event, this.#sceneInput(), this.#scene);
    this.#ui = ui;
    for (const key of keys) this.press({ key, text: '' });
    if (keys.length === 0) this.#draw();
  }

  /** What is chosen on the screen now. */
  get ui(): UiState {
    return this.#ui;
  }

  /** Draws in other colours from here on. */
  setTheme(theme: Theme): void {
    this.#theme = theme;
    this.#draw();
  }

  resize(size: Size): void {
    this.#size = size;
    this.#draw();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#logsTimer);
    this.#listeners.clear();
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case 'quit':
        this.#options.quit();
        return;
      case 'suspend':
        this.#options.suspend();
        return;
      case 'command':
        void this.#command(effect, effect.action);
        return;
      case 'logs':
        void this.#fetchLogs(effect);
        return;
      case 'photo':
        void this.#photo(effect);
    }
  }

  async #command(target: NodeTarget, action: NodeAction): Promise<void> {
    // The key map refuses this already; a second lock costs nothing and cannot be typed around.
    if (this.#options.readOnly) return;
    const key = nodeKey(target.machine, target.node);
    const pending = new Map(this.#ui.pending).set(key, { action, sinceMs: this.#now() });
    this.#ui = { ...this.#ui, pending, notice: undefined };
    const outcome = await this.#options.send(target, action);
    if (this.#isClosed) return;
    const rest = new Map(this.#ui.pending);
    rest.delete(key);
    const words = outcome.message === '' ? (outcome.ok ? 'done' : 'refused, without a reason') : outcome.message;
    this.#ui = {
      ...this.#ui,
      pending: rest,
      notice: {
        kind: outcome.ok ? 'good' : 'bad',
        text: `${action} ${target.node} on ${target.machine}: ${words}`,
        atMs: this.#now(),
      },
    };
    this.#draw();
  }

  async #photo(target: NodeTarget): Promise<void> {
    const taken = await this.#options.pictures?.photo(target);
    if (this.#isClosed || taken === undefined) return;
    const text = `Photo of ${target.node}: ${taken.message}`;
    this.#ui = { ...this.#ui, notice: { kind: taken.ok ? 'good' : 'bad', text, atMs: this.#now() } };
    this.#draw();
  }

  /** Asks for a log as long as it is open. */
  async #fetchLogs(target: NodeTarget): Promise<void> {
    if (this.#openLogs(target) === undefined) return;
    const outcome = await this.#options.send(target, 'get_logs');
    const open = this.#openLogs(target);
    if (this.#isClosed || open === undefined) return;
    const logs = outcome.ok
      ? { ...open, phase: 'ready' as const, lines: toLogLines(outcome.output), message: outcome.message }
      : // Lines that were read stay: a daemon that misses one question has not lost them.
        { ...open, phase: open.lines.length > 0 ? open.phase : ('failed' as const), message: outcome.message };
    this.#ui = { ...this.#ui, overlay: { kind: 'logs', logs } };
    this.#draw();
    clearTimeout(this.#logsTimer);
    this.#logsTimer = setTimeout(() => void this.#fetchLogs(target), LOGS_REFRESH_MS);
  }

  #openLogs({ machine, node }: NodeTarget): LogsView | undefined {
    const { overlay } = this.#ui;
    if (overlay.kind !== 'logs') return undefined;
    return overlay.logs.machine === machine && overlay.logs.node === node ? overlay.logs : undefined;
  }

  #content(pane: UiState['pane']) {
    return this.#makeContent(pane, this.#makeRows(this.#fleet), this.#ui.views[pane].filter);
  }

  #keyContext(): KeyContext {
    const { link } = this.#fleet;
    const rows = this.#content(this.#ui.pane).rows;
    const row = selectedNode(this.#ui, rows);
    return {
      readOnly: this.#options.readOnly,
      linkProblem: link.state === 'connected' ? undefined : 'There is no link to the router now: nothing can be sent.',
      isWallOpen: this.#ui.overlay.kind === 'cameras',
      keymap: this.#options.keymap,
      hasRow: rows.length > 0,
      hasFilter: this.#ui.views[this.#ui.pane].filter !== '',
      node:
        row === undefined
          ? undefined
          : {
              name: row.node.name,
              machine: row.machine,
              status: row.node.status,
              isLost: row.freshness === 'lost',
              pending: this.#ui.pending.get(row.key)?.action,
            },
    };
  }

  #build(): Scene {
    return buildScene(this.#sceneInput());
  }

  #sceneInput(): SceneInput {
    const { options, ui } = { options: this.#options, ui: this.#ui };
    const rows = this.#makeRows(this.#fleet);
    return {
      fleet: this.#fleet,
      rows,
      content: (pane) => this.#content(pane),
      ui,
      size: this.#size,
      theme: this.#theme,
      nowMs: this.#now(),
      keys: this.#keyContext(),
      readOnly: options.readOnly,
      banner: options.banner,
      pictures: options.pictures?.view() ?? NO_PICTURES,
    };
  }

  /** Builds the screen, and tells the components where it is another than before. */
  #draw(): void {
    if (this.#isClosed) return;
    const nowMs = this.#now();
    if (this.#options.isClogged?.() === true) {
      this.#drawnAtMs = nowMs;
      this.#dueAtMs = Number.POSITIVE_INFINITY;
      this.#schedule(CLOGGED_GAP_MS);
      return;
    }
    const { notice } = this.#ui;
    // A failure stays until a key is pressed; good news goes by itself.
    if (notice !== undefined && notice.kind !== 'bad' && nowMs - notice.atMs > NOTICE_MS) {
      this.#ui = { ...this.#ui, notice: undefined };
    }
    const before = this.#scene.screen;
    const scene = this.#build();
    this.#ui = scene.ui;
    const screen = shareScreen(before, scene.screen);
    this.#scene = { ...scene, screen };
    this.#drawnAtMs = nowMs;
    this.#dueAtMs = Number.POSITIVE_INFINITY;
    this.#schedule(this.#options.intervalMs);
    // Before the components draw: the boxes count from their frame on.
    this.#showPictures(screen);
    if (screen !== before) for (const listener of this.#listeners) listener();
  }

  #showPictures(screen: Screen): void {
    const { overlay } = this.#ui;
    const isLooking = overlay.kind === 'cameras' || (overlay.kind === 'details' && overlay.pane === 'nodes');
    this.#options.pictures?.show(screen.kind === 'full' ? screen.pictures : [], isLooking);
  }

  /** The next screen is built `gapMs` after the last, or sooner where that is planned already. */
  #schedule(gapMs: number): void {
    if (this.#isClosed) return;
    const dueAtMs = this.#drawnAtMs + gapMs;
    if (dueAtMs >= this.#dueAtMs) return;
    clearTimeout(this.#timer);
    this.#dueAtMs = dueAtMs;
    this.#timer = setTimeout(() => this.#draw(), Math.max(0, dueAtMs - this.#now()));
  }
}
