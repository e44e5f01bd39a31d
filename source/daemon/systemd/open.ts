import { existsSync } from 'node:fs';
import type { Backend } from '../backend.ts';
import { SystemdBackend, type SystemdBackendOptions } from './backend.ts';
import { Journal } from './journal.ts';
import { findProgram } from './program.ts';
import { findUserBus, UserManager } from './user-manager.ts';

/** `systemd-cat --stderr-priority` is of 241. */
const MIN_VERSION = 241;
const JOURNAL_SOCKET = '/run/systemd/journal/stdout';

/**
 * Nodes as transient units of the user's systemd. Connects, and reads which units run already. Rejects with a reason for
 * people where this machine cannot do that.
 */
export async function openSystemdBackend(options: SystemdBackendOptions): Promise<Backend> {
  const { env, say, journalSocket = JOURNAL_SOCKET } = options;
  const address = findUserBus(env);
  if (address === undefined) throw new Error('there is no bus of the user ($XDG_RUNTIME_DIR/bus)');
  if (!existsSync(journalSocket)) throw new Error(`journald does not run (${journalSocket} is missing)`);
  const catProgram = findProgram('systemd-cat', env.PATH);
  const journalProgram = findProgram('journalctl', env.PATH);
  if (catProgram === undefined || journalProgram === undefined) {
    throw new Error('systemd-cat or journalctl is not on PATH');
  }
  const manager = await UserManager.connect(address);
  try {
    const version = await manager.version();
    if (!(version >= MIN_VERSION)) throw new Error(`systemd ${version} is older than ${MIN_VERSION}`);
    const journal = new Journal({ program: journalProgram, catProgram, env, say });
    const backend = new SystemdBackend({ ...options, manager, journal, catProgram });
    await backend.readUnits();
    return backend;
  } catch (error) {
    await manager.close();
    throw error;
  }
}
