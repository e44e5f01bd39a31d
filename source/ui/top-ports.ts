/** What the model of `top` is given: where it sends, what it shows beside the fleet, and who draws. */
import type { GatedSend } from '../fleet/command-gate.ts';
import type { Trends } from '../fleet/history.ts';
import type { TopicWish } from '../fleet/observe-topics.ts';
import type { RuleSet } from '../fleet/rules.ts';
import type { FleetState } from '../fleet/state.ts';
import type { TopicsView } from '../fleet/topics.ts';
import type { PicturePlace } from '../view/camera-tile.ts';
import type { PicturesView } from '../view/camera-wall.ts';
import type { Keymap } from '../view/keymap.ts';
import type { Size } from '../view/layout.ts';
import type { OwnCost } from '../view/own-cost.ts';
import type { ReplayView } from '../view/replay-line.ts';
import type { FleetNews } from '../view/rows.ts';
import type { Theme } from '../view/theme.ts';
import type { NodeTarget, UiState } from '../view/ui-state.ts';
import type { FollowLog } from './log-reader.ts';

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
  topics(): TopicsView;
  trends(): Trends;
  /** Whether the key was one of its own. */
  press(key: string): boolean;
  /** Stands still at a moment. */
  seek(atMs: number): void;
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
  /** What it costs. */
  cost?(): OwnCost | undefined;
  /** Absent: no topics. */
  readonly topics?: TopicsPort;
  /** Told when {@link TopModel.isCalm} ends. */
  onStir?(): void;
  /** Whether the terminal has not taken what it was given: drawing more would only pile up. */
  isClogged?(): boolean;
  /** `Date.now` unless a test has its own. */
  now?(): number;
}
