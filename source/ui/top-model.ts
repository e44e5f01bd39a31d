/**
 * Between the fleet and the screen: takes events and keys, decides when to draw, and hands the painter a screen only
 * when it differs from the last. No React here.
 */
import type { Visible } from '../fleet/agenda.ts';
import type { Alert } from '../fleet/alert.ts';
import type { GatedSend } from '../fleet/command-gate.ts';
import type { FleetEvent } from '../fleet/events.ts';
import { FleetMemory } from '../fleet/fleet-memory.ts';
import { History } from '../fleet/history.ts';
import type { TopicWish } from '../fleet/observe-topics.ts';
import { type RuleSet, USUAL_RULES } from '../fleet/rules.ts';
import { type FleetState, initialState } from '../fleet/state.ts';
import type { TopicsView } from '../fleet/topics.ts';
import { keyContext } from '../view/action-fit.ts';
import { alertText } from '../view/alerts.ts';
import type { PicturePlace } from '../view/camera-tile.ts';
import { NO_PICTURES, type PicturesView } from '../view/camera-wall.ts';
import { type Effect, handleKey, type KeyPress } from '../view/handle-key.ts';
import type { KeyContext, Keymap } from '../view/keymap.ts';
import type { Size } from '../view/layout.ts';
import { handleMouse, type MouseEvent } from '../view/mouse.ts';
import { nodeAilment } from '../view/node-ailment.ts';
import { createContentMaker } from '../view/panes.ts';
import type { ReplayView } from '../view/replay-line.ts';
import type { FleetNews, FleetRows } from '../view/rows.ts';
import { buildScene, type Scene, type SceneInput, type Screen } from '../view/screen.ts';
import { createScreenRowMaker } from '../view/screen-rows.ts';
import type { Theme } from '../view/theme.ts';
import { INITIAL_UI, type NodeTarget, type Notice, type UiState } from '../view/ui-state.ts';
import { createVersionLook } from '../view/versions.ts';
import { visibleMachines } from '../view/visible.ts';
import { ActionRunner } from './action-runner.ts';
import { type FollowLog, LogReader } from './log-reader.ts';
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

/** A recording in place of a fleet. */
export interface ReplayPort {
  view(): ReplayView;
  state(): FleetState;
  news(): FleetNews;
  /** Whether the key was one of its own. */
  press(key: string): boolean;
}

/** Where what is known of keys comes from. It asks and subscribes only for what is shown. */
export interface TopicsPort {
  view(): TopicsView;
  /** What is looked at; undefined: nothing. */
  show(wish: TopicWish | undefined): void;
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
  /** The one way out for commands. */
  readonly send: GatedSend;
  /** Follows a log; absent: it is asked for again and again. */
  readonly followLog?: FollowLog;
  /** Who sits here, for the list of actions. */
  readonly who?: string;
  quit(): void;
  suspend(): void;
  /** Absent: no cameras. */
  readonly pictures?: PicturesPort;
  /** What counts as wrong; absent: the usual. */
  readonly rules?: RuleSet;
  readonly replay?: ReplayPort;
  /** Told the state after each event, while it is the newest. */
  onState?(state: FleetState): void;
  /** A word beside the name that may change, `rec 1.2M`. */
  status?(): string | undefined;
  /** What is wrong with this program itself, while it is. */
  trouble?(): string | undefined;
  /** Absent: no topics. */
  readonly topics?: TopicsPort;
  /** Whether the terminal has not taken what it was given: drawing more would only pile up. */
  isClogged?(): boolean;
  /** `Date.now` unless a test has its own. */
  now?(): number;
}

/** News that is worth a screen at once is still not drawn more often than this, */
const URGENT_GAP_MS = 50;
/** and so often in a row: news that never ends is drawn at the interval, as all else. */
const URGENT_SCREENS = 5;
/** How soon it is tried again to draw on a terminal that is behind. */
const CLOGGED_GAP_MS = 100;
const NOTICE_MS = 8_000;

export class TopModel {
  readonly #options: TopModelOptions;
  readonly #now: () => number;
  readonly #makeRows = createScreenRowMaker();
  readonly #lookAtVersions = createVersionLook();
  readonly #history = new History();
  readonly #makeContent = createContentMaker();
  readonly #listeners = new Set<() => void>();
  readonly #memory: FleetMemory;
  #news: FleetNews;
  /** What the screen shows of the fleet. A key is answered from this, at once and whatever the fleet's size. */
  #shown: { readonly fleet: FleetState; readonly rows: FleetRows };
  #ui: UiState;
  #theme: Theme;
  #size: Size;
  #scene: Scene;
  /** When what is shown was taken from what is known. */
  #lookedAtMs = 0;
  /** Looks that had not been earned back yet at the last one. */
  #owedLooks = 0;
  #timer: NodeJS.Timeout | undefined;
  #dueAtMs = Number.POSITIVE_INFINITY;
  readonly #actions: ActionRunner;
  readonly #logs: LogReader;
  #isClosed = false;

