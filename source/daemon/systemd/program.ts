import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { isCode } from '../home.ts';

/**
 * Why a program cannot be started in a folder, in words for people; undefined where it can. Systemd tells it too late, and
 * only by a number.
 */
export function programProblem(program: string, folder: string, searchPath: string | undefined): string | undefined {
  if (!isFolder(folder)) return `the folder ${folder} is missing`;
  const verdicts = candidates(program, folder, searchPath).map(judge);
  if (verdicts.includes('good')) return undefined;
  if (verdicts.includes('forbidden')) return `${program} may not be executed`;
  return `${program} was not found (in ${folder} or on PATH), or the folder is missing`;
}

/** A program of the system by its name, as an absolute path; undefined where there is none. */
export function findProgram(name: string, searchPath: string | undefined): string | undefined {
  return candidates(name, '/', searchPath).find((file) => isAbsolute(file) && judge(file) === 'good');
}

/** As execvp(3) looks for it. */
function candidates(program: string, folder: string, searchPath = '/usr/local/bin:/usr/bin:/bin'): readonly string[] {
  if (program === '') return [];
  if (program.includes('/')) return [resolve(folder, program)];
  return searchPath.split(delimiter).map((part) => join(resolve(folder, part), program));
}

function judge(file: string): 'good' | 'forbidden' | 'missing' {
  try {
    if (!statSync(file).isFile()) return 'forbidden';
    accessSync(file, constants.X_OK);
    return 'good';
  } catch (error) {
    return isCode(error, 'EACCES') ? 'forbidden' : 'missing';
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
