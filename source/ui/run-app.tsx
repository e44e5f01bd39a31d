import { render } from 'ink';
import { App } from './app.tsx';
import { terminalSize } from './terminal-size.ts';
import { TopModel, type TopModelOptions } from './top-model.ts';

/** A running screen. */
export interface RunningApp {
  readonly model: TopModel;
  /** Ends when the user quits, or {@link close} is called. */
  readonly ended: Promise<void>;
  /** Gives the terminal back as it was. Safe to call twice. */
  close(): void;
}

/** Takes over the terminal and shows `bubbaloop top` on it. */
export function runApp(options: Omit<TopModelOptions, 'size' | 'quit' | 'suspend'>): RunningApp {
  const { stdout } = process;
  let suspendTerminal: ((task: () => Promise<void>) => Promise<void>) | undefined;
  const model = new TopModel({
    ...options,
    size: terminalSize(stdout),
    quit: () => close(),
    suspend: () => void suspendTerminal?.(stopped),
  });
  const instance = render(
    <App
      model={model}
      onMount={({ suspend }) => {
        suspendTerminal = suspend;
      }}
    />,
    {
      alternateScreen: true,
      // Ctrl-C is a key like any other here, so that leaving is always the same path.
      exitOnCtrlC: false,
      incrementalRendering: true,
      interactive: true,
      // The model decides when to draw; this bounds only a held-down key.
      maxFps: 30,
      patchConsole: true,
    },
  );
  let isClosed = false;
  function close(): void {
    if (isClosed) return;
    isClosed = true;
    model.close();
    instance.unmount();
  }
  return {
    model,
    ended: instance.waitUntilExit().then(() => undefined),
    close,
  };
}

/** Stops this process until the shell continues it. */
function stopped(): Promise<void> {
  return new Promise((resolve) => {
    // Where nothing can stop the process (it has no job control above it), time goes on and so does the screen.
    const timer = setTimeout(resolve, 300);
    process.once('SIGCONT', () => {
      clearTimeout(timer);
      resolve();
    });
    process.kill(process.pid, 'SIGTSTP');
  });
}
