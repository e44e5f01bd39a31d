import { useApp, useInput } from 'ink';
import { useEffect } from 'react';
import { toKeyPresses } from './key-press.ts';
import type { TopModel } from './top-model.ts';

export interface ShellProps {
  readonly model: TopModel;
  /** Hands over what only a mounted Ink app can do. */
  onMount(app: { readonly suspend: (task: () => Promise<void>) => Promise<void> }): void;
}

/** What Ink does for `bubbaloop top`: keys, and the terminal's modes. The screen itself is drawn by the painter. */
export function Shell({ model, onMount }: ShellProps) {
  const { suspendTerminal } = useApp();

  useInput((input, key) => {
    for (const press of toKeyPresses(input, key)) model.press(press);
  });

  useEffect(() => {
    onMount({ suspend: suspendTerminal });
  }, [onMount, suspendTerminal]);

  return null;
}
