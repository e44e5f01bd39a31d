import { type DiscoveredCamera, discoverCameras } from '../camera/discover-cameras.ts';
import { UserError, usageError } from '../errors.ts';
import { plainText } from '../wire/plain-text.ts';
import type { Session } from '../zenoh/session.ts';
import { type Invocation, stringFlag } from './command.ts';
import { checkedMachine } from './zenoh-session.ts';

/** Cameras of the fleet, or of the machine that `--machine` names. */
export function findCameras(session: Session, invocation: Invocation): Promise<readonly DiscoveredCamera[]> {
  const machine = stringFlag(invocation, 'machine');
  return discoverCameras(session, { machine: machine === undefined ? undefined : checkedMachine(machine) });
}

/** The one camera that `name` means, `NAME` or `MACHINE/NAME`. Throws UserError where there is none, or more. */
export async function findCamera(session: Session, name: string, invocation: Invocation): Promise<DiscoveredCamera> {
  const all = await findCameras(session, invocation);
  const found = all.filter((camera) => camera.node === name || fullName(camera) === name);
  const [camera] = found;
  if (camera === undefined) {
    const hint =
      all.length === 0
        ? 'No camera answers.'
        : `There are: ${all
            .map(fullName)
            .map((each) => plainText(each))
            .join(', ')}.`;
    throw new UserError(`There is no camera ${JSON.stringify(name)}.`, { hint });
  }
  if (found.length === 1) return camera;
  throw new UserError(`More than one machine has a camera ${JSON.stringify(name)}.`, {
    hint: `Say which: ${found
      .map(fullName)
      .map((each) => plainText(each))
      .join(', ')}.`,
  });
}

/** `jetson_1/front_door`. */
export function fullName({ machine, node }: { readonly machine: string; readonly node: string }): string {
  return `${machine}/${node}`;
}

/** `320x180`; undefined where the flag is absent. Throws UserError. */
export function sizeFlag(
  invocation: Invocation,
): { readonly maxWidth: number; readonly maxHeight: number } | undefined {
  const text = stringFlag(invocation, 'size');
  if (text === undefined) return undefined;
  const [, width, height] = /^(\d{1,5})x(\d{1,5})$/.exec(text) ?? [];
  const size = { maxWidth: Number(width), maxHeight: Number(height) };
  if (size.maxWidth >= 1 && size.maxHeight >= 1) return size;
  throw usageError(`--size ${JSON.stringify(text)} is no size: it is WIDTHxHEIGHT in pixels, 320x180.`);
}
