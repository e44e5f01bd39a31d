import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bubbaloop, endProcess } from '../support/command-line.ts';
import { removeFolder } from '../support/remove-folder.ts';
import { startRouter } from '../support/router.ts';
import { type Benchmark, cpuSeconds, ownBytes, sleep } from './measure.ts';
import { Screen } from './screen.ts';

const seconds = 30;
const CAMERAS = 6;
const MACHINE = 'bench';

/** A wall of six cameras of 1920x1080 at 10 pictures a second, raw in shared memory, as sixels: what it takes of `top`. */
export const cameraWall: Benchmark = {
  name: 'camera-wall',
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'bubbaloop-bench-wall-'));
    const router = await startRouter();
    const config = join(folder, 'camera.json');
    writeFileSync(config, JSON.stringify({ width: 1920, height: 1080, rate_hz: 10 }));
    const env = { ...process.env, BUBBALOOP_MACHINE_ID: MACHINE, BUBBALOOP_ZENOH_ENDPOINT: router.endpoint };
    const cameras: ChildProcess[] = [];
    for (let number = 1; number <= CAMERAS; number += 1) {
      const words = ['node', 'run', 'test-camera', '--name', `camera_${number}`, '--config', config];
      cameras.push(spawn(bubbaloop, words, { env, stdio: 'ignore' }));
    }
    const screen = new Screen(['top', '--endpoint', router.endpoint, '--images', 'sixel', '--budget', '20M'], {
      columns: 120,
      rows: 40,
      env: { BUBBALOOP_MACHINE_ID: MACHINE, TMUX: undefined, NO_COLOR: undefined },
    });
    try {
      await screen.until((text) => text.includes('tcp/') && text.includes('cameras'), 20_000);
      // Ten by twenty pixels a cell: pictures of 380x200.
      screen.press('\x1b[6;20;10t');
      screen.press('c');
      await screen.until((text) => (text.match(/1920x1080/g)?.length ?? 0) === CAMERAS, 30_000);
      await sleep(5_000);
      const bytesBefore = screen.byteCount;
      const picturesBefore = screen.pictureCount;
      const cpuBefore = cpuSeconds(screen.pid);
      await sleep(seconds * 1_000);
      const cpu = (cpuSeconds(screen.pid) - cpuBefore) / seconds;
      const pictures = (screen.pictureCount - picturesBefore) / seconds;
      const bytes = (screen.byteCount - bytesBefore) / seconds;
      return [
        {
          what: `top, wall of ${CAMERAS} cameras at 10 pictures/s, 1080p raw, CPU`,
          value: cpu * 100,
          unit: '% of a core',
          bar: { atMost: 35 },
        },
        { what: 'pictures drawn', value: pictures, unit: '/s' },
        { what: 'to the terminal', value: bytes / 1_000, unit: 'kB/s' },
        {
          what: 'memory of top without the frames in shared memory',
          value: ownBytes(screen.pid) / 1e6,
          unit: 'MB',
        },
      ];
    } finally {
      screen.press('q');
      await screen.quit();
      for (const camera of cameras) await endProcess(camera);
      await router.stop();
      removeFolder(folder);
    }
  },
};
