/** The terminal's input as Ink reads it, without the answers that the terminal gives to our questions. */
import type { ReadStream } from 'node:tty';
import { AnswerSieve, type TerminalAnswer } from '../graphics/terminal-answers.ts';

/** `stdin` with a `read` that hands answers to `onAnswers` and gives back the rest. */
export function siftInput(stdin: ReadStream, onAnswers: (answers: readonly TerminalAnswer[]) => void): ReadStream {
  const sieve = new AnswerSieve();
  let released = '';
  let timer: NodeJS.Timeout | undefined;

  const read = (): string | null => {
    if (released !== '') {
      const text = released;
      released = '';
      return text;
    }
    const chunk: unknown = stdin.read();
    if (chunk === null || chunk === undefined) return null;
    clearTimeout(timer);
    const { typed, answers } = sieve.push(String(chunk));
    if (answers.length > 0) onAnswers(answers);
    if (sieve.held !== '') {
      timer = setTimeout(() => {
        released += sieve.release();
        // Ink asks again when there is something to read.
        if (released !== '') stdin.emit('readable');
      }, sieve.patienceMs);
    }
    return typed;
  };

  return new Proxy(stdin, {
    get: (stream, name) => {
      if (name === 'read') return read;
      const value: unknown = Reflect.get(stream, name, stream);
      return typeof value === 'function' ? value.bind(stream) : value;
    },
  });
}
