/** The secrets in the home of this user. */
import { chmodSync, existsSync, statSync } from 'node:fs';
import { readFleetKey } from '../daemon/fleet-key-file.ts';
import type { Home } from '../daemon/home.ts';
import { UserError } from '../errors.ts';
import { type Check, gravest, type Result, skipped } from './check.ts';

export const keyFiles: Check = {
  id: 'key-files',
  area: 'key',
  title: 'key files',
  run({ home }) {
    const tried = `looked at ${home.fleetKeyFile} and ${home.tokenFile}`;
    if (!existsSync(home.fleetKeyFile) && !existsSync(home.tokenFile)) return skipped(tried, 'There are none yet.');
    const open = openFiles(home);
    const findings = open.map(
      (file): Omit<Result, 'tried'> => ({
        outcome: 'problem',
        seen: `${file} can be read or written by others (mode ${modeOf(file)}).`,
        means: 'Others may know the secret. The daemon takes no command over zenoh while its key is open.',
        remedy: `chmod 600 ${file}; if others may have read it: bubbaloop key create --force`,
        isFixable: true,
      }),
    );
    return gravest(tried, [...findings, ...(open.includes(home.fleetKeyFile) ? [] : unreadable(home))], wellText(home));
  },
  fix({ home }) {
    const open = openFiles(home);
    for (const file of open) chmodSync(file, 0o600);
    return `Only their user may read ${open.join(' and ')} now (mode 600).`;
  },
};

function openFiles(home: Home): string[] {
  return [home.fleetKeyFile, home.tokenFile].filter((file) => {
    const stats = statSync(file, { throwIfNoEntry: false });
    return stats !== undefined && stats.uid === process.getuid?.() && (stats.mode & 0o077) !== 0;
  });
}

function modeOf(file: string): string {
  return (statSync(file).mode & 0o777).toString(8);
}

function unreadable(home: Home): Omit<Result, 'tried'>[] {
  try {
    readFleetKey(home.fleetKeyFile);
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [
      {
        outcome: 'problem',
        seen: error.message,
        means: 'Commands cannot be signed here, and the daemon takes none over zenoh.',
        remedy: error.hint ?? 'bubbaloop key import --force',
      },
    ];
  }
}

function wellText(home: Home): string {
  try {
    const key = readFleetKey(home.fleetKeyFile);
    return key === undefined ? 'There is no fleet key here.' : `The fleet key here is ${key.fingerprint}.`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
