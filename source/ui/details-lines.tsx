import { renderToString } from 'ink';
import type { ComponentType } from 'react';
import { type DetailsLook, dressDetails } from '../view/details-look.ts';
import type { DetailsTable } from '../view/details-table.ts';
import type { Rect } from '../view/layout.ts';

interface TableProps {
  readonly data: readonly Readonly<Record<string, string>>[];
  readonly columns: readonly string[];
}

interface Details {
  readonly rect: Rect;
  readonly table: DetailsTable;
  readonly look: DetailsLook;
}

/** Everything about one row as the lines of a boxed table. ink-table is loaded when the first is wanted: it would cost every start of `top`. */
export class DetailsLines {
  /** Called when there are lines where there were none. */
  onLoaded: () => void = () => undefined;
  #Table: ComponentType<TableProps> | undefined;
  #isLoading = false;
  #last: Details | undefined;
  #lines: readonly string[] = [];

  /** The same object has the same lines. */
  of(details: Details | undefined): readonly string[] {
    if (details === undefined) return [];
    const Table = this.#Table;
    if (Table === undefined) {
      void this.#load();
      return [];
    }
    if (details !== this.#last) {
      const { table, rect, look } = details;
      this.#last = details;
      const boxed = renderToString(<Table data={table.rows} columns={table.columns} />, { columns: rect.width });
      this.#lines = withoutRules(boxed.split('\n')).map((line) => dressDetails(line, look));
    }
    return this.#lines;
  }

  async #load(): Promise<void> {
    if (this.#isLoading) return;
    this.#isLoading = true;
    const loaded: unknown = await import('ink-table');
    this.#Table = unwrap(loaded);
    this.onLoaded();
  }
}

/** ink-table rules a line below each row; only the one below the titles stays, so that twice as much can be seen. */
function withoutRules(lines: readonly string[]): readonly string[] {
  const first = lines.findIndex((line) => line.includes('├'));
  return lines.filter((line, index) => index === first || !/^(?:\x1b\[[\d;]*m)*├/.test(line));
}

/** The class itself, out of as many `default`s as the bundler and the CommonJS form put around it. */
function unwrap(value: unknown): ComponentType<TableProps> {
  if (typeof value === 'function') return value as ComponentType<TableProps>;
  if (typeof value === 'object' && value !== null && 'default' in value) return unwrap(value.default);
  throw new TypeError('ink-table has no default export');
}
