import { benchCommand } from './bench.ts';
import { cameraCommand } from './camera.ts';
import type { Command } from './command.ts';
import { daemonCommand } from './daemon.ts';
import { demoCommand } from './demo.ts';
import { doctorCommand } from './doctor.ts';
import { keyCommand } from './key.ts';
import { nodeCommand } from './node.ts';
import { routerCommand } from './router.ts';
import { shmCommand } from './shm.ts';
import { topCommand } from './top.ts';

/** Every subcommand, in the order of `bubbaloop --help`. */
export const commands: readonly Command[] = [
  topCommand,
  demoCommand,
  routerCommand,
  daemonCommand,
  nodeCommand,
  cameraCommand,
  keyCommand,
  shmCommand,
  doctorCommand,
  benchCommand,
];
