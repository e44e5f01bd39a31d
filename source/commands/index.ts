import { benchCommand } from './bench.ts';
import { cameraCommand } from './camera.ts';
import { checkCommand } from './check.ts';
import type { Command } from './command.ts';
import { completionCommand } from './completion.ts';
import { configCommand } from './config.ts';
import { daemonCommand } from './daemon.ts';
import { deleteCommand } from './delete.ts';
import { demoCommand } from './demo.ts';
import { doctorCommand } from './doctor.ts';
import { getCommand } from './get.ts';
import { imageCommand } from './image.ts';
import { infoCommand } from './info.ts';
import { keyCommand } from './key.ts';
import { nodeCommand } from './node.ts';
import { putCommand } from './put.ts';
import { routerCommand } from './router.ts';
import { scoutCommand } from './scout.ts';
import { setupCommand } from './setup.ts';
import { shmCommand } from './shm.ts';
import { statusCommand } from './status.ts';
import { subCommand } from './sub.ts';
import { topCommand } from './top.ts';

/** Every subcommand, in the order of `bubbaloop --help`. */
export const commands: readonly Command[] = [
  topCommand,
  checkCommand,
  demoCommand,
  setupCommand,
  statusCommand,
  routerCommand,
  daemonCommand,
  nodeCommand,
  cameraCommand,
  subCommand,
  getCommand,
  putCommand,
  deleteCommand,
  scoutCommand,
  infoCommand,
  keyCommand,
  shmCommand,
  doctorCommand,
  configCommand,
  imageCommand,
  benchCommand,
  completionCommand,
];
