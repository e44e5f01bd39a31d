import { type Benchmark, cpuSeconds, residentBytes, sleep } from './measure.ts';
import { Screen } from './screen.ts';

const seconds = 60;

/** `bubbaloop demo` as anyone runs it, left alone: what `top` (the demo's own process) takes of a core and of the line. */
export const topCost: Benchmark = {
  name: 'top-cost',
  async run() {
    const screen = new Screen(['demo']);
    try {
      await screen.until((text) => /test-camera\s+● running/.test(text), 20_000);
      // The first seconds fill caches and compile; the figure is what an operator pays all day.
      await sleep(5_000);
      const bytesBefore = screen.byteCount;
      const cpuBefore = cpuSeconds(screen.pid);
      await sleep(seconds * 1_000);
      const cpu = (cpuSeconds(screen.pid) - cpuBefore) / seconds;
      const bytes = (screen.byteCount - bytesBefore) / seconds;
      return [
        { what: `top on the demo over ${seconds} s, CPU`, value: cpu * 100, unit: '% of a core', bar: { atMost: 3 } },
        {
          what: `top on the demo over ${seconds} s, to the terminal`,
          value: bytes,
          unit: 'B/s',
          bar: { atMost: 3_000 },
        },
        { what: 'top on the demo, resident memory', value: residentBytes(screen.pid) / 1e6, unit: 'MB' },
      ];
    } finally {
      await screen.quit();
    }
  },
};
