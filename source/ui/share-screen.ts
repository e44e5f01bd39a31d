/** Reuse of the parts of the last screen that came out the same, so that what is the same is seen at a glance. */
import type { Placed, Screen } from '../view/screen.ts';

/** `before` where nothing changed, else `after` with every unchanged part taken from `before`. */
export function shareScreen(before: Screen | undefined, after: Screen): Screen {
  if (before === undefined) return after;
  if (before.size.columns !== after.size.columns || before.size.rows !== after.size.rows) return after;
  if (before.kind === 'sentence') {
    return after.kind === 'sentence' && sameLines(before.lines, after.lines) ? before : after;
  }
  if (after.kind === 'sentence') return after;
  const above = sameLines(before.above, after.above) ? before.above : after.above;
  const shared = after.panes.map((pane, index) => sharePlaced(before.panes[index], pane));
  const isSamePanes =
    shared.length === before.panes.length && shared.every((pane, index) => pane === before.panes[index]);
  const panes = isSamePanes ? before.panes : shared;
  const dialog = after.dialog === undefined ? undefined : sharePlaced(before.dialog, after.dialog);
  const details = JSON.stringify(before.details) === JSON.stringify(after.details) ? before.details : after.details;
  const pictures =
    JSON.stringify(before.pictures) === JSON.stringify(after.pictures) ? before.pictures : after.pictures;
  const isSame =
    pictures === before.pictures &&
    above === before.above &&
    panes === before.panes &&
    dialog === before.dialog &&
    details === before.details &&
    after.footer === before.footer;
  return isSame ? before : { ...after, above, panes, dialog, details, pictures };
}

function sharePlaced(before: Placed | undefined, after: Placed): Placed {
  if (before === undefined) return after;
  const { rect } = after;
  const isSamePlace =
    before.pane === after.pane &&
    before.rect.x === rect.x &&
    before.rect.y === rect.y &&
    before.rect.width === rect.width &&
    before.rect.height === rect.height;
  return isSamePlace && sameLines(before.lines, after.lines) ? before : after;
}

function sameLines(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, index) => line === b[index]);
}
