/** The state of a fleet that is watched, what the rules say of it, and what has changed, all kept up by its events. */
import { type Alert, type Alerts, NO_ALERTS } from './alert.ts';
import { alertChanges } from './alert-changes.ts';
import { createAlertEngine } from './alert-engine.ts';
import { changesBetween } from './changes.ts';
import type { FleetEvent } from './events.ts';
import { reduce } from './reduce.ts';
import type { RuleSet } from './rules.ts';
import type { FleetState } from './state.ts';
import { Timeline, type TimelineEntry } from './timeline.ts';

export interface FleetMemoryOptions {
  readonly rules: RuleSet;
  readonly state: FleetState;
  /** Entries of the timeline. */
  readonly length?: number;
  /** An alert in words. */
  words(alert: Alert, state: FleetState, nowMs: number): string;
}

export class FleetMemory {
  readonly #options: FleetMemoryOptions;
  readonly #engine: (state: FleetState, nowMs: number) => Alerts;
  readonly #timeline: Timeline;
  #state: FleetState;
  #alerts: Alerts = NO_ALERTS;
  /** Of which the timeline knows. */
  #told: Alerts = NO_ALERTS;
  /** Nobody has been heard yet. */
  #isInventory = true;

  constructor(options: FleetMemoryOptions) {
    this.#options = options;
    this.#engine = createAlertEngine(options.rules);
    this.#timeline = new Timeline(options.length);
    this.#state = options.state;
  }

  get state(): FleetState {
    return this.#state;
  }

  get alerts(): Alerts {
    return this.#alerts;
  }

  get events(): readonly TimelineEntry[] {
    return this.#timeline.entries;
  }

  /** Whether something came of it that the timeline tells. */
  take(event: FleetEvent, nowMs: number): boolean {
    return this.turnTo(reduce(this.#state, event), nowMs);
  }

  /** The state is now another one. Whether something changed that the timeline tells. */
  turnTo(state: FleetState, nowMs: number): boolean {
    const before = this.#state;
    if (state === before) return false;
    this.#state = state;
    const changes = changesBetween(before, state, this.#isInventory);
    this.#timeline.add(nowMs, changes);
    if (state.hasLooked) this.#isInventory = false;
    return changes.length > 0;
  }

  /** Holds the rules against the state. */
  look(nowMs: number): Alerts {
    this.#alerts = this.#engine(this.#state, nowMs);
    // Without a link nothing is known to be over: what was wrong is compared when it is back. The loss is told as such.
    if (this.#alerts !== this.#told && this.#state.link.state === 'connected') {
      const words = (alert: Alert): string => this.#options.words(alert, this.#state, nowMs);
      this.#timeline.add(nowMs, alertChanges(this.#told, this.#alerts, words));
      this.#told = this.#alerts;
    }
    return this.#alerts;
  }
}
