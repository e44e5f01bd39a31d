import { Box, Text, useApp, useInput, useStdout } from 'ink';
import { memo, useEffect, useSyncExternalStore } from 'react';
import type { Placed, Screen } from '../view/screen.ts';
import { DetailsView } from './details-view.tsx';
import { toKeyPresses } from './key-press.ts';
import { terminalSize } from './terminal-size.ts';
import type { TopModel } from './top-model.ts';

export interface AppProps {
  readonly model: TopModel;
  /** Hands over what only a mounted Ink app can do. */
  onMount(app: { readonly exit: () => void; readonly suspend: (task: () => Promise<void>) => Promise<void> }): void;
}

/** The whole of `bubbaloop top`: puts the model's lines in their places, and gives it the keys. */
export function App({ model, onMount }: AppProps) {
  const screen = useSyncExternalStore(model.subscribe, model.screen);
  const { stdout } = useStdout();
  const { exit, suspendTerminal } = useApp();

  useInput((input, key) => {
    for (const press of toKeyPresses(input, key)) model.press(press);
  });

  useEffect(() => {
    const resized = () => model.resize(terminalSize(stdout));
    stdout.on('resize', resized);
    return () => {
      stdout.off('resize', resized);
    };
  }, [model, stdout]);

  useEffect(() => {
    onMount({ exit, suspend: suspendTerminal });
  }, [onMount, exit, suspendTerminal]);

  return (
    <Box width={screen.size.columns} height={screen.size.rows}>
      {screen.kind === 'sentence' ? <Lines lines={screen.lines} /> : <Full screen={screen} />}
    </Box>
  );
}

function Full({ screen }: { readonly screen: Extract<Screen, { kind: 'full' }> }) {
  return (
    <>
      <Lines lines={screen.above} />
      {screen.panes.map((placed, index) => (
        // Panes never change their order, only their number.
        <PlacedLines key={index} placed={placed} />
      ))}
      {screen.details && <DetailsView rect={screen.details.rect} table={screen.details.table} />}
      {screen.dialog && <PlacedLines placed={screen.dialog} />}
      <Box position="absolute" top={screen.size.rows - 1} left={0}>
        <Line text={screen.footer} />
      </Box>
    </>
  );
}

const PlacedLines = memo(function PlacedLines({ placed }: { readonly placed: Placed }) {
  const { x, y, width, height } = placed.rect;
  return (
    <Box position="absolute" top={y} left={x} width={width} height={height}>
      <Lines lines={placed.lines} />
    </Box>
  );
});

const Lines = memo(function Lines({ lines }: { readonly lines: readonly string[] }) {
  return (
    <Box flexDirection="column">
      {lines.map((line, index) => (
        <Line key={index} text={line} />
      ))}
    </Box>
  );
});

const Line = memo(function Line({ text }: { readonly text: string }) {
  return <Text wrap="truncate">{text}</Text>;
});
