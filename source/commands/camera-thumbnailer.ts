import { hostname, setPriority } from 'node:os';
import { startThumbnailer } from '../camera/thumbnailer.ts';
import { EXIT_OK } from '../errors.ts';
import { machineId } from '../wire/names.ts';
import { resolveEndpoint } from '../zenoh/endpoint.ts';
import { type Invocation, stringFlag } from './command.ts';
import { openCommandSession } from './command-session.ts';

/** What the robot is there for comes first. */
const NICENESS = 5;

/** The process behind a daemon's thumbnails: serves them until the daemon lets go of it. */
export async function runThumbnailer(invocation: Invocation): Promise<number> {
  process.title = 'bubbaloop thumbnails';
  setPriority(NICENESS);
  // A Ctrl-C in the daemon's terminal is the daemon's, which then lets go.
  process.on('SIGINT', () => undefined);
  const ended = new Promise<void>((resolve) => {
    process.once('disconnect', resolve);
    process.once('SIGTERM', () => resolve());
  });
  const session = await openCommandSession(resolveEndpoint(stringFlag(invocation, 'endpoint')));
  const thumbnailer = await startThumbnailer({ session, machineId: machineId(process.env, hostname()) });
  await ended;
  await thumbnailer.close();
  await session.close();
  return EXIT_OK;
}
