import type { MouseReport } from '../graphics/terminal-answers.ts';
import type { MouseEvent } from '../view/mouse.ts';

const LEFT = 0;
const WHEEL_UP = 64;
const WHEEL_DOWN = 65;

/** What a report of the mouse means here; other buttons, and clicks with Ctrl or Alt, mean nothing. */
export function toMouseEvent({ button, x, y, isDown }: MouseReport): MouseEvent | undefined {
  if (!isDown || x < 0 || y < 0) return undefined;
  switch (button) {
    case LEFT:
      return { kind: 'click', x, y };
    case WHEEL_UP:
      return { kind: 'wheel-up', x, y };
    case WHEEL_DOWN:
      return { kind: 'wheel-down', x, y };
    default:
      return undefined;
  }
}
