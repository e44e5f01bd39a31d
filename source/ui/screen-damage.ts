/**
 * Which cells a piece of Ink's output draws over. Ink moves by lines and columns and erases to the end of a line; anything
 * else is taken to touch the whole screen, so that a picture is rather sent once too often than missing.
 */

/** For a row: the first column that was drawn over or erased. All to the right of it counts as gone. */
export type Damage = ReadonlyMap<number, number> | 'everything';

// CSI with parameters and final byte (ECMA-48 5.4), or a line break, or text.
const PIECE = /\x1b\[([0-9;?]*)([@-~])|\r|\n|\x1b.|[^\x1b\r\n]+/gs;

/** `row`: where the cursor stands before; Ink leaves it on the last line of its frame. */
export function damageOf(output: string, row: number, rows: number): Damage {
  const damage = new Map<number, number>();
  let at = row;
  let column = 0;
  const touch = (from: number): void => {
    damage.set(at, Math.min(from, damage.get(at) ?? from));
  };
  for (const [piece, parameters = '', final] of output.matchAll(PIECE)) {
    const count = Number.parseInt(parameters, 10) || 1;
    switch (final) {
      case undefined:
        if (piece === '\r') column = 0;
        else if (piece === '\n') {
          at = Math.min(rows - 1, at + 1);
          column = 0;
        } else if (piece.startsWith('\x1b')) return 'everything';
        else {
          touch(column);
          // What follows on this line lies further right, however wide this was.
          column += 1;
        }
        break;
      case 'A':
        at = Math.max(0, at - count);
        break;
      case 'B':
        at = Math.min(rows - 1, at + count);
        break;
      case 'E':
        at = Math.min(rows - 1, at + count);
        column = 0;
        break;
      case 'G':
        column = count - 1;
        break;
      case 'K':
        touch(parameters === '' || parameters === '0' ? column : 0);
        break;
      case 'm':
        break;
      case 'h':
      case 'l':
        // The cursor's look, synchronized output, pasting: nothing is drawn. The alternate screen is another matter.
        if (parameters === '?1049') return 'everything';
        break;
      default:
        return 'everything';
    }
  }
  return damage;
}

/** Whether a box, in cells, was touched. */
export function touches(
  damage: Damage,
  { x, y, width, height }: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
): boolean {
  if (damage === 'everything') return true;
  for (let row = y; row < y + height; row += 1) {
    const from = damage.get(row);
    if (from !== undefined && from < x + width) return true;
  }
  return false;
}
