/** The tabs of a small screen: all with their counts where they fit, else fewer words, else those around the chosen one. */
import { PANE_IDS, type PaneId } from './layout.ts';
import { PANES } from './panes.ts';

export interface Tab {
  /** Absent for the sign that there are more on that side. */
  readonly pane?: PaneId;
  /** One column for each character. */
  readonly text: string;
}

export function tabsOf(chosen: PaneId, countOf: (pane: PaneId) => number, width: number): readonly Tab[] {
  const number = (pane: PaneId): string => `${PANE_IDS.indexOf(pane) + 1} ${PANES[pane].tab}`;
  const full = (pane: PaneId): Tab => {
    const count = PANES[pane].isCounted === false ? '' : `${countOf(pane)} `;
    return { pane, text: ` ${number(pane)} ${count}` };
  };
  const short = (pane: PaneId): Tab => ({ pane, text: ` ${number(pane)} ` });
  const forms = [PANE_IDS.map(full), PANE_IDS.map((pane) => (pane === chosen ? full(pane) : short(pane)))];
  const fitting = forms.find((tabs) => widthOf(tabs) <= width);
  if (fitting !== undefined) return fitting;
  // From the chosen one outwards, to the right first, with room for a sign on either side.
  const tabs = forms.at(-1) ?? [];
  let from = PANE_IDS.indexOf(chosen);
  let to = from + 1;
  const fits = (first: number, end: number): boolean =>
    first >= 0 && end <= tabs.length && widthOf(tabs.slice(first, end)) <= width - 2;
  for (let grew = true; grew; ) {
    grew = false;
    if (fits(from, to + 1)) {
      to += 1;
      grew = true;
    }
    if (fits(from - 1, to)) {
      from -= 1;
      grew = true;
    }
  }
  return [...(from > 0 ? [{ text: '<' }] : []), ...tabs.slice(from, to), ...(to < tabs.length ? [{ text: '>' }] : [])];
}

function widthOf(tabs: readonly Tab[]): number {
  return tabs.reduce((sum, { text }) => sum + text.length, 0);
}
