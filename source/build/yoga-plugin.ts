import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/**
 * Yoga, Ink's layout, takes its own bytes out of a `data:` address by `fetch` where there is one, for which Node loads a
 * whole HTTP client: an eighth of the time until `top` is there, and 7 MB. Without it the bytes are decoded on the spot.
 */
export const yogaWithoutFetch: Plugin = {
  name: 'yoga-without-fetch',
  setup(build) {
    let isFound = false;
    build.onEnd(() =>
      isFound ? {} : { errors: [{ text: 'yoga-layout keeps its bytes elsewhere now: see yoga-plugin.ts' }] },
    );
    build.onLoad({ filter: /yoga-wasm-base64-esm\.js$/ }, async ({ path }) => {
      isFound = true;
      const code = await readFile(path, 'utf8');
      return { contents: `const fetch = undefined;\n${code}`, loader: 'js' };
    });
  },
};
