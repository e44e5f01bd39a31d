import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const packageSpec = 'eclipse-zenoh==1.10.2';

/**
 * Path of a Python that has zenoh's own Python client, in a virtual environment under node_modules/.cache that is made
 * once. Several test files may ask at the same time: each makes its own and the first to finish stays.
 */
export async function pythonWithZenoh(): Promise<string> {
  const cache = join(import.meta.dirname, '..', '..', 'node_modules', '.cache');
  const venv = join(cache, `python-${packageSpec.replaceAll(/[^\w.]+/g, '-')}`);
  const python = join(venv, 'bin', 'python');
  if (existsSync(python)) return python;

  mkdirSync(cache, { recursive: true });
  const beside = `${venv}.${process.pid}`;
  await run('python3', ['-m', 'venv', beside]);
  await run(join(beside, 'bin', 'python'), [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    packageSpec,
  ]);
  try {
    renameSync(beside, venv);
  } catch {
    // Another test was first.
    rmSync(beside, { recursive: true });
  }
  return python;
}
