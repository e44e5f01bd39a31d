import { benchCommand } from './bench.ts';
import { cameraCommand } from './camera.ts';
import { checkCommand } from './check.ts';
import type { Command } from './command.ts';
import { daemonCommand } from './daemon.ts';
import { demoCommand } from './demo.ts';
import { keyCommand } from './key.ts';
import { nodeCommand } from './node.ts';
import { routerCommand } from './router.ts';
import { shmCommand } from './shm.ts';
import { topCommand } from './top.ts';

/** Every subcommand, in the order of `bubbaloop --help`. */
export const commands: readonly Command[] = [
  topCommand,
  checkCommand,
  demoCommand,
  routerCommand,
  daemonCommand,
  nodeCommand,
  cameraCommand,
  keyCommand,
  shmCommand,
  benchCommand,
];
