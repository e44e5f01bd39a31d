/** What stands where there are no rows yet: what is going on, and what to do about it. */
import type { FleetState } from '../fleet/state.ts';
import { retryText } from './alerts.ts';
import type { PaneContent } from './pane.ts';
import { PANES } from './panes.ts';
import type { FleetRows } from './rows.ts';
import type { StyleName } from './theme.ts';

export interface Sentence {
  readonly text: string;
  readonly style: StyleName;
}

export interface EmptyContext {
  /** No other pane is beside it, which could say the same. */
  readonly isAlone?: boolean;
  readonly isReplay?: boolean;
}

/** Sentences for a pane without rows, empty where it has some. */
export function emptySentences(
  state: FleetState,
  rows: FleetRows,
  content: PaneContent,
  nowMs: number,
  { isReplay = false, isAlone = false }: EmptyContext = {},
): readonly Sentence[] {
  if (content.rows.length > 0) return [];
  if (content.totalCount > 0) {
    return [{ text: `None of the ${content.totalCount} rows matches this filter. Esc clears it.`, style: 'info' }];
  }
  const { link, endpoint } = state;
  if (link.state === 'connecting') return [{ text: `Connecting to ${endpoint} …`, style: 'info' }];
  if (link.state === 'lost') {
    if (content.id !== 'nodes' && !isAlone) return [{ text: 'Not connected.', style: 'dim' }];
    return [
      { text: `No router at ${endpoint} (${link.reason}).`, style: 'bad' },
      {
        text: 'Start one: `bubbaloop router standalone`, or look around with `bubbaloop demo`. Another place: `--endpoint`.',
        style: 'plain',
      },
      { text: `${retryText(state, nowMs)} Attempt ${link.attempt}.`, style: 'dim' },
    ];
  }
  if (!state.hasLooked) return [{ text: 'Connected. Asking who is there …', style: 'info' }];
  const { phase } = rows.topicsView;
  if (content.id === 'topics' && (phase === 'asking' || (phase === 'idle' && !isReplay))) {
    return [{ text: 'Asking the routers which keys there are …', style: 'info' }];
  }
  if (isReplay && content.id === 'topics') {
    return [
      {
        text: 'This recording holds no keys up to here: `top` records them while its Topics pane is shown.',
        style: 'dim',
      },
    ];
  }
  const isOfMachines = content.id === 'nodes' || (isAlone && content.id === 'machines');
  if (isOfMachines && state.machines.size === 0) {
    return [
      { text: 'Connected, but no daemon answers.', style: 'warn' },
      {
        text: 'Is `bubbaloop daemon` running on the machines, and are their routers linked to this one?',
        style: 'plain',
      },
      { text: '`bubbaloop doctor`, here and on a machine, tells what is missing.', style: 'dim' },
    ];
  }
  return [{ text: PANES[content.id].empty(rows), style: 'dim' }];
}
