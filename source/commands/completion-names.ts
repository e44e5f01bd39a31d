/** Names for a shell's completion: somebody waits with a finger on the key. */
import { readNodeSpec } from '../daemon/node-spec.ts';
import { readRegistry } from '../daemon/registry.ts';
import { EXIT_OK } from '../errors.ts';
import { daemonKey, parseKey } from '../wire/keys.ts';
import { decodeNodeList } from '../wire/node-state.ts';
import { type Invocation, stringFlag } from './command.ts';
import { askLocalNodes, localMachine } from './node-local.ts';
import { checkedMachine, overZenoh } from './zenoh-session.ts';

/** What the fleet has not said by then is not offered. */
const LIMIT_MS = 150;
/** Other people's words, and a shell takes some signs for more than that: what has them is not offered. */
const HARMLESS = /^[A-Za-z0-9_.-]{1,64}$/;

/** One name a line; none where they do not come in time. Always exit code 0: a completion has nobody to complain to. */
export async function printNames(kind: string, invocation: Invocation): Promise<number> {
  const names = new Set<string>();
  const add = (name: string): void => {
    if (HARMLESS.test(name) && !name.startsWith('-')) names.add(name);
  };
  const machine = stringFlag(invocation, 'machine');
  // Loading the addon is this machine's time, not the fleet's.
  await Promise.all([import('../zenoh/open-session.ts'), import('./command-session.ts')]);
  const limit = new Promise<void>((resolve) => setTimeout(resolve, LIMIT_MS));
  const collecting =
    kind === 'machine'
      ? addMachines(invocation, add)
      : machine === undefined
        ? addOwnNodes(invocation, add)
        : addNodes(machine, invocation, add);
  // What fails afterwards fails into nothing: the process ends.
  await Promise.race([collecting.catch(() => undefined), limit]);
  process.stdout.write(
    [...names]
      .sort()
      .map((name) => `${name}\n`)
      .join(''),
  );
  return EXIT_OK;
}

type Add = (name: string) => void;

async function addMachines(invocation: Invocation, add: Add): Promise<void> {
  await overZenoh(invocation, async (session) => {
    const replies = session.get(daemonKey('*', 'manifest'), {
      target: 'all',
      consolidation: 'none',
      timeoutMs: LIMIT_MS,
    });
    for await (const reply of replies) {
      const key = reply.ok ? parseKey(reply.sample.keyExpr) : undefined;
      if (key?.kind === 'daemon') add(key.machine);
    }
  });
}

async function addNodes(machine: string, invocation: Invocation, add: Add): Promise<void> {
  await overZenoh(invocation, async (session) => {
    for await (const reply of session.get(daemonKey(checkedMachine(machine), 'nodes'), { timeoutMs: LIMIT_MS })) {
      const list = reply.ok ? decodeNodeList(reply.sample.payload) : undefined;
      if (list?.ok) for (const { name } of list.value.nodes) add(name);
    }
  });
}

/** From the daemon of this machine; where none runs, from its registry. */
async function addOwnNodes(invocation: Invocation, add: Add): Promise<void> {
  const { home } = localMachine(invocation);
  const list = await askLocalNodes(home, LIMIT_MS);
  const nodes = list?.nodes ?? (await Promise.all(readRegistry(home.registryFile).map(readNodeSpec)));
  for (const { name } of nodes) add(name);
}
