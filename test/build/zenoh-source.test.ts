import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { applyTo } from '../../source/build/zenoh-source.ts';

const PATCH = `Why it is there.

--- a/lib.rs
+++ b/lib.rs
@@ -1,3 +1,3 @@
 fn answer() {
-    reply_under_lock();
+    reply();
 }
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-test-patch-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(text: string): string {
  const file = join(folder, 'lib.rs');
  writeFileSync(file, text);
  return file;
}

test('a patch is applied, wherever its lines went', () => {
  const file = write('// One more line.\nfn answer() {\n    reply_under_lock();\n}\n');
  applyTo(folder, PATCH);
  expect(readFileSync(file, 'utf8')).toBe('// One more line.\nfn answer() {\n    reply();\n}\n');
});

test('another source is refused, not patched half', () => {
  const text = 'fn answer(query: Query) {\n    reply_under_lock();\n}\n';
  const file = write(text);
  expect(() => applyTo(folder, PATCH)).toThrow(/does not fit zenoh's lib\.rs/);
  expect(readFileSync(file, 'utf8')).toBe(text);
  expect(() => applyTo(folder, PATCH.replaceAll('lib.rs', 'gone.rs'))).toThrow(/does not fit zenoh's gone\.rs/);
  expect(() => applyTo(folder, '')).toThrow(/holds no patch/);
});
