import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build, type OutputFile } from 'esbuild';
import { emitTypes } from './types.ts';
import { inlineWasm } from './wasm-plugin.ts';
import { yogaWithoutFetch } from './yoga-plugin.ts';

const root = join(import.meta.dirname, '..', '..');
const outdir = join(root, 'dist');
const entries: readonly string[] = ['cli.js', 'node.js'].map((name) => join(outdir, name));

/**
 * Bundles source/cli.ts and the SDK (`bubbaloop/node`) into dist/. Split at dynamic imports, so that `--help` loads
 * neither React nor zenoh-ts. A failed build leaves the old bundle as it was.
 */
export async function bundle(): Promise<void> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: { cli: 'source/cli.ts', node: 'source/nodes/sdk/index.ts' },
    outdir,
    bundle: true,
    write: false,
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
    // Its build for Node is CommonJS, which a dynamic import gives no names of; the other one is the same code as ESM.
    alias: { yaml: join(root, 'node_modules', 'yaml', 'browser', 'index.js') },
    // sharp finds its own native binary; the other one is a development tool that Ink would load.
    external: ['sharp', 'react-devtools-core'],
    banner: {
      // CommonJS packages in the bundle ask for Node's own modules through require.
      js: "import { createRequire as bubbaloopCreateRequire } from 'node:module'; const require = bubbaloopCreateRequire(import.meta.url);",
    },
    plugins: [inlineWasm, yogaWithoutFetch],
  });
  await place(outputFiles);
  emitTypes();
}

/** Chunks first, the entries last: whoever starts in between gets the old bundle or the new one. */
async function place(files: readonly OutputFile[]): Promise<void> {
  const chunksFirst = [...files].sort((a, b) => Number(entries.includes(a.path)) - Number(entries.includes(b.path)));
  for (const file of chunksFirst) {
    await mkdir(dirname(file.path), { recursive: true });
    const beside = `${file.path}.${process.pid}`;
    await writeFile(beside, file.contents);
    await rename(beside, file.path);
  }
  const kept = new Set(files.map((file) => file.path));
  const chunks = await readdir(join(outdir, 'chunks')).catch(() => []);
  const stale = chunks.map((name) => join(outdir, 'chunks', name)).filter((path) => !kept.has(path));
  await Promise.all(stale.map((path) => rm(path, { force: true })));
}

if (import.meta.main) await bundle();
