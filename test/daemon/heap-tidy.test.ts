import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { it } from 'vitest';

it('gives back what a burst of work took, and keeps no process alive', () => {
  const file = join(import.meta.dirname, '..', '..', 'source', 'daemon', 'heap-tidy.ts');
  const script = `
    import { keepHeapSmall } from ${JSON.stringify(file)};
    let garbage = Array.from({ length: 300000 }, (_, index) => ({ index }));
    const fullBytes = process.memoryUsage().heapTotal;
    garbage = undefined;
    keepHeapSmall();
    const limit = setTimeout(() => process.exit(1), 60000);
    const look = setInterval(() => {
      if (process.memoryUsage().heapTotal > fullBytes - 8e6) return;
      clearTimeout(limit);
      clearInterval(look);
    }, 200);`;
  execFileSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 90_000 });
}, 100_000);
