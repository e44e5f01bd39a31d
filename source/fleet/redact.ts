/** Secrets taken out of text that leaves this machine in a file. Better too much than too little. */

const SUSPECT = /[:=@]|bearer|basic/i;
/** `rtsp://user:pass@camera/` keeps its place, not who may look. */
const URL_USER = /([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/@]{1,200}@/gi;
/** The same without `://`. */
const USER_AT = /(^|[\s/"'=])[^\s/@:"']{1,100}:[^\s/@]{1,200}@/g;
const NAMED =
  /((?:pass(?:word|wd|phrase)?|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credentials?)["']?\s{0,4}[:=]\s{0,4}["']?)[^\s"',;&]{1,400}/gi;
const SCHEME = /\b(bearer|basic)\s{1,4}[\w.~+/=-]{6,}/gi;

export function redact(text: string): string {
  if (!SUSPECT.test(text)) return text;
  return text.replace(URL_USER, '$1***@').replace(USER_AT, '$1***@').replace(NAMED, '$1***').replace(SCHEME, '$1 ***');
}

/** The value with every text in it redacted. */
export function redactAll(value: unknown): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map(redactAll);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redactAll(item)]));
}