  constructor(options: TopModelOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#size = options.size;
    this.#theme = options.theme;
    this.#ui = options.initialUi ?? INITIAL_UI;
    this.#actions = new ActionRunner({
      send: options.send,
      who: options.who ?? 'this top',
      now: this.#now,
      ailmentOf: (target, sinceMs) => nodeAilment(this.#fleet, target, sinceMs),
      onChange: (notice) => this.#takeActions(notice),
    });
    this.#logs = new LogReader({
      send: options.send,
      follow: options.followLog,
      open: () => (this.#ui.overlay.kind === 'logs' ? this.#ui.overlay.logs : undefined),
      change: (logs) => {
        this.#ui = { ...this.#ui, overlay: { kind: 'logs', logs } };
        this.#schedule(URGENT_GAP_MS);
      },
    });
    this.#memory = new FleetMemory({
      rules: options.rules ?? USUAL_RULES,
      state: initialState(options.endpoint, this.#now()),
      words: alertText,
    });
    this.#news = this.#askRules();
    this.#shown = this.#gather();
    this.#scene = this.#build();
    options.pictures?.onChange(() => this.#schedule(URGENT_GAP_MS));
    options.topics?.onChange(() => this.#schedule(options.intervalMs));
    this.#schedule(options.intervalMs);
  }

  /** The screen now; the same object as long as nothing on it changed. */
  readonly screen = (): Screen => this.#scene.screen;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Takes in what happened to the fleet. What is news is drawn at once, figures at the next interval. */
  readonly dispatch = (event: FleetEvent): void => {
    const before = this.#memory.state;
    const isNews = this.#memory.take(event, this.#now());
    this.#history.take(this.#memory.state, this.#now(), () => this.#scene.visible.get('nodes') ?? []);
    if (this.#memory.state === before) return;
    this.#options.onState?.(this.#memory.state);
    const isUrgent =
      isNews || event.type === 'link' || event.type === 'tokens' || event.type === 'round' || this.#ui.pending.size > 0;
    this.#schedule(isUrgent ? this.#urgentGapMs() : this.#options.intervalMs);
  };

  /** The machines that are on the screen, about: some rows more than fit are no harm. */
  readonly visible = (): Visible => visibleMachines(this.#ui, this.#size, (pane) => this.#content(pane).rows);

  /** Each interval earns one look, at once or not, and what was not used is saved up. */
  #urgentGapMs(): number {
    return this.#owed() >= URGENT_SCREENS ? this.#options.intervalMs : URGENT_GAP_MS;
  }

  #owed(): number {
    return Math.max(0, this.#owedLooks - (this.#now() - this.#lookedAtMs) / this.#options.intervalMs);
  }

  /** The recording has moved. */
  readonly replayed = (): void => this.#look();

  press(press: KeyPress): void {
    const { replay } = this.#options;
    if (replay !== undefined && !isTyping(this.#ui.overlay) && replay.press(press.key)) {
      this.#look();
      return;
    }
    const { rows, all } = this.#content(this.#ui.pane);
    const result = handleKey(this.#ui, press, {
      nowMs: this.#now(),
      rows,
      all,
      fleet: this.#shown.rows,
      pageRows: this.#scene.pageRows,
      overlayRows: this.#scene.overlayRows,
      logRows: this.#scene.logRows,
      keys: this.#keyContext(),
      links: this.#scene.links,
      wall: this.#scene.wall,
    });
    this.#ui = result.ui;
    this.#logs.settle();
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
    this.#logs.close();
    this.#actions.close();
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
      case 'order':
        this.#actions.order(effect.action, effect.mode, effect.targets);
        return;
      case 'cancel':
        this.#actions.cancel();
        return;
      case 'logs':
        this.#logs.begin(effect.targets);
        return;
      case 'photo':
        void this.#photo(effect);
    }
  }

  #takeActions(notice: Notice | undefined): void {
    if (this.#isClosed) return;
    const actions = this.#actions.batches;
    this.#ui = { ...this.#ui, actions, pending: this.#actions.pending(), notice: notice ?? this.#ui.notice };
    this.#draw();
  }

  async #photo(target: NodeTarget): Promise<void> {
    const taken = await this.#options.pictures?.photo(target);
    if (this.#isClosed || taken === undefined) return;
    const text = `Photo of ${target.node}: ${taken.message}`;
    this.#ui = { ...this.#ui, notice: { kind: taken.ok ? 'good' : 'bad', text, atMs: this.#now() } };
    this.#draw();
  }

  #content(pane: UiState['pane']) {
    const { filter, sort } = this.#ui.views[pane];
    return this.#makeContent(pane, this.#shown.rows, filter, sort);
  }

  get #fleet(): FleetState {
    return this.#options.replay?.state() ?? this.#memory.state;
  }

  /** What the rules say now. */
  #askRules(): FleetNews {
    const { replay } = this.#options;
    if (replay !== undefined) return replay.news();
    const alerts = this.#memory.look(this.#now());
    return { alerts, events: this.#memory.events };
  }

  #troubles(): readonly Alert[] {
    const message = this.#options.trouble?.();
    if (message === undefined) return [];
    return [{ key: 'trouble', when: 'answer', severity: 'bad', subject: '', sinceMs: this.#now(), message }];
  }

  #gather(): { readonly fleet: FleetState; readonly rows: FleetRows } {
    const fleet = this.#fleet;
    return { fleet, rows: this.#makeRows(fleet, this.#news, this.#options.topics?.view()) };
  }

  #keyContext(): KeyContext {
    const { link } = this.#fleet;
    return keyContext(this.#ui, this.#content(this.#ui.pane), {
      readOnly: this.#options.readOnly,
      linkProblem: link.state === 'connected' ? undefined : 'There is no link to the router now: nothing can be sent.',
      keymap: this.#options.keymap,
    });
  }

  #build(): Scene {
    return buildScene(this.#sceneInput());
  }

  #sceneInput(): SceneInput {
    const { options, ui } = { options: this.#options, ui: this.#ui };
    const { fleet, rows } = this.#shown;
    const banner = [options.banner, options.status?.()].filter(Boolean).join(' ');
    return {
      fleet,
      rows,
      content: (pane) => this.#content(pane),
      ui,
      size: this.#size,
      theme: this.#theme,
      nowMs: this.#now(),
      keys: this.#keyContext(),
      readOnly: options.readOnly,
      banner: banner === '' ? undefined : banner,
      alerts: [...this.#troubles(), ...this.#news.alerts.active],
      replay: options.replay?.view(),
      pictures: options.pictures?.view() ?? NO_PICTURES,
      trends: this.#history,
      usual: this.#lookAtVersions(rows),
    };
  }

  /** Brings what is shown up to date, and draws it. */
  #look(): void {
    if (this.#isClosed) return;
    this.#dueAtMs = Number.POSITIVE_INFINITY;
    this.#owedLooks = this.#owed() + 1;
    this.#lookedAtMs = this.#now();
    if (!this.#isClogged()) {
      this.#news = this.#askRules();
      this.#shown = this.#gather();
    }
    this.#draw();
    this.#schedule(this.#options.intervalMs);
  }

  #isClogged(): boolean {
    return this.#options.isClogged?.() === true;
  }

  /** Builds the screen, and tells whoever draws where it is another than before. */
  #draw(): void {
    if (this.#isClosed) return;
    const nowMs = this.#now();
    if (this.#isClogged()) {
      this.#scheduleAt(nowMs + CLOGGED_GAP_MS);
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
    // Before it is drawn: the boxes count from its frame on.
    this.#showPictures(screen);
    this.#showTopics();
    if (screen !== before) for (const listener of this.#listeners) listener();
  }

  /** Only what is on the screen is measured; a machine that is filtered for is asked first. */
  #showTopics(): void {
    const visible = this.#scene.visible.get('topics');
    if (visible === undefined) {
      this.#options.topics?.show(undefined);
      return;
    }
    const first = /(?:^|\s)machine[=:]"?([^\s*"]+)/.exec(this.#ui.views.topics.filter)?.[1];
    const { machines, routers } = this.#shown.rows;
    this.#options.topics?.show({
      machines: machines.map((row) => row.key),
      routers: routers.map(({ router }) => router),
      first,
      visible,
    });
  }

  #showPictures(screen: Screen): void {
    const { overlay } = this.#ui;
    const isLooking = overlay.kind === 'cameras' || (overlay.kind === 'details' && overlay.pane === 'nodes');
    this.#options.pictures?.show(screen.kind === 'full' ? screen.pictures : [], isLooking);
  }

  /** The next look is taken `gapMs` after the last, or sooner where that is planned already. */
  #schedule(gapMs: number): void {
    this.#scheduleAt(this.#lookedAtMs + gapMs);
  }

  #scheduleAt(dueAtMs: number): void {
    if (this.#isClosed || dueAtMs >= this.#dueAtMs) return;
    clearTimeout(this.#timer);
    this.#dueAtMs = dueAtMs;
    this.#timer = setTimeout(() => this.#look(), Math.max(0, dueAtMs - this.#now()));
  }
}

/** Keys are letters of a text, whatever else they may mean. */
function isTyping(overlay: UiState['overlay']): boolean {
  switch (overlay.kind) {
    case 'filter':
    case 'palette':
      return true;
    case 'logs':
      return overlay.logs.typing !== undefined;
    default:
      return false;
  }
}
