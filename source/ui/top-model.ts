/**
 * Between the fleet and the screen: takes events and keys, decides when to draw, and hands the painter a screen only
 * when it differs from the last. No React here.
 */
import type { Visible } from '../fleet/agenda.ts';
import type { Alert } from '../fleet/alert.ts';
import type { FleetEvent } from '../fleet/events.ts';
import { FleetMemory } from '../fleet/fleet-memory.ts';
import { History } from '../fleet/history.ts';
import { USUAL_RULES } from '../fleet/rules.ts';
import { type FleetState, initialState } from '../fleet/state.ts';
import { keyContext } from '../view/action-fit.ts';
import { alertText } from '../view/alerts.ts';
import { NO_PICTURES } from '../view/camera-wall.ts';
import { type Effect, handleKey, type KeyPress } from '../view/handle-key.ts';
import type { KeyContext } from '../view/keymap.ts';
import type { Size } from '../view/layout.ts';
import { handleMouse, type MouseEvent } from '../view/mouse.ts';
import { nodeAilment, restartsOf } from '../view/node-ailment.ts';
import { createContentMaker } from '../view/panes.ts';
import type { FleetNews, FleetRows } from '../view/rows.ts';
import { buildScene, type Scene, type SceneInput, type Screen } from '../view/screen.ts';
import { createScreenRowMaker } from '../view/screen-rows.ts';
import type { Theme } from '../view/theme.ts';
import { INITIAL_UI, type NodeTarget, type Notice, type UiState } from '../view/ui-state.ts';
import { createVersionLook } from '../view/versions.ts';
import { visibleMachines } from '../view/visible.ts';
import { ActionRunner } from './action-runner.ts';
import { LogReader } from './log-reader.ts';
import { LookPace } from './look-pace.ts';
import { shareScreen } from './share-screen.ts';
import type { TopModelOptions } from './top-ports.ts';

/** A moment of the fleet, as the screen shows it. */
interface Shown {
  readonly fleet: FleetState;
  readonly news: FleetNews;
  readonly rows: FleetRows;
}

/** How soon it is tried again to draw on a terminal that is behind. */
const CLOGGED_GAP_MS = 100;
const NOTICE_MS = 8_000;
/** Without a key and without news for so long it is calm. */
const CALM_AFTER_MS = 10_000;
/** What so many machines tell at once is turned into rows when it comes: a frame has only to draw then, in any fleet. */
const CROWD = 25;

export class TopModel {
  readonly #options: TopModelOptions;
  readonly #now: () => number;
  readonly #makeRows = createScreenRowMaker();
  readonly #lookAtVersions = createVersionLook();
  readonly #history = new History();
  readonly #makeContent = createContentMaker();
  readonly #listeners = new Set<() => void>();
  readonly #memory: FleetMemory;
  /** What the screen shows of the fleet. A key is answered from this, at once and whatever the fleet's size. */
  #shown: Shown;
  #ui: UiState;
  #theme: Theme;
  #size: Size;
  #scene: Scene;
  /** The last key, or the last news. */
  #stirredAtMs: number;
  readonly #pace: LookPace;
  readonly #actions: ActionRunner;
  readonly #logs: LogReader;
  #isClosed = false;

