import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

const FRESH = 'caches = new OutputCaches();';
const KEPT = 'caches = keptCaches();';
/** Lines of three or four screens; of the widest it holds some megabytes. */
const MAX_LINES = 400;

/**
 * Ink 8 takes each line of the screen apart into cells, and throws that away with the frame: of a frame in which one line
 * changed, most of the time goes into the others. Here what was taken apart stays for the next frames. Nothing in Ink
 * changes these cells (it copies the one that it blanks). Fails the build where Ink's source is not the one that is known.
 */
export const keepInkCaches: Plugin = {
  name: 'keep-ink-caches',
  setup(build) {
    build.onLoad({ filter: /\/ink\/build\/output\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      if (source.split(FRESH).length !== 2) throw new Error(`${path} has no one "${FRESH}": is this still Ink 8.0.0?`);
      const contents = `${source.replace(FRESH, KEPT)}
let kept = new OutputCaches();
function keptCaches() {
  if (kept.styledChars.size > ${MAX_LINES}) kept = new OutputCaches();
  return kept;
}
`;
      return { contents, loader: 'js' };
    });
  },
};
