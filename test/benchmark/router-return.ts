import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeDemoNodes } from '../../source/commands/demo-fleet.ts';
import { bubbaloop, endProcess } from '../support/command-line.ts';
import { removeFolder } from '../support/remove-folder.ts';
import { startRouter } from '../support/router.ts';
import { type Benchmark, median, sleep } from './measure.ts';
import { Screen } from './screen.ts';

const rounds = 20;

/** kill -9 of the router under a running `top`, and the router's return on the same port, again and again. */
export const routerReturn: Benchmark = {
  name: 'router-return',
  async run() {
    const home = mkdtempSync(join(tmpdir(), 'bubbaloop-return-'));
    await writeDemoNodes(home);
    const router = await startRouter();
    const env = {
      ...process.env,
      BUBBALOOP_HOME: home,
      BUBBALOOP_MACHINE_ID: 'demo',
      BUBBALOOP_ZENOH_ENDPOINT: router.endpoint,
    };
    const daemon = spawn(bubbaloop, ['daemon'], { env, stdio: 'ignore' });
    const screen = new Screen(['top', '--endpoint', router.endpoint]);
    const said: number[] = [];
    const shown: number[] = [];
    try {
      await screen.until(showsFleet, 20_000);
      for (let round = 0; round < rounds; round += 1) {
        router.kill();
        said.push(await screen.until(saysLost, 10_000));
        // Long enough away that the sessions are in their longest backoff.
        await sleep(3_000);
        await router.restartOnSamePorts();
        shown.push(await screen.until((text) => !saysLost(text) && showsFleet(text), 20_000));
        await sleep(1_000);
      }
      return [
        {
          what: `router killed: said by top, slowest of ${rounds}`,
          value: Math.max(...said),
          unit: 'ms',
          bar: { atMost: 2_000 },
        },
        { what: 'router killed: said by top, median', value: median(said), unit: 'ms' },
        {
          what: `router back: fleet shown, slowest of ${rounds}`,
          value: Math.max(...shown),
          unit: 'ms',
          bar: { atMost: 5_000 },
        },
        { what: 'router back: fleet shown, median', value: median(shown), unit: 'ms' },
      ];
    } finally {
      await screen.quit();
      await endProcess(daemon);
      await router.stop();
      removeFolder(home);
    }
  },
};

function saysLost(text: string): boolean {
  return /lost|no router/i.test(text);
}

function showsFleet(text: string): boolean {
  return /test-camera\s+● running/.test(text) && /heartbeat\s+● running/.test(text);
}
