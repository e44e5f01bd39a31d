import { spawnSync } from 'node:child_process';
import { type IPty, spawn } from '@lydell/node-pty';
import { type Benchmark, cpuSeconds, type Figure, residentBytes, sleep } from './measure.ts';
import { Screen } from './screen.ts';

/** The system counts in steps of 10 ms: in one minute two programs that take 0.3 % may differ by that alone. */
const seconds = 120;

/** `bubbaloop demo` as anyone runs it, left alone: what `top` (the demo's own process) takes of a core and of the line. */
export const topCost: Benchmark = {
  name: 'top-cost',
  async run() {
    const screen = new Screen(['demo']);
    const btop = startBtop();
    try {
      await screen.until((text) => /test-camera\s+● running/.test(text), 20_000);
      // The first seconds fill caches and compile; the figure is what an operator pays all day.
      await sleep(5_000);
      const bytesBefore = screen.byteCount;
      const cpuBefore = cpuSeconds(screen.pid);
      const btopBefore = btop === undefined ? 0 : cpuSeconds(btop.pid);
      await sleep(seconds * 1_000);
      const cpu = (cpuSeconds(screen.pid) - cpuBefore) / seconds;
      const bytes = (screen.byteCount - bytesBefore) / seconds;
      const btopCpu = btop === undefined ? undefined : (cpuSeconds(btop.pid) - btopBefore) / seconds;
      return [
        ...againstBtop(cpu, btopCpu),
        { what: `top on the demo over ${seconds} s, CPU`, value: cpu * 100, unit: '% of a core', bar: { atMost: 1 } },
        {
          what: `top on the demo over ${seconds} s, to the terminal`,
          value: bytes,
          unit: 'B/s',
          bar: { atMost: 500 },
        },
        { what: 'top on the demo, resident memory', value: residentBytes(screen.pid) / 1e6, unit: 'MB' },
      ];
    } finally {
      btop?.kill('SIGKILL');
      await screen.quit();
    }
  },
};

/** As it comes from Debian, with its defaults; undefined where it is not installed. */
function startBtop(): IPty | undefined {
  if (spawnSync('btop', ['--version']).status !== 0) return undefined;
  return spawn('btop', ['--utf-force'], { cols: 120, rows: 32, name: 'xterm-256color', env: process.env });
}

function againstBtop(cpu: number, btopCpu: number | undefined): readonly Figure[] {
  if (btopCpu === undefined) return [];
  return [
    { what: `btop over the same ${seconds} s, CPU`, value: btopCpu * 100, unit: '% of a core' },
    { what: 'CPU of top against that of btop', value: cpu / btopCpu, unit: 'times', bar: { atMost: 1 } },
  ];
}
