import { EXIT_FAILED, EXIT_OK, UserError, usageError } from '../errors.ts';
import { scriptJson } from '../wire/exact-json.ts';
import { plainText } from '../wire/plain-text.ts';
import { type Hello, scout } from '../zenoh/scout.ts';
import { SessionError, type WhatAmI } from '../zenoh/session.ts';
import { booleanFlag, type Invocation, stringFlag } from './command.ts';
import { Output } from './output.ts';
import { secondsFlag } from './zenoh-words.ts';

const WHAT: readonly WhatAmI[] = ['router', 'peer', 'client'];

/** Exit code 1 where nobody answers. */
export async function runScout(invocation: Invocation): Promise<number> {
  const options = {
    wanted: readWanted(stringFlag(invocation, 'what')),
    timeoutMs: secondsFlag(invocation, 'timeout', 3_600) ?? 1_000,
    address: checkedAddress(stringFlag(invocation, 'address')),
    networkInterface: stringFlag(invocation, 'interface'),
  };
  const asJson = booleanFlag(invocation, 'json');
  const output = new Output(process.stdout);
  let count = 0;
  try {
    for await (const hello of scout(options)) {
      count += 1;
      await output.write(`${asJson ? helloJson(hello) : helloLine(hello)}\n`);
      if (output.isClosed) return EXIT_OK;
    }
  } catch (error) {
    if (!(error instanceof SessionError)) throw error;
    const message = `${plainText(error.message)}.`;
    throw error.code === 'invalid-argument' ? usageError(message) : new UserError(message, { cause: error });
  }
  if (count > 0) return EXIT_OK;
  process.stderr.write('bubbaloop: nobody answered.\n');
  process.stderr.write('  The routers of `bubbaloop router` do not answer scouting: they are reached by address.\n');
  return EXIT_FAILED;
}

function helloLine({ zid, whatAmI, locators }: Hello): string {
  return `${whatAmI.padEnd(6)}  ${plainText(zid).padEnd(32)}  ${locators.map((locator) => plainText(locator)).join(' ')}`;
}

function helloJson({ zid, whatAmI, locators }: Hello): string {
  return scriptJson({ zid, whatami: whatAmI, locators });
}

function readWanted(text: string | undefined): readonly WhatAmI[] {
  if (text === undefined) return ['router', 'peer'];
  return text.split(/[,|]/).map((word) => {
    const found = WHAT.find((what) => what === word.trim());
    if (found === undefined)
      throw usageError(`--what is ${WHAT.join(', ')}, or several with commas, not ${JSON.stringify(plainText(text))}.`);
    return found;
  });
}

function checkedAddress(text: string | undefined): string | undefined {
  if (text === undefined || /^(\[[\da-f:.]+\]|(\d{1,3}\.){3}\d{1,3}):\d{1,5}$/i.test(text)) return text;
  throw usageError(`--address is an IP address and a port, 224.0.0.224:7446, not ${JSON.stringify(plainText(text))}.`);
}
