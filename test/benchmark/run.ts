/** `npm run bench [-- NAME …]`: every figure that the README states, measured here, one benchmark after the other. */
import { cpus } from 'node:os';
import { cameraWall } from './camera-wall.ts';
import { cameras } from './cameras.ts';
import { chaos } from './chaos.ts';
import { daemonLoad } from './daemon-load.ts';
import { fleetScale } from './fleet-scale.ts';
import { frames } from './frames.ts';
import { linkCuts } from './link-cuts.ts';
import { type Benchmark, describe, holds, machineLoad } from './measure.ts';
import { replay } from './replay.ts';
import { routerReturn } from './router-return.ts';
import { sdk } from './sdk.ts';
import { shm } from './shm.ts';
import { sixel } from './sixel.ts';
import { slowTerminal } from './slow-terminal.ts';
import { soak } from './soak.ts';
import { startUp } from './start-up.ts';
import { topCost } from './top-cost.ts';

const benchmarks: readonly Benchmark[] = [
  startUp,
  shm,
  sixel,
  topCost,
  fleetScale,
  frames,
  soak,
  cameraWall,
  slowTerminal,
  routerReturn,
  daemonLoad,
  cameras,
  sdk,
  linkCuts,
  chaos,
  replay,
];

const names = process.argv.slice(2);
const unknown = names.filter((name) => !benchmarks.some((benchmark) => benchmark.name === name));
if (unknown.length > 0) {
  process.stderr.write(
    `No benchmark ${unknown.join(', ')}; there are ${benchmarks.map(({ name }) => name).join(', ')}.\n`,
  );
  process.exit(2);
}

let missed = 0;
process.stdout.write(`${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}\n`);
for (const benchmark of benchmarks) {
  if (names.length > 0 && !names.includes(benchmark.name)) continue;
  process.stdout.write(`\n${benchmark.name} (machine load before: ${machineLoad()})\n`);
  for (const figure of await benchmark.run()) {
    if (!holds(figure)) missed += 1;
    process.stdout.write(`  ${describe(figure)}\n`);
  }
}
process.stdout.write(missed === 0 ? '\nevery bar holds\n' : `\n${missed} of the bars missed\n`);
process.exitCode = missed === 0 ? 0 : 1;
