/** Everything about one row on the whole screen: a table, where it leads, and a picture where there is one. */
import { detailsLook } from './details-look.ts';
import { type DetailsTable, detailsPageRows } from './details-table.ts';
import type { Rect } from './layout.ts';
import { drawLinks, linkLineCount } from './links-line.ts';
import { PANES } from './panes.ts';
import type { Scene, SceneInput } from './screen.ts';
import { fit } from './text.ts';
import type { Overlay, UiState } from './ui-state.ts';
import type { DetailsPicture } from './wall-scene.ts';

export function detailsScene(
  input: SceneInput,
  ui: UiState,
  choice: Extract<Overlay, { readonly kind: 'details' }>,
  above: readonly string[],
  footer: string,
  body: Rect,
  table: DetailsTable,
  picture: DetailsPicture | undefined,
): Scene {
  const { fleet, rows, nowMs, theme } = input;
  const links = PANES[choice.pane].links(choice.key, {
    state: fleet,
    rows,
    nowMs,
    isReplay: input.replay !== undefined,
  });
  const linkLines = linkLineCount(links, body.width);
  const room = body.height - 1 - linkLines;
  const pageRows = detailsPageRows(room);
  const count = table.rows.length;
  const top = Math.min(choice.top, Math.max(0, count - pageRows));
  const shown = table.rows.slice(top, top + pageRows);
  const remark = count > pageRows ? `${top + 1}-${top + shown.length} of ${count}` : '';
  const title = input.theme.paint([
    { text: fit(` ${table.title}`, input.size.columns - remark.length - 2), style: 'title-active' },
    { text: ` ${remark} `, style: 'dim' },
  ]);
  return {
    screen: {
      kind: 'full',
      size: input.size,
      above: [...above, title],
      panes: [
        ...(picture === undefined ? [] : [{ rect: picture.area, lines: picture.lines }]),
        ...(linkLines === 0
          ? []
          : [
              {
                rect: { ...body, y: body.y + 1 + room, height: linkLines },
                lines: drawLinks(links, body.width, linkLines, theme),
              },
            ]),
      ],
      details: {
        rect: { ...body, y: body.y + 1, height: room },
        table: { ...table, rows: shown },
        remark,
        look: detailsLook(theme),
      },
      footer,
      pictures: picture?.places ?? [],
    },
    ui,
    pageRows,
    overlayRows: count,
    links,
    visible: new Map([[choice.pane, [choice.key]]]),
  };
}
