import { Box, Text } from 'ink';
import { type ComponentType, memo, useEffect, useState } from 'react';
import type { DetailsTable } from '../view/details-table.ts';
import type { Rect } from '../view/layout.ts';

interface TableProps {
  readonly data: readonly Readonly<Record<string, string>>[];
  readonly columns: readonly string[];
}

/** ink-table is loaded when it is first needed: it would cost every start-up of `top`. */
async function loadTable(): Promise<ComponentType<TableProps>> {
  const loaded: unknown = await import('ink-table');
  return unwrap(loaded);
}

/** The class itself, out of as many `default`s as the bundler and the CommonJS form put around it. */
function unwrap(value: unknown): ComponentType<TableProps> {
  if (typeof value === 'function') return value as ComponentType<TableProps>;
  if (typeof value === 'object' && value !== null && 'default' in value) return unwrap(value.default);
  throw new TypeError('ink-table has no default export');
}

export interface DetailsViewProps {
  readonly rect: Rect;
  readonly table: DetailsTable;
}

/** Everything about one row, boxed. */
export const DetailsView = memo(function DetailsView({ rect, table }: DetailsViewProps) {
  const [Table, setTable] = useState<ComponentType<TableProps>>();
  useEffect(() => {
    let isMounted = true;
    void loadTable().then((loaded) => {
      if (isMounted) setTable(() => loaded);
    });
    return () => {
      isMounted = false;
    };
  }, []);
  return (
    <Box position="absolute" top={rect.y} left={rect.x} width={rect.width} height={rect.height} overflow="hidden">
      {Table === undefined ? <Text> </Text> : <Table data={table.rows} columns={table.columns} />}
    </Box>
  );
});
