import { EXIT_OK } from '../errors.ts';
import { plainText } from '../wire/plain-text.ts';
import { findCameras } from './camera-find.ts';
import { booleanFlag, type Invocation } from './command.ts';
import { overZenoh } from './zenoh-session.ts';

/** `bubbaloop camera list [--json]`. */
export async function listCameras(invocation: Invocation): Promise<number> {
  const cameras = await overZenoh(invocation, (session) => findCameras(session, invocation));
  if (booleanFlag(invocation, 'json')) {
    const rows = cameras.map(({ machine, node, instance, outputs }) => ({
      machine,
      name: node,
      node: instance,
      outputs,
    }));
    process.stdout.write(`${JSON.stringify({ cameras: rows }, undefined, 2)}\n`);
    return EXIT_OK;
  }
  if (cameras.length === 0) {
    process.stdout.write('No camera answers.\n');
    return EXIT_OK;
  }
  const table = [
    ['MACHINE', 'NAME', 'NODE', 'SENDS'],
    ...cameras.map(({ machine, node, instance, outputs }) => [machine, node, instance, outputs.join(', ')]),
  ].map((line) => line.map((cell) => plainText(cell)));
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((line) => line[column]?.length ?? 0)));
  for (const line of table) {
    process.stdout.write(`${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}\n`);
  }
  return EXIT_OK;
}
