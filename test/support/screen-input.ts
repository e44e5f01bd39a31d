/** A fleet's state and a scene made of it, for tests of what is drawn. */
import type { Alert } from '../../source/fleet/alert.ts';
import { createAlertEngine } from '../../source/fleet/alert-engine.ts';

import { NO_TRENDS, type Trends } from '../../source/fleet/history.ts';
import { reduce } from '../../source/fleet/reduce.ts';
import { USUAL_RULES } from '../../source/fleet/rules.ts';
import { type FleetNode, type FleetState, initialState, type Router, type ShmInfo } from '../../source/fleet/state.ts';
import type { TimelineEntry } from '../../source/fleet/timeline.ts';
import { NO_TOPICS, type TopicsView } from '../../source/fleet/topics.ts';
import { keyContext } from '../../source/view/action-fit.ts';
import { alertText } from '../../source/view/alerts.ts';
import { NO_PICTURES, type PicturesView } from '../../source/view/camera-wall.ts';
import { handleKey, type KeyPress, type KeyResult } from '../../source/view/handle-key.ts';
import type { KeyContext, Keymap } from '../../source/view/keymap.ts';
import type { PaneId, Size } from '../../source/view/layout.ts';
import { handleMouse, type MouseEvent } from '../../source/view/mouse.ts';
import type { OwnCost } from '../../source/view/own-cost.ts';
import { createContentMaker } from '../../source/view/panes.ts';
import type { ReplayView } from '../../source/view/replay-line.ts';
import { buildScene, type Scene, type SceneInput } from '../../source/view/screen.ts';
import { createScreenRowMaker } from '../../source/view/screen-rows.ts';
import { PLAIN_THEME, type Theme } from '../../source/view/theme.ts';
import { INITIAL_UI, type UiState } from '../../source/view/ui-state.ts';
import { createVersionLook } from '../../source/view/versions.ts';

export const NOW_MS = Date.UTC(2026, 0, 2, 12, 0, 0);

export function fleetNode(change: Partial<FleetNode> & { readonly name: string }): FleetNode {
  return {
    status: 'running',
    health: 'healthy',
    version: '1.2.3',
    type: 'rust',
    description: 'What it does',
    path: `/opt/nodes/${change.name}`,
    configPath: '',
    baseNode: '',
    isInstalled: true,
    isBuilt: true,
    startsAtBoot: true,
    pid: 4242,
    startedAtMs: 1,
    upSinceMs: NOW_MS - 3 * 86_400_000,
    restartCount: 0,
    lastExit: '',
    lastLogLines: [],
    ...change,
  };
}

const GIB = 2 ** 30;

export const SHM: ShmInfo = { totalBytes: 16 * GIB, freeBytes: 12 * GIB, usedBytes: GIB / 4, segments: [] };

export const ROUTER: Router = {
  zid: 'c0ffee00aabbccdd',
  name: 'central',
  version: '1.10.2',
  locators: ['tcp/0.0.0.0:7447'],
  sessions: [
    { zid: 'aa11', whatAmI: 'client', shm: true, links: [{ src: 'tcp/127.0.0.1:7447', dst: 'tcp/127.0.0.1:40001' }] },
    { zid: 'bb22', whatAmI: 'router', shm: false, links: [] },
  ],
};

export interface FakeFleet {
  readonly machines: Readonly<Record<string, readonly FleetNode[]>>;
  readonly routers?: readonly Router[];
  readonly shm?: ShmInfo;
}

/** A connected state that has just heard from everybody. */
export function fleetState(fleet: FakeFleet): FleetState {
  const atMs = NOW_MS;
  const ids = Object.keys(fleet.machines);
  const events = [
    { type: 'link', link: { state: 'connected', sinceMs: atMs - 60_000, zid: 'aa11' }, zid: 'aa11' },
    { type: 'routers', atMs, routers: fleet.routers ?? [ROUTER], bad: [], latencyMs: 0.4 },
    {
      type: 'answers',
      atMs,
      nodes: ids.map((machine) => ({ machine, hostname: machine, ips: [], nodes: fleet.machines[machine] ?? [] })),
      manifests: ids.map((machine) => ({
        machine,
        daemon: { version: '0.1.0', upSinceMs: atMs - 1_000, nodeCount: 1, mcpPort: 0 },
      })),
      ledgers: ids.map((machine) => ({ machine, shm: fleet.shm ?? SHM })),
      bad: [],
    },
    { type: 'round', atMs },
  ] as const;
  return events.reduce<FleetState>(reduce, initialState('tcp/127.0.0.1:7447', atMs - 90_000));
}

