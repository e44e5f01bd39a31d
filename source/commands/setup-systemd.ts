/** Enables and starts user units, and says what is left to do where the user manager does not answer. */
import { spawnSync } from 'node:child_process';
import { userInfo } from 'node:os';
import { isLingering } from '../daemon/lingering.ts';
import { EXIT_FAILED, EXIT_OK } from '../errors.ts';
import type { UnitName } from '../setup/units.ts';

const LIMIT_MS = 30_000;

/** `isChanged`: what runs already is started again. */
export function startUnits(units: readonly UnitName[], isChanged: boolean): number {
  const steps = [
    ['daemon-reload'],
    ['enable', ...units],
    // Left alone where nothing has changed: a second setup must not interrupt a robot at work.
    [isChanged ? 'restart' : 'start', ...units],
  ];
  for (const step of steps) {
    const words = ['--user', ...step];
    const result = spawnSync('systemctl', words, { encoding: 'utf8', timeout: LIMIT_MS });
    if (result.status === 0) continue;
    const reason = result.error?.message ?? result.stderr.trim().split('\n')[0] ?? `it ended with ${result.status}`;
    process.stderr.write(`bubbaloop: the units are written, but \`systemctl ${words.join(' ')}\` failed: ${reason}\n`);
    process.stderr.write('  Where the user manager answers:\n');
    for (const open of steps.slice(steps.indexOf(step))) {
      process.stderr.write(`    systemctl --user ${open.join(' ')}\n`);
    }
    return EXIT_FAILED;
  }
  process.stdout.write(`Running: ${units.join(', ')}.\n`);
  if (!isLingering()) {
    const line = `sudo loginctl enable-linger ${userInfo().username}`;
    process.stdout.write(`So that they start with the machine, too: ${line}\n`);
  }
  process.stdout.write('Whether all is well: bubbaloop status\n');
  return EXIT_OK;
}
