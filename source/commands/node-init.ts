/** `bubbaloop node init`: a folder from templates/, which runs as it is. */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { EXIT_OK, UserError, usageError } from '../errors.ts';
import { projectRoot } from '../project-root.ts';
import { nodeNameProblem } from '../wire/names.ts';
import { plainText } from '../wire/plain-text.ts';
import { booleanFlag, type Invocation, stringFlag } from './command.ts';

const TYPES = ['node', 'python', 'rust'] as const;
type NodeType = (typeof TYPES)[number];

/** Writes the folder NAME into the current one. */
export function initNode(name: string, invocation: Invocation): number {
  const problem = nodeNameProblem(name);
  if (problem !== undefined) throw usageError(`The name ${JSON.stringify(plainText(name))}: ${problem}.`);
  const given = stringFlag(invocation, 'type') ?? 'node';
  const type = TYPES.find((known) => known === given);
  if (type === undefined)
    throw usageError(`There is no type ${JSON.stringify(plainText(given))}.`, `One of: ${TYPES.join(', ')}.`);
  const folder = resolve(name);
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new UserError(`${folder} is there already, and not empty.`, {
      hint: 'Choose another name, or another folder.',
    });
  const files = writeTemplate(type, name, folder);
  if (type === 'node') linkSdk(folder);
  if (booleanFlag(invocation, 'json')) process.stdout.write(`${JSON.stringify({ path: folder, type, files })}\n`);
  else process.stdout.write(`${files.map((file) => join(name, file)).join('\n')}\n`);
  process.stderr.write(`Wrote ${name}. Next: ${nextSteps(type, name)}\n`);
  return EXIT_OK;
}

function nextSteps(type: NodeType, name: string): string {
  const build = type === 'node' ? '' : `bubbaloop node build ${name} && `;
  return `bubbaloop node add ${name} && ${build}bubbaloop node start ${name}`;
}

function writeTemplate(type: NodeType, name: string, folder: string): readonly string[] {
  const template = join(projectRoot, 'templates', type);
  const sources = readdirSync(template, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  // npm and cargo both want small letters, and neither a digit nor a sign first.
  const packageName = name.toLowerCase().replace(/^[^a-z]+/, '') || 'sensor';
  return sources.map((entry) => {
    const source = join(entry.parentPath, entry.name);
    const file = relative(template, source).replace(/(^|\/)gitignore$/, '$1.gitignore');
    const text = readFileSync(source, 'utf8').replaceAll('__NAME__', name).replaceAll('__PACKAGE__', packageName);
    const target = join(folder, file);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text, { flag: 'wx' });
    return file;
  });
}

/**
 * Puts this program's `bubbaloop/node` where the author's editor and `node --test` find it. `bubbaloop node run` needs
 * no such link, so a folder without one, from Git, runs as well.
 */
export function linkSdk(folder: string): void {
  const link = join(folder, 'node_modules', 'bubbaloop');
  if (existsSync(link)) return;
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(projectRoot, link);
}
