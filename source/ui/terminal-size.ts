import type { Size } from '../view/layout.ts';

/** The terminal's size; 80x24 where it does not say. */
export function terminalSize(
  stdout: NodeJS.WritableStream & { readonly columns?: number; readonly rows?: number },
): Size {
  return { columns: stdout.columns || 80, rows: stdout.rows || 24 };
}
