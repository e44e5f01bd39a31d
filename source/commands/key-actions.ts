import { readFileSync } from 'node:fs';
import { readFleetKey, writeFleetKey } from '../daemon/fleet-key-file.ts';
import { findHome, messageOf, prepareHome } from '../daemon/home.ts';
import { EXIT_OK, UserError } from '../errors.ts';
import { FleetKey } from '../wire/fleet-key.ts';
import { booleanFlag, type Invocation, stringFlag } from './command.ts';

/** More than a key; what is longer is something else. */
const MAX_INPUT_CHARS = 4_096;

export function createKey(invocation: Invocation): number {
  const home = findHome(stringFlag(invocation, 'home'), process.env);
  const key = FleetKey.generate();
  prepareHome(home);
  if (!writeFleetKey(home.fleetKeyFile, key, { overwrite: booleanFlag(invocation, 'force') })) {
    throw new UserError(`There is a fleet key already: ${home.fleetKeyFile}.`, {
      hint: 'A new one locks out every machine that has the old one; --force makes it all the same.',
    });
  }
  say(`Made a fleet key: ${home.fleetKeyFile}. Bring it to the other machines:`);
  say('  bubbaloop key show --secret | ssh MACHINE bubbaloop key import');
  process.stdout.write(`${key.fingerprint}\n`);
  return EXIT_OK;
}

export function showKey(invocation: Invocation): number {
  const { fleetKeyFile } = findHome(stringFlag(invocation, 'home'), process.env);
  const key = readFleetKey(fleetKeyFile);
  if (key === undefined) {
    throw new UserError(`There is no fleet key in ${fleetKeyFile}.`, {
      hint: 'Make the fleet’s first one with `bubbaloop key create`, or bring it here with `bubbaloop key import`.',
    });
  }
  process.stdout.write(`${booleanFlag(invocation, 'secret') ? key.reveal() : key.fingerprint}\n`);
  return EXIT_OK;
}

/** From `file`, or from stdin without one or with `-`. */
export async function importKey(file: string | undefined, invocation: Invocation): Promise<number> {
  const home = findHome(stringFlag(invocation, 'home'), process.env);
  const parsed = FleetKey.parse(file === undefined || file === '-' ? await readStdin() : readKeyFile(file));
  if (!parsed.ok) {
    throw new UserError(`That is no fleet key: ${parsed.reason}.`, {
      hint: 'It is what `bubbaloop key show --secret` prints on a machine that has it.',
    });
  }
  const key = parsed.value;
  const overwrite = booleanFlag(invocation, 'force');
  prepareHome(home);
  if (!writeFleetKey(home.fleetKeyFile, key, { overwrite })) {
    const present = readFleetKey(home.fleetKeyFile)?.fingerprint;
    if (present !== key.fingerprint) {
      throw new UserError(`There is another fleet key already, ${present}: ${home.fleetKeyFile}.`, {
        hint: `--force replaces it by ${key.fingerprint}.`,
      });
    }
  }
  say(`The fleet key is in ${home.fleetKeyFile}; a daemon that runs takes it up by itself.`);
  process.stdout.write(`${key.fingerprint}\n`);
  return EXIT_OK;
}

function readKeyFile(file: string): string {
  try {
    return readFileSync(file, 'utf8').slice(0, MAX_INPUT_CHARS);
  } catch (error) {
    throw new UserError(`${file} cannot be read: ${messageOf(error)}.`, { cause: error });
  }
}

/** One line: someone who pastes it need not end the input. */
async function readStdin(): Promise<string> {
  if (process.stdin.isTTY) say('Paste the key and press Enter:');
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += chunk;
    if (text.length > MAX_INPUT_CHARS || text.trimStart().includes('\n')) break;
  }
  return text;
}

function say(message: string): void {
  process.stderr.write(`${message}\n`);
}
