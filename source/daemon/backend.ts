/** What runs the processes of nodes. `process` here; systemd comes with issue 4. */
export interface Backend {
  readonly kind: 'process';
  /** Starts it; rejects with a reason for people where there is no process then. */
  start(request: StartRequest): Promise<RunningProcess>;
}

export interface StartRequest {
  readonly words: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly output: OutputSink;
}

/** Where a process's output goes. */
export interface OutputSink {
  /**
   * Takes bytes of one stream. False asks to pause that process's streams until {@link whenReady} resolves.
   */
  write(stream: 'out' | 'err', chunk: Uint8Array): boolean;
  whenReady(): Promise<void>;
  /** The streams have ended: an unfinished last line counts as one. */
  end(): void;
}

export interface RunningProcess {
  readonly pid: number;
  /** Resolves once it and everything it started are gone. Never rejects. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  /** Asks it to end, and after the time limit ends it. Safe to call twice. */
  terminate(): void;
}
