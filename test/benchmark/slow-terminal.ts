import { spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';
import { startTestCamera } from '../../source/nodes/test-camera.ts';
import { openSession } from '../../source/zenoh/open-session.ts';
import { bubbaloop } from '../support/command-line.ts';
import { startRouter } from '../support/router.ts';
import { type Benchmark, type Figure, median, ownBytes, sleep } from './measure.ts';

/** The promise is for 10 minutes: `BUBBALOOP_BENCH_SECONDS=600`. */
const seconds = Number(process.env.BUBBALOOP_BENCH_SECONDS ?? 40);
const WARM_UP_MS = 15_000;
const RATE = 100_000;
const MACHINE = 'bench';

/** A terminal that reads 100 kB a second and shows pictures of four cameras: are keys still answered, does memory grow? */
export const slowTerminal: Benchmark = {
  name: 'slow-terminal',
  async run() {
    const router = await startRouter();
    const cameras = await Promise.all(
      [1, 2, 3, 4].map(async (number) => {
        const session = openSession(router.endpoint, { shm: true });
        const size = { width: 640, height: 360, rateHz: 10 };
        return startTestCamera({ session, machineId: MACHINE, name: `camera_${number}`, ...size });
      }),
    );
    try {
      return [...(await look(router.endpoint, true)), ...(await look(router.endpoint, false))];
    } finally {
      await Promise.all(cameras.map((camera) => camera.close()));
      await router.stop();
    }
  },
};

async function look(endpoint: string, isAnswering: boolean): Promise<Figure[]> {
  const terminal = new xterm.Terminal({ cols: 120, rows: 40, allowProposedApi: true });
  const words = ['top', '--endpoint', endpoint, '--images', 'sixel'];
  const env = { ...process.env, BUBBALOOP_MACHINE_ID: MACHINE, CI: undefined, NO_COLOR: undefined, TMUX: undefined };
  const pty = spawn(bubbaloop, words, { cols: 120, rows: 40, name: 'xterm-256color', env });
  let isEnded = false;
  let bytes = 0;
  const ended = new Promise<void>((resolve) =>
    pty.onExit(() => {
      isEnded = true;
      resolve();
    }),
  );
  pty.onData((data) => {
    const size = Buffer.byteLength(data);
    bytes += size;
    terminal.write(data);
    pty.pause();
    setTimeout(() => !isEnded && pty.resume(), (size / RATE) * 1_000);
  });
  if (isAnswering) terminal.onData((data) => pty.write(data));
  const title = (): string => {
    const buffer = terminal.buffer.active;
    return [0, 1, 2, 3].map((row) => buffer.getLine(buffer.baseY + row)?.translateToString(true) ?? '').join('\n');
  };
  const until = async (word: string): Promise<number> => {
    const from = performance.now();
    while (!title().includes(word)) {
      if (performance.now() - from > 20_000) throw new Error(`no ${word} on:\n${title()}`);
      await sleep(2);
    }
    return performance.now() - from;
  };
  try {
    await until('tcp');
    await sleep(1_000);
    // 10 to 20 pixels a cell, as of a terminal that answers; one that does not has told the same otherwise.
    pty.write('\x1b[6;20;10t');
    pty.write('c');
    await until('camera_1');
    pty.write('\r');
    await sleep(500);
    pty.write('g');
    await sleep(WARM_UP_MS);
    const bytesBefore = bytes;
    const startMs = performance.now();
    const waits: number[] = [];
    const memory: number[] = [];
    for (let step = 0; performance.now() - startMs < seconds * 1_000; step += 1) {
      const isBack = step % 2 === 1;
      pty.write(isBack ? '\x1b[D' : '\x1b[C');
      waits.push(await until(isBack ? 'camera_1' : 'camera_2'));
      memory.push(ownBytes(pty.pid));
      // Not in step with the pictures.
      await sleep(300 + ((step * 37) % 250));
    }
    const lookedSeconds = (performance.now() - startMs) / 1_000;
    const who = isAnswering ? 'that answers' : 'that answers nothing';
    const sorted = [...waits].sort((a, b) => a - b);
    const rate = (bytes - bytesBefore) / lookedSeconds / 1_000;
    const half = Math.floor(memory.length / 2);
    const grown = (Math.max(...memory.slice(half)) - Math.max(...memory.slice(0, half))) / 1e6;
    return [
      { what: `100 kB/s terminal ${who}: key to screen, median of ${waits.length}`, value: median(waits), unit: 'ms' },
      {
        what: `100 kB/s terminal ${who}: key to screen, 19 of 20`,
        value: sorted[Math.floor(sorted.length * 0.95)] ?? 0,
        unit: 'ms',
        bar: { atMost: 200 },
      },
      { what: `100 kB/s terminal ${who}: key to screen, slowest`, value: sorted.at(-1) ?? 0, unit: 'ms' },
      { what: `100 kB/s terminal ${who}: pictures and text`, value: rate, unit: 'kB/s' },
      {
        what: `100 kB/s terminal ${who}: memory of top, second half of ${lookedSeconds.toFixed(0)} s over the first`,
        value: Math.max(0, grown),
        unit: 'MB more',
        // The steps in which a heap grows before it is full for the first time.
        bar: { atMost: 40 },
      },
    ];
  } finally {
    pty.write('qq\x03');
    const timer = setTimeout(() => pty.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(timer);
  }
}
