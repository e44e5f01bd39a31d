import { AuditLog } from './audit-log.ts';
import { CommandDoor } from './command-door.ts';
import { CommandGuard } from './command-guard.ts';
import { followFleetKey, type KeyState } from './fleet-key-file.ts';
import type { Home } from './home.ts';
import type { NodeCommands } from './node-commands.ts';

export interface OpenDoorOptions {
  readonly home: Home;
  readonly machineId: string;
  readonly commands: NodeCommands;
  readonly allowUnsigned?: boolean;
  readonly say: (message: string) => void;
}

/**
 * The door of a daemon on its home. A fleet key that cannot be used is no reason not to supervise: it is said, and the
 * door stays shut. `closeDoor` resolves when the audit log is written.
 */
export function openDoor(options: OpenDoorOptions): {
  readonly door: CommandDoor;
  readonly key: () => KeyState;
  closeDoor(): Promise<void>;
} {
  const { home, machineId, commands, say, allowUnsigned = false } = options;
  const key = followFleetKey(home.fleetKeyFile);
  const state = key();
  if (state.kind === 'unusable') say(`No command over zenoh is taken: ${state.reason}`);
  if (state.kind === 'none') say('There is no fleet key: whoever reaches the router can start and stop nodes.');
  const audit = new AuditLog({ file: home.auditFile, say });
  const guard = new CommandGuard({ key, allowUnsigned, markFile: home.commandMarkFile, say });
  return { door: new CommandDoor({ machineId, guard, audit, commands }), key, closeDoor: () => audit.close() };
}
