/** What runs the processes of nodes. */
export interface Backend {
  readonly kind: 'process' | 'systemd';
  /** Of processes that are kept: their output and the notes of their start and end get into the log without the daemon. */
  readonly writesLog?: boolean;
  /**
   * Starts it; rejects with a reason for people where there is no process then, a {@link StartBlocked} where that is not
   * for the node itself.
   */
  start(request: StartRequest): Promise<RunningProcess>;
  /**
   * The process that an earlier daemon of this home started under `keep.name` in `folder`; also one that has ended since,
   * unless it was told to. Undefined where there is none.
   */
  adopt?(keep: Keep, folder: string): AdoptedProcess | undefined;
  /** Throws {@link StartBlocked} where a start would: asked before a node that runs is ended to be started again. */
  checkStart?(): void;
  /** What earlier daemons of this home started and left running. */
  living?(): readonly LivingRun[];
  /** Whether what is kept runs on when the daemon ends. */
  readonly outlivesDaemon?: boolean;
  /**
   * Ids of the starts that are followed, as their processes carry them in {@link START_MARKER}; `everyone`: of all that
   * live under this home.
   */
  runIds?(options: { readonly everyone: boolean }): ReadonlySet<string>;
  /** Watches nothing any more. Processes that are kept run on. */
  close?(): void;
}

/** The machine is in no state to start anything, a full disk; it is tried again. */
export class StartBlocked extends Error {}

/** A node that runs, as what keeps it knows it. */
export interface LivingRun {
  readonly name: string;
  /** Its working folder. */
  readonly folder: string;
  readonly pid: number;
}

/** Given for what may outlive the daemon: how the next one finds it, and where its output goes meanwhile. */
export interface Keep {
  readonly name: string;
  readonly logFile: string;
  /** Unused where the backend {@link Backend.writesLog}. */
  readonly output: OutputSink;
}

export interface StartRequest {
  readonly words: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Unused for what is kept, where the backend {@link Backend.writesLog}. */
  readonly output: OutputSink;
  readonly keep?: Keep;
}

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** Its last lines of output, where the daemon did not see them pass. */
  readonly lastLines?: readonly string[];
  /** Someone else than the daemon told it to end, in a way that means it: it is not to be started again. */
  readonly wasAsked?: boolean;
}

/** Where a process's output goes. */
export interface OutputSink {
  /**
   * Takes bytes of one stream; `atMs` is when they were written, Unix milliseconds, where that was not now. False asks to
   * pause that process's streams until {@link whenReady} resolves.
   */
  write(stream: 'out' | 'err', chunk: Uint8Array, atMs?: number): boolean;
  whenReady(): Promise<void>;
  /** The streams have ended: an unfinished last line counts as one. */
  end(): void;
}

export interface RunningProcess {
  readonly pid: number;
  /** Resolves once it and everything it started are gone. Never rejects. */
  readonly ended: Promise<ProcessEnd>;
  /** It has ended already, and {@link ended} only waits for its last output; undefined where nothing is waited for. */
  readonly hasExited?: boolean;
  /** Asks it to end, and after the time limit ends it. Safe to call twice. */
  terminate(): void;
}

export interface AdoptedProcess extends RunningProcess {
  readonly startedAtMs: number;
}
