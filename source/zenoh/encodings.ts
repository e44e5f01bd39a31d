/** The encodings that zenoh 1.10 knows by a number (`Encoding` in zenoh's api/encoding.rs), in the order of the numbers. */
export const ENCODINGS = [
  'zenoh/bytes',
  'zenoh/string',
  'zenoh/serialized',
  'application/octet-stream',
  'text/plain',
  'application/json',
  'text/json',
  'application/cdr',
  'application/cbor',
  'application/yaml',
  'text/yaml',
  'text/json5',
  'application/python-serialized-object',
  'application/protobuf',
  'application/java-serialized-object',
  'application/openmetrics-text',
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/bmp',
  'image/webp',
  'application/xml',
  'application/x-www-form-urlencoded',
  'text/html',
  'text/xml',
  'text/css',
  'text/javascript',
  'text/markdown',
  'text/csv',
  'application/sql',
  'application/coap-payload',
  'application/json-patch+json',
  'application/json-seq',
  'application/jsonpath',
  'application/jwt',
  'application/mp4',
  'application/soap+xml',
  'application/yang',
  'audio/aac',
  'audio/flac',
  'audio/mp4',
  'audio/ogg',
  'audio/vorbis',
  'video/h261',
  'video/h263',
  'video/h264',
  'video/h265',
  'video/h266',
  'video/mp4',
  'video/ogg',
  'video/raw',
  'video/vp8',
  'video/vp9',
] as const;

/**
 * Whether zenoh sends `text` as a number that every receiver knows. A schema of one's own may follow after `;`:
 * `application/protobuf;pkg.Message`. Any other text travels as the schema of `zenoh/bytes`.
 */
export function isKnownEncoding(text: string): boolean {
  const [base = ''] = text.split(';');
  return ENCODINGS.some((known) => known === base);
}

/** The known ones that were probably meant, the best first; at most three. */
export function nearEncodings(text: string): readonly string[] {
  const wanted = text.toLowerCase();
  const subtype = wanted.slice(wanted.indexOf('/') + 1).split(';')[0] ?? '';
  const near = ENCODINGS.map((known) => ({ known, distance: distanceTo(known, wanted, subtype) }))
    .filter(({ distance }) => distance <= 2)
    .sort((left, right) => left.distance - right.distance);
  return near.slice(0, 3).map(({ known }) => known);
}

function distanceTo(known: string, wanted: string, subtype: string): number {
  const ownSubtype = known.slice(known.indexOf('/') + 1);
  return Math.min(editDistance(known, wanted), ownSubtype === subtype ? 0 : 1 + editDistance(ownSubtype, subtype));
}

/** Levenshtein's: how many characters have to be put in, taken out or changed. */
function editDistance(left: string, right: string): number {
  let above = Array.from({ length: right.length + 1 }, (_value, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const row = [i];
    for (let j = 1; j <= right.length; j++) {
      const change = (above[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      row.push(Math.min(change, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    above = row;
  }
  return above[right.length] ?? 0;
}
