import type { ProcessEnd } from '../backend.ts';
import { isAlive, type ProcessName } from '../run-state.ts';
import { endOf, type Properties, readUnit, type UnitState } from './unit.ts';

/** What a run asks of the manager; neither throws. */
export interface UnitControl {
  stop(): void;
  resetFailed(): void;
}

/** One start of a node as a unit, as the unit's properties tell it. */
export class UnitRun {
  readonly unit: string;
  readonly process: ProcessName;
  readonly runId: string | undefined;
  /** Resolves once its whole control group is gone. Never rejects. */
  readonly ended: Promise<ProcessEnd>;
  readonly #control: UnitControl;
  readonly #end = Promise.withResolvers<ProcessEnd>();
  #properties: Properties;
  #isTold = false;
  /** Someone told systemd to stop it, who was not the daemon. */
  #wasAsked = false;
  #isClearing = false;
  #exit: ProcessEnd | undefined;
  #isOver = false;

  /** `process` names its main process for good. */
  constructor(unit: string, properties: Properties, process: ProcessName, control: UnitControl) {
    this.unit = unit;
    this.process = process;
    this.runId = readUnit(properties).runId;
    this.ended = this.#end.promise;
    this.#control = control;
    this.#properties = properties;
    // Whoever gets it hears of its end after that.
    queueMicrotask(() => this.#judge());
  }

  /** Its main process is gone. */
  get hasExited(): boolean {
    return this.#isOver || this.#exit !== undefined;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Takes properties that changed, or all of them. */
  update(changed: Properties): void {
    this.#properties = { ...this.#properties, ...changed };
    this.#judge();
  }

  /** SIGTERM to the whole control group, after the time limit SIGKILL. Safe to call twice. */
  terminate(): void {
    if (this.#isOver || this.#isTold) return;
    this.#isTold = true;
    this.#control.stop();
  }

  /** Asks once more for what was asked: a call may have been lost with the bus. */
  remind(): void {
    if (!this.#isOver && (this.#isTold || this.#isClearing)) this.#control.stop();
  }

  /** The manager knows nothing of it any more, or does not answer: then the process itself decides. */
  isLost(): void {
    if (!this.#isOver && !isAlive(this.process)) this.#finish(this.#exit ?? endOf(readUnit(this.#properties)));
  }

  #judge(): void {
    if (this.#isOver) return;
    const state = readUnit(this.#properties);
    // A later start is not this one's end.
    if (state.lastPid === this.process.pid && state.exitCode !== 0) this.#exit = endOf(state);
    if (state.activeState === 'deactivating' && state.mainPid !== 0 && !this.#isTold) this.#wasAsked = true;
    if (state.activeState === 'failed') {
      this.#control.resetFailed();
      this.#finish(this.#exit ?? endOf(state));
    } else if (state.activeState === 'inactive') this.#isGone(state);
    else if (hasEnded(state)) this.#clear();
  }

  #isGone(state: UnitState): void {
    // One that only ended by itself stays `exited` until it is told: else somebody stopped it.
    if (!this.#isTold && !this.#isClearing && state.jobId === 0) this.#wasAsked = true;
    this.#finish(this.#exit ?? endOf(state));
  }

  /** Its main process is gone; what is left of its family goes with the unit. */
  #clear(): void {
    if (this.#isClearing) return;
    this.#isClearing = true;
    this.#control.stop();
  }

  #finish(end: ProcessEnd): void {
    this.#isOver = true;
    const wasAsked = this.#wasAsked && !this.#isTold && !this.#isClearing;
    this.#end.resolve(wasAsked ? { ...end, wasAsked } : end);
  }
}

/** `auto-restart` has only a unit file that another program wrote. */
function hasEnded({ activeState, subState }: UnitState): boolean {
  return subState === 'auto-restart' || (activeState === 'active' && subState === 'exited');
}
