import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { it } from 'vitest';

const source = join(import.meta.dirname, '..', '..', 'source');

it('gives back what a burst of work took, and keeps no process alive', () => {
  const file = join(import.meta.dirname, '..', '..', 'source', 'daemon', 'memory-tidy.ts');
  const script = `
    import { keepMemorySmall } from ${JSON.stringify(file)};
    let garbage = Array.from({ length: 300000 }, (_, index) => ({ index }));
    const fullBytes = process.memoryUsage().heapTotal;
    garbage = undefined;
    keepMemorySmall();
    const limit = setTimeout(() => process.exit(1), 60000);
    const look = setInterval(() => {
      if (process.memoryUsage().heapTotal > fullBytes - 8e6) return;
      clearTimeout(limit);
      clearInterval(look);
    }, 200);`;
  execFileSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 90_000 });
}, 100_000);

it('lets go of code that a start needed, once, and not again where it is in use', () => {
  const script = `
    import { readFileSync } from 'node:fs';
    import { keepMemorySmall } from ${JSON.stringify(join(source, 'daemon', 'memory-tidy.ts'))};
    import { nativeAddon } from ${JSON.stringify(join(source, 'zenoh', 'native-addon.ts'))};
    const fileBytes = () => Number(/RssFile:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))[1]) * 1024;
    const before = fileBytes();
    let count = 0;
    let looks = 0;
    const tidy = (release) => keepMemorySmall({
      lookMs: 100,
      releaseFilePages() {
        count += 1;
        const bytes = release();
        if (bytes < before / 2 || fileBytes() > before / 2) throw new Error(bytes + ' of ' + before);
      },
    });
    tidy(() => nativeAddon().releaseFilePages());
    const look = setInterval(() => {
      looks += 1;
      if (count > 1) throw new Error('given back again');
      // The code still runs, also that which is mapped anew.
      if (JSON.parse('{"a":1}').a !== 1 || nativeAddon().zenohVersion() === '') throw new Error('broken');
      if (count === 1 && looks > 30) clearInterval(look);
    }, 50);`;
  execFileSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 90_000 });
}, 100_000);