/** What the usual rules say of a state in one look, `bad m/cam failed`. */
export function alertsOf(state: FleetState, nowMs = NOW_MS): readonly string[] {
  const { active } = createAlertEngine(USUAL_RULES, { isImmediate: true })(state, nowMs);
  return active.map((alert) => `${alert.severity} ${alertText(alert, state, nowMs)}`);
}

/** What an operator with a terminal of `size` sees and presses, without a terminal. */
export class Desk {
  fleet: FleetState;
  ui: UiState = INITIAL_UI;
  size: Size;
  nowMs = NOW_MS;
  readOnly = false;
  keymap: Keymap | undefined;
  pictures: PicturesView = NO_PICTURES;
  trends: Trends = NO_TRENDS;
  topics: TopicsView = NO_TOPICS;
  theme: Theme = PLAIN_THEME;
  events: readonly TimelineEntry[] = [];
  replay: ReplayView | undefined;
  cost: OwnCost | undefined;
  readonly #engine = createAlertEngine(USUAL_RULES);
  readonly #makeRows = createScreenRowMaker();
  readonly #content = createContentMaker();

  constructor(fleet: FleetState, size: Size = { columns: 120, rows: 32 }) {
    this.fleet = fleet;
    this.size = size;
  }

  scene(): Scene {
    const scene = buildScene(this.input());
    this.ui = scene.ui;
    return scene;
  }

  input(): SceneInput {
    const rows = this.#rows();
    return {
      fleet: this.fleet,
      rows,
      content: (pane) => this.content(pane),
      ui: this.ui,
      size: this.size,
      theme: this.theme,
      nowMs: this.nowMs,
      keys: this.keys(),
      readOnly: this.readOnly,
      alerts: this.#alerts(),
      replay: this.replay,
      pictures: this.pictures,
      trends: this.trends,
      usual: createVersionLook()(rows),
      cost: this.cost,
    };
  }

  /** A click or a turn of the wheel; the effects of the keys that it presses. */
  mouse(kind: MouseEvent['kind'], x: number, y: number): KeyResult['effects'] {
    const scene = this.scene();
    const { ui, keys } = handleMouse({ kind, x, y }, this.input(), scene);
    this.ui = ui;
    return this.press(...keys);
  }

  #alerts(): readonly Alert[] {
    return this.#engine(this.fleet, this.nowMs).active;
  }

  #rows() {
    const alerts = this.#engine(this.fleet, this.nowMs);
    return this.#makeRows(this.fleet, { alerts, events: this.events }, this.topics);
  }

  content(pane: PaneId) {
    const { filter, sort } = this.ui.views[pane];
    return this.#content(pane, this.#rows(), filter, sort);
  }

  keys(): KeyContext {
    return keyContext(this.ui, this.content(this.ui.pane), {
      readOnly: this.readOnly,
      isReplay: this.replay !== undefined,
      linkProblem: this.fleet.link.state === 'connected' ? undefined : 'There is no link to the router now.',
      keymap: this.keymap,
    });
  }

  /** Presses keys by name, or types text one character at a time; the effects of all. */
  press(...keys: readonly string[]): KeyResult['effects'] {
    return keys.flatMap((key) => {
      const scene = this.scene();
      const press: KeyPress = { key, text: key.length === 1 ? key : '' };
      const result = handleKey(this.ui, press, {
        nowMs: this.nowMs,
        rows: this.content(this.ui.pane).rows,
        all: this.content(this.ui.pane).all,
        fleet: this.#rows(),
        logRows: scene.logRows,
        pageRows: scene.pageRows,
        overlayRows: scene.overlayRows,
        keys: this.keys(),
        links: scene.links,
        wall: scene.wall,
      });
      this.ui = result.ui;
      return [...result.effects];
    });
  }

  /** Everything on the screen, painted, without what ink-table draws. */
  lines(): readonly string[] {
    const { screen } = this.scene();
    if (screen.kind === 'sentence') return screen.lines;
    return [
      ...screen.above,
      ...screen.panes.flatMap((pane) => pane.lines),
      ...(screen.dialog?.lines ?? []),
      screen.footer,
    ];
  }

  text(): string {
    return this.lines()
      .map((line) => line.replaceAll(/\x1b\[[\d;]*m/g, ''))
      .join('\n');
  }
}
