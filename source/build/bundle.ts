import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { inlineWasm } from './wasm-plugin.ts';

const root = join(import.meta.dirname, '..', '..');
const outdir = join(root, 'dist');

/** Bundles source/cli.ts into dist/. Split at dynamic imports, so that `--help` loads neither React nor zenoh-ts. */
export async function bundle(): Promise<void> {
  await removeOldBundle();
  await build({
    absWorkingDir: root,
    entryPoints: { cli: 'source/cli.ts' },
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22.12',
    chunkNames: 'chunks/[name]-[hash]',
    minifySyntax: true,
    legalComments: 'none',
    logLevel: 'warning',
    define: {
      // Ink and React take twice the CPU in development mode.
      'process.env.NODE_ENV': '"production"',
      'process.env.DEV': '"false"',
    },
    // sharp finds its own native binary; the other one is a development tool that Ink would load.
    external: ['sharp', 'react-devtools-core'],
    banner: {
      // CommonJS packages in the bundle ask for Node's own modules through require.
      js: "import { createRequire as bubbaloopCreateRequire } from 'node:module'; const require = bubbaloopCreateRequire(import.meta.url);",
    },
    plugins: [inlineWasm],
  });
}

/** Leaves dist/native, which the native build put there. */
async function removeOldBundle(): Promise<void> {
  const names = await readdir(outdir).catch(() => []);
  await Promise.all(
    names.filter((name) => name !== 'native').map((name) => rm(join(outdir, name), { recursive: true, force: true })),
  );
}

if (import.meta.main) await bundle();
