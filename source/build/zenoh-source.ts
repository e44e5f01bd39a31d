import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { applyPatch, parsePatch } from 'diff';

const VERSION = '1.10.2';
/** Of zenoh-1.10.2.crate, as Cargo.lock had it before the patch. */
const CHECKSUM = '946b0c49f30d9d5a29c13d9fe258ca2f14e9457018d145b9392df3bc49f84baa';

const crate = join(import.meta.dirname, '..', 'native');
const patchFile = join(crate, 'patches', `zenoh-${VERSION}.patch`);
const folder = join(crate, 'patched');
const STAMP = '.patched-with';

/** In source/native/Cargo.toml; without it cargo takes zenoh from the registry. */
const PATCH_SECTION = /^\[patch\.crates-io\]\n(?:[^[\n].*\n?)*/m;
const LOCKED_ZENOH = `name = "zenoh"\nversion = "${VERSION}"\n`;

export type ZenohSourceResult = { readonly isReady: true } | { readonly isReady: false; readonly reason: string };

/**
 * Makes source/native/patched/zenoh-VERSION, which Cargo.toml puts in the place of the registry's zenoh: the crate's source as
 * cargo has it or fetches it, from whatever registry, mirror or cache it is set up for, and the patch. A folder that is as it
 * should be is left alone, since cargo compiles again what is newer than its last build.
 */
export function prepareZenohSource(): ZenohSourceResult {
  const target = join(folder, `zenoh-${VERSION}`);
  const patch = readFileSync(patchFile, 'utf8');
  const stamp = createHash('sha256').update(CHECKSUM).update(patch).digest('hex');
  if (stampOf(target) === stamp) return { isReady: true };

  mkdirSync(folder, { recursive: true });
  const stage = mkdtempSync(join(folder, 'stage-'));
  try {
    const copy = join(stage, 'zenoh');
    cpSync(fetchSource(join(stage, 'unpatched')), copy, { recursive: true });
    applyTo(copy, patch);
    writeFileSync(join(copy, STAMP), stamp);
    rmSync(target, { recursive: true, force: true });
    renameSync(copy, target);
    return { isReady: true };
  } catch (error) {
    if (!(error instanceof ZenohSourceError)) throw error;
    return { isReady: false, reason: error.message };
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

class ZenohSourceError extends Error {}

function stampOf(target: string): string | undefined {
  const file = join(target, STAMP);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** The folder where cargo keeps the unpatched source. What else the crate needs is fetched on the way, for the build. */
function fetchSource(stage: string): string {
  const manifest = readFileSync(join(crate, 'Cargo.toml'), 'utf8');
  const lock = readFileSync(join(crate, 'Cargo.lock'), 'utf8');
  if (!PATCH_SECTION.test(manifest)) throw new ZenohSourceError('Cargo.toml has no [patch.crates-io]');
  if (!lock.includes(LOCKED_ZENOH)) throw new ZenohSourceError(`Cargo.lock has no zenoh ${VERSION}`);
  mkdirSync(stage);
  writeFileSync(join(stage, 'Cargo.toml'), manifest.replace(PATCH_SECTION, ''));
  const source = `source = "registry+https://github.com/rust-lang/crates.io-index"\nchecksum = "${CHECKSUM}"\n`;
  writeFileSync(join(stage, 'Cargo.lock'), lock.replace(LOCKED_ZENOH, `${LOCKED_ZENOH}${source}`));
  for (const name of ['src', 'build.rs']) symlinkSync(join(crate, name), join(stage, name));

  const version = spawnSync('cargo', ['-vV'], { encoding: 'utf8' });
  const host = /^host: (\S+)$/m.exec(version.stdout)?.[1];
  // Without it cargo would fetch what other systems need, too.
  const filter = host === undefined ? [] : ['--filter-platform', host];
  const asked = spawnSync('cargo', ['metadata', '--locked', '--format-version', '1', ...filter], {
    cwd: stage,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 256 * 1024 * 1024,
  });
  if (asked.status !== 0) {
    throw new ZenohSourceError(`cargo did not fetch zenoh's source (exit ${asked.status ?? asked.signal})`);
  }
  const { packages }: { packages: readonly { name: string; version: string; manifest_path: string }[] } = JSON.parse(
    asked.stdout,
  );
  const found = packages.find(({ name, version }) => name === 'zenoh' && version === VERSION);
  if (found === undefined)
    throw new ZenohSourceError(`cargo has no zenoh ${VERSION}: is Cargo.toml at another version?`);
  return dirname(found.manifest_path);
}

/** Applies a patch in git's form to the files in `folder`. Throws where one is not as the patch expects it, to the letter. */
export function applyTo(folder: string, patch: string): void {
  const files = parsePatch(patch);
  for (const file of files) {
    if (file.newFileName === undefined) throw new ZenohSourceError('source/native/patches holds no patch');
    const name = file.newFileName.replace(/^b\//, '');
    const path = join(folder, name);
    const patched = existsSync(path) && applyPatch(readFileSync(path, 'utf8'), file, { fuzzFactor: 0 });
    if (patched === false) throw new ZenohSourceError(`source/native/patches does not fit zenoh's ${name}`);
    writeFileSync(path, patched);
  }
}

if (import.meta.main) {
  const result = prepareZenohSource();
  if (!result.isReady) {
    process.stderr.write(`bubbaloop: zenoh's source is not ready: ${result.reason}\n`);
    process.exitCode = 1;
  }
}
