import { runBubbaloop } from '../support/command-line.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { type Benchmark, type Figure, median } from './measure.ts';
import { Screen } from './screen.ts';

const runs = 10;

/** From the start of the process to what a person sees; the caches of the file system are warm after the first. */
export const startUp: Benchmark = {
  name: 'start-up',
  async run() {
    const fleet = await startFleet();
    try {
      return [
        ...(await topFigures(fleet)),
        await commandFigure(['--help'], fleet),
        await commandFigure(['node', 'list'], fleet),
      ];
    } finally {
      await fleet.end();
    }
  },
};

async function topFigures(fleet: Fleet): Promise<Figure[]> {
  const firstFrame: number[] = [];
  const nodesShown: number[] = [];
  for (let run = 0; run <= runs; run += 1) {
    const screen = new Screen(['top', '--endpoint', fleet.endpoint]);
    await screen.until((text) => text.includes('Nodes'), 10_000);
    const frameAt = performance.now();
    await screen.until((text) => text.includes('test-camera'), 10_000);
    const nodesAt = performance.now();
    await screen.quit();
    if (run === 0) continue;
    firstFrame.push(frameAt - screen.startedAt);
    nodesShown.push(nodesAt - screen.startedAt);
  }
  return [
    { what: `first frame of top, median of ${runs}`, value: median(firstFrame), unit: 'ms', bar: { atMost: 400 } },
    { what: `the fleet's nodes on the screen, median of ${runs}`, value: median(nodesShown), unit: 'ms' },
  ];
}

async function commandFigure(words: readonly string[], fleet: Fleet): Promise<Figure> {
  const took: number[] = [];
  for (let run = 0; run <= runs; run += 1) {
    const from = performance.now();
    const { code, stderr } = await runBubbaloop(words, { env: fleet.env });
    if (code !== 0) throw new Error(`bubbaloop ${words.join(' ')} ended with ${code}: ${stderr}`);
    if (run > 0) took.push(performance.now() - from);
  }
  return {
    what: `bubbaloop ${words.join(' ')}, median of ${runs}`,
    value: median(took),
    unit: 'ms',
    bar: { atMost: 150 },
  };
}
