import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { prepareZenohSource } from './zenoh-source.ts';

const root = join(import.meta.dirname, '..', '..');
const crate = join(root, 'source', 'native');
const outdir = join(root, 'dist', 'native');
const libraryName = process.platform === 'darwin' ? 'libbubbaloop_native.dylib' : 'libbubbaloop_native.so';

export type NativeBuildResult =
  | { readonly built: true; readonly seconds: number }
  | { readonly built: false; readonly reason: string };

/**
 * Builds the crate and puts `bubbaloop.node` (the addon), `bubbaloop-router` and `bubbaloop-shim` into dist/native. Cargo's
 * own progress goes to stderr. A missing toolchain or a failed build is a result, not an error: `ws://` works without it.
 */
export function buildNative(): NativeBuildResult {
  const startedAtMs = Date.now();
  const version = spawnSync('cargo', ['--version'], { encoding: 'utf8' });
  if (version.status !== 0) return { built: false, reason: 'no Rust toolchain (cargo) was found' };

  const zenoh = prepareZenohSource();
  if (!zenoh.isReady) return { built: false, reason: zenoh.reason };
  const build = spawnSync('cargo', ['build', '--release', '--locked'], {
    cwd: crate,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (build.status !== 0) {
    return { built: false, reason: `cargo build failed in source/native (exit ${build.status ?? build.signal})` };
  }
  mkdirSync(outdir, { recursive: true });
  const release = join(process.env.CARGO_TARGET_DIR ?? join(crate, 'target'), 'release');
  place(join(release, libraryName), join(outdir, 'bubbaloop.node'));
  for (const program of ['bubbaloop-router', 'bubbaloop-shim']) place(join(release, program), join(outdir, program));
  return { built: true, seconds: Math.round((Date.now() - startedAtMs) / 1000) };
}

/** Copies beside the target and renames: a program that runs from the old file keeps it. */
function place(from: string, to: string): void {
  const beside = `${to}.new`;
  copyFileSync(from, beside);
  chmodSync(beside, 0o755);
  renameSync(beside, to);
}

if (import.meta.main) {
  const result = buildNative();
  if (!result.built) {
    process.stderr.write(`bubbaloop: native part not built: ${result.reason}\n`);
    process.exitCode = 1;
  }
}
