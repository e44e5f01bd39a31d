import type { FileOutcome, Outcome } from '../setup/planned-files.ts';

const WORDS: Readonly<Record<Outcome, string>> = {
  new: 'new',
  unchanged: 'unchanged',
  changed: 'changed',
  kept: 'kept, you edited it',
  conflict: 'NOT WRITTEN, you edited it',
  replaced: 'replaced, yours is FILE.old',
};

/** A line for each file on stdout, and what to do about those that were not written. */
export function sayOutcomes(outcomes: readonly FileOutcome[], isDry: boolean): void {
  const width = Math.max(0, ...outcomes.map(({ outcome }) => WORDS[outcome].length));
  for (const { file, outcome } of outcomes) {
    process.stdout.write(`  ${WORDS[outcome].padEnd(width)}  ${file.path}  (${file.purpose})\n`);
  }
  if (!isTold(outcomes)) {
    process.stderr.write(
      'bubbaloop: a file that you edited would have to change; --force replaces it and keeps yours.\n',
    );
  } else if (isDry) {
    process.stdout.write('Nothing was written.\n');
  }
}

/** Whether everything that was asked for stands in the files. */
export function isTold(outcomes: readonly FileOutcome[]): boolean {
  return outcomes.every(({ outcome }) => outcome !== 'conflict');
}
