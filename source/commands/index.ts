import type { Command } from './command.ts';
import { routerCommand } from './router.ts';

/** Every subcommand, in the order of `bubbaloop --help`. */
export const commands: readonly Command[] = [routerCommand];