  constructor(options: TopModelOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#stirredAtMs = this.#now();
    this.#pace = new LookPace({ intervalMs: options.intervalMs, now: this.#now, look: () => this.#look() });
    this.#size = options.size;
    this.#theme = options.theme;
    this.#ui = options.initialUi ?? INITIAL_UI;
    this.#actions = new ActionRunner({
      send: options.send,
      who: options.who ?? 'this top',
      now: this.#now,
      restartsOf: (target) => restartsOf(this.#fleet, target),
      ailmentOf: (target, sinceMs, restarts) => nodeAilment(this.#fleet, target, sinceMs, restarts),
      onChange: (notice) => this.#takeActions(notice),
    });
    this.#logs = new LogReader({
      send: options.send,
      follow: options.followLog,
      open: () => (this.#ui.overlay.kind === 'logs' ? this.#ui.overlay.logs : undefined),
      change: (logs) => {
        this.#ui = { ...this.#ui, overlay: { kind: 'logs', logs } };
        this.#pace.atOnce();
      },
    });
    this.#memory = new FleetMemory({
      rules: options.rules ?? USUAL_RULES,
      state: initialState(options.endpoint, this.#now()),
      words: alertText,
    });
    this.#shown = this.#takeIn();
    this.#scene = this.#build();
    options.pictures?.onChange(() => this.#pace.atOnce());
    options.topics?.onChange(() => this.#pace.atInterval());
    this.#pace.atInterval();
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
    if (isNews) this.#stir();
    if (event.type === 'round') this.#pace.roundEnded();
    if (this.#memory.state === before) return;
    this.#options.onState?.(this.#memory.state);
    if (event.type === 'answers' && event.nodes.length >= CROWD) this.#takeIn();
    const isUrgent =
      isNews || event.type === 'link' || event.type === 'tokens' || event.type === 'round' || this.#ui.pending.size > 0;
    if (isUrgent) this.#pace.soon();
    else this.#pace.atInterval();
  };

  /** Whether nothing has happened for a while, in the fleet and at the keys. */
  readonly isCalm = (): boolean => this.#now() - this.#stirredAtMs > CALM_AFTER_MS;

  /** The machines that are on the screen, about: some rows more than fit are no harm. */
  readonly visible = (): Visible => visibleMachines(this.#ui, this.#size, (pane) => this.#content(pane).rows);

  #stir(): void {
    const wasCalm = this.isCalm();
    this.#stirredAtMs = this.#now();
    if (wasCalm) this.#options.onStir?.();
  }

  /** The recording has moved. */
  readonly replayed = (): void => this.#look();

  press(press: KeyPress): void {
    this.#stir();
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
    this.#stir();
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
    this.#pace.close();
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
      case 'seek':
        this.#options.replay?.seek(effect.atMs);
        this.#look();
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

  /** Rows and alerts of what is known now; next to nothing where nothing has changed. */
  #takeIn(): Shown {
    const { replay, topics } = this.#options;
    const fleet = this.#fleet;
    const news = this.#askRules();
    return { fleet, news, rows: this.#makeRows(fleet, news, replay?.topics() ?? topics?.view()) };
  }

  #keyContext(): KeyContext {
    const { link } = this.#fleet;
    return keyContext(this.#ui, this.#content(this.#ui.pane), {
      readOnly: this.#options.readOnly,
      isReplay: this.#options.replay !== undefined,
      linkProblem: link.state === 'connected' ? undefined : 'There is no link to the router now: nothing can be sent.',
      keymap: this.#options.keymap,
    });
  }

  #build(): Scene {
    return buildScene(this.#sceneInput());
  }

  #sceneInput(): SceneInput {
    const { options, ui } = { options: this.#options, ui: this.#ui };
    const { fleet, rows, news } = this.#shown;
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
      alerts: [...this.#troubles(), ...news.alerts.active],
      replay: options.replay?.view(),
      pictures: options.pictures?.view() ?? NO_PICTURES,
      cost: options.cost?.(),
      trends: options.replay?.trends() ?? this.#history,
      usual: this.#lookAtVersions(rows),
    };
  }

  /** Brings what is shown up to date, and draws it. */
  #look(): void {
    if (this.#isClosed) return;
    this.#pace.began();
    if (!this.#isClogged()) this.#shown = this.#takeIn();
    this.#draw();
    this.#pace.atInterval();
  }

  #isClogged(): boolean {
    return this.#options.isClogged?.() === true;
  }

  /** Builds the screen, and tells whoever draws where it is another than before. */
  #draw(): void {
    if (this.#isClosed) return;
    const nowMs = this.#now();
    if (this.#isClogged()) {
      this.#pace.after(CLOGGED_GAP_MS);
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
