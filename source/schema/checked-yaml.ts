/** A YAML file held to a schema: every fault of it, with the line and column where it stands. */
import { readFileSync, statSync } from 'node:fs';
import * as v from 'valibot';
import { type Document, isMap, isNode, isPair, LineCounter, parseDocument } from 'yaml';
import { plainText } from '../wire/plain-text.ts';

const MAX_BYTES = 256 * 1024;
const MAX_ALIASES = 20;

/** What is wrong with a file. `message` names the field and the rule, and is plain text of one line. */
export interface Fault {
  readonly file: string;
  /** Both from 1 up; absent where the fault is the file itself. */
  readonly line?: number;
  readonly column?: number;
  /** Of a field that is not known, or is not there. */
  readonly kind?: 'unknown-field' | 'missing-field';
  readonly message: string;
}

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** `config.yaml:3:7: rate_hz: …`, as compilers say it. */
export function formatFault({ file, line, column, message }: Fault): string {
  return `${[file, line, column].filter((part) => part !== undefined).join(':')}: ${message}`;
}

/** Reads a file and checks it; never throws. An empty file is an empty map. */
export function checkYamlFile<S extends AnySchema>(file: string, schema: S): Checked<v.InferOutput<S>> {
  try {
    if (statSync(file).size > MAX_BYTES) return fault(file, `the file is larger than ${MAX_BYTES / 1024} KB`);
    return checkYaml(readFileSync(file, 'utf8'), file, schema);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return fault(file, code === 'ENOENT' ? 'the file does not exist' : `cannot be read: ${String(code ?? error)}`);
  }
}

/** A map of fields, nothing else: what every file here is. */
export type AnySchema = v.GenericSchema<unknown, unknown>;

/** As {@link checkYamlFile}, of text that was read already. */
export function checkYaml<S extends AnySchema>(text: string, file: string, schema: S): Checked<v.InferOutput<S>> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, logLevel: 'silent', prettyErrors: false });
  const at = (offset: number): Pick<Fault, 'line' | 'column'> => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  if (document.errors.length > 0) {
    const faults = document.errors.map((error) => ({ file, ...at(error.pos[0]), message: oneLine(error.message) }));
    return { ok: false, faults };
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES }) ?? {};
  } catch (error) {
    return fault(file, oneLine(error instanceof Error ? error.message : String(error)));
  }
  if (Array.isArray(value)) return fault(file, 'must be a map of fields, not a list');
  const result = v.safeParse(schema, value);
  if (result.success) return { ok: true, value: result.output };
  const faults: Fault[] = result.issues.map((issue) => {
    const path = pathOf(issue);
    const offset = offsetOf(document, path, isUnknownField(issue));
    const kind = isUnknownField(issue) ? 'unknown-field' : isMissingField(issue) ? 'missing-field' : undefined;
    const place = offset === undefined ? {} : at(offset);
    return { file, ...place, ...(kind === undefined ? {} : { kind }), message: describeIssue(issue, path) };
  });
  faults.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
  return { ok: false, faults };
}

/** What is wrong with a value that no file has, `rate_hz: …` each. */
export function describeIssues(issues: readonly v.BaseIssue<unknown>[]): readonly string[] {
  return issues.map((issue) => describeIssue(issue, pathOf(issue)));
}

type Path = readonly (string | number)[];

function pathOf(issue: v.BaseIssue<unknown>): Path {
  return (issue.path ?? []).map(({ key }) => (typeof key === 'number' ? key : String(key)));
}

function isUnknownField(issue: v.BaseIssue<unknown>): boolean {
  return issue.type === 'strict_object' && issue.expected === 'never';
}

function isMissingField(issue: v.BaseIssue<unknown>): boolean {
  return issue.type === 'strict_object' && issue.received === 'undefined';
}

function describeIssue(issue: v.BaseIssue<unknown>, path: Path): string {
  const name = path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : text === '' ? key : `${text}.${key}`),
    '',
  );
  return oneLine(`${name === '' ? 'the file' : name}: ${ruleOf(issue)}`);
}

function ruleOf(issue: v.BaseIssue<unknown>): string {
  if (isUnknownField(issue)) return 'there is no such field';
  if (isMissingField(issue)) return 'is missing';
  const received = issue.received.slice(0, 80);
  // A rule of ours has its whole sentence; valibot's own repeat what is said here.
  if (!issue.message.startsWith('Invalid '))
    return /^(Object|Array)$/.test(received) ? issue.message : `${issue.message}, not ${received}`;
  if (issue.type === 'strict_object') return `must be a map of fields, not ${received}`;
  return `must be ${expectationOf(issue)}, not ${received}`;
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  integer: 'a whole number',
};

function expectationOf(issue: v.BaseIssue<unknown>): string {
  const expected = issue.expected ?? issue.type;
  const kind = KINDS[issue.kind === 'schema' ? expected.toLowerCase() : issue.type];
  if (kind !== undefined) return kind;
  const bound = /^([<>]=?)(.+)$/.exec(expected);
  if (bound === null) return expected.replaceAll(' | ', ' or ').replace(/^\((.*)\)$/, '$1');
  const words: Readonly<Record<string, string>> = { '>=': 'at least', '<=': 'at most', '>': 'over', '<': 'under' };
  const what = issue.type.endsWith('_length') ? ' long' : '';
  return `${words[bound[1] ?? ''] ?? ''} ${bound[2]}${what}`;
}

/** Where the value of `path` stands, or its key; the nearest map around it where it is missing. */
function offsetOf(document: Document.Parsed, path: Path, isKey: boolean): number | undefined {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const parent: unknown = depth === 1 ? document.contents : document.getIn(path.slice(0, depth - 1), true);
    const key = path[depth - 1];
    if (isMap(parent)) {
      const pair = parent.items.find(({ key: own }) => isNode(own) && String(own) === String(key));
      const target = isPair(pair) ? (isKey || !isNode(pair.value) ? pair.key : pair.value) : undefined;
      if (isNode(target) && target.range) return target.range[0];
    } else {
      const item: unknown = document.getIn(path.slice(0, depth), true);
      if (isNode(item) && item.range) return item.range[0];
    }
  }
  return document.contents?.range?.[0];
}

function fault(file: string, message: string): { readonly ok: false; readonly faults: readonly Fault[] } {
  return { ok: false, faults: [{ file, message }] };
}

function oneLine(text: string): string {
  return plainText(text.split('\n')[0] ?? '').slice(0, 300);
}
