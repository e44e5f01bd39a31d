import { PassThrough } from 'node:stream';
import type { ReadStream } from 'node:tty';
import { expect, test } from 'vitest';
import type { TerminalAnswer } from '../../source/graphics/terminal-answers.ts';
import { siftInput } from '../../source/ui/terminal-input.ts';

/** Reads as Ink does: all there is, each time it is told that there is something. */
function rig() {
  const source = new PassThrough();
  source.setEncoding('utf8');
  const answers: TerminalAnswer[] = [];
  const stdin = siftInput(source as unknown as ReadStream, (told) => answers.push(...told));
  let typed = '';
  stdin.on('readable', () => {
    for (let chunk: unknown = stdin.read(); chunk !== null; chunk = stdin.read()) typed += String(chunk);
  });
  const type = async (text: string, waitMs = 5): Promise<void> => {
    source.write(text);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  };
  return { type, answers, typed: () => typed };
}

test('answers do not reach who reads keys, in whatever pieces they come', async () => {
  const { type, answers, typed } = rig();
  await type('j\x1b[?63;1');
  await type(';4c');
  await type('k\x1bP>|XTerm(3');
  await type('79)\x1b\\\x1b[0nl');
  expect(typed()).toBe('jkl');
  expect(answers.map(({ kind }) => kind)).toEqual(['attributes', 'version', 'alive']);
});

test('Escape alone comes through after a moment', async () => {
  const { type, typed } = rig();
  await type('\x1b', 200);
  expect(typed()).toBe('\x1b');
  await type('\x1b[A');
  expect(typed()).toBe('\x1b\x1b[A');
});
