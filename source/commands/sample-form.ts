/** The forms in which `sub` and `get` show what they got. */
import { usageError } from '../errors.ts';
import { formatSample, formatSamplePretty, sampleToJson } from '../view/sample-lines.ts';
import { scriptJson } from '../wire/exact-json.ts';
import { plainText } from '../wire/plain-text.ts';
import type { Sample } from '../zenoh/session.ts';
import { booleanFlag, type Invocation } from './command.ts';

export type Form = 'line' | 'pretty' | 'json' | 'raw';

/** What the flags ask for; throws a usage error where that is two things. */
export function readForm(invocation: Invocation): Form {
  const forms = (['json', 'pretty', 'raw'] as const).filter((form) => booleanFlag(invocation, form));
  if (forms.length > 1) throw usageError(`--${forms.join(' and --')} do not go together.`);
  if (forms[0] === 'raw' && process.stdout.isTTY)
    throw usageError('--raw writes bytes as they come, which may upset a terminal.', 'Write them to a file or a pipe.');
  return forms[0] ?? 'line';
}

/** The whole of what is written for a sample, with its line break. `more` is for JSON. */
export function sampleText(
  sample: Sample,
  form: Form,
  more: Readonly<Record<string, unknown>> = {},
): string | Uint8Array {
  if (form === 'raw') return sample.payload;
  if (form === 'json') return `${sampleToJson(sample, Date.now(), more)}\n`;
  return `${form === 'pretty' ? formatSamplePretty(sample) : formatSample(sample)}\n`;
}

/** A liveliness token that appeared or went, with its line break. */
export function tokenText(key: string, alive: boolean, asJson: boolean): string {
  return `${asJson ? scriptJson({ key, alive }) : `${alive ? '+' : '-'} ${plainText(key)}`}\n`;
}
