import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/** Writes the SDK's type declarations to dist/types: package.json's `exports` names them. Throws where tsc refuses. */
export function emitTypes(): void {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const result = spawnSync(process.execPath, [tsc, '-p', 'source/build/tsconfig.types.json'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (result.status !== 0) throw new Error(`tsc made no type declarations: ${result.stdout}${result.stderr}`);
}
