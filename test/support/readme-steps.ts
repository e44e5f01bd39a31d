/** The steps of the README's deployment, as it has them: shell blocks under a comment `steps: ROLE`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ReadmeSteps {
  readonly role: 'central' | 'robot';
  /** One command each, comments taken off. */
  readonly lines: readonly string[];
}

const readme = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8');

export const readmeSteps: readonly ReadmeSteps[] = [
  ...readme.matchAll(/<!-- steps: (central|robot) -->\s+```sh\n([\s\S]*?)```/g),
].map(([, role, block = '']) => ({
  role: role === 'central' ? 'central' : 'robot',
  lines: block
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== ''),
}));

/** The README's example of a node. */
export const readmeNodeYaml: string = /```yaml\n(name: weather\n[\s\S]*?)```/.exec(readme)?.[1] ?? '';
