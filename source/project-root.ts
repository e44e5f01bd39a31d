import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder with `bin`, `configs` and `dist`, found from this file: it may run from source/, dist/ or dist/chunks/. */
export const projectRoot: string = findProjectRoot(import.meta.dirname);

/** What the native build put into dist/native, a program or the addon; it need not exist. */
export function nativeFile(name: 'bubbaloop-router' | 'bubbaloop-shim' | 'bubbaloop.node'): string {
  return join(projectRoot, 'dist', 'native', name);
}

function findProjectRoot(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'configs', 'zenoh'))) return folder;
    if (folder === dirname(folder))
      throw new Error(`no configs/zenoh above ${from}: this installation is not complete`);
  }
}
