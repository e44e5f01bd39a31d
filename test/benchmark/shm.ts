import { runBubbaloop } from '../support/command-line.ts';
import type { Benchmark } from './measure.ts';

type Row = {
  readonly way: 'native-zero-copy' | 'native-copy' | 'zenoh-ts';
  readonly sizeBytes: number;
  readonly framesPerSecond: number;
  readonly p50Ms: number;
};

/** `bubbaloop bench shm`, held to its bars at the size of a raw 1080p RGBA frame. */
export const shm: Benchmark = {
  name: 'shm',
  async run() {
    const { code, stdout, stderr } = await runBubbaloop(['bench', 'shm', '--json'], { timeoutMs: 600_000 });
    if (code !== 0) throw new Error(`bench shm ended with ${code}: ${stderr}`);
    const report = JSON.parse(stdout) as { readonly results: readonly Row[]; readonly growthBytes: number };
    const large = Math.max(...report.results.map((row) => row.sizeBytes));
    const of = (way: Row['way']): Row => {
      const row = report.results.find((candidate) => candidate.way === way && candidate.sizeBytes === large);
      if (row === undefined) throw new Error(`bench shm has no row ${way} at ${large} B`);
      return row;
    };
    const rate = of('native-zero-copy').framesPerSecond;
    return [
      { what: `${large} B without copy, p50`, value: of('native-zero-copy').p50Ms, unit: 'ms', bar: { atMost: 0.5 } },
      { what: `${large} B without copy`, value: rate, unit: 'frames/s' },
      {
        what: 'rate against copying',
        value: rate / of('native-copy').framesPerSecond,
        unit: 'times',
        bar: { atLeast: 3 },
      },
      {
        what: 'rate against zenoh-ts',
        value: rate / of('zenoh-ts').framesPerSecond,
        unit: 'times',
        bar: { atLeast: 20 },
      },
      { what: 'growth after 10,000 frames', value: report.growthBytes / 1e6, unit: 'MB', bar: { atMost: 20 } },
    ];
  },
};
