import { hostname } from 'node:os';
import { askControlSocket } from '../daemon/control-socket.ts';
import { findHome, type Home } from '../daemon/home.ts';
import { UserError } from '../errors.ts';
import { machineId } from '../wire/names.ts';
import { decodeNodeList, type NodeList } from '../wire/node-state.ts';
import { type Invocation, stringFlag } from './command.ts';

/** What `bubbaloop node` knows of this machine without a network. */
export interface LocalMachine {
  readonly home: Home;
  readonly machineId: string;
}

export function localMachine(invocation: Invocation): LocalMachine {
  return {
    home: findHome(stringFlag(invocation, 'home'), process.env),
    machineId: machineId(process.env, hostname()),
  };
}

/** The nodes as the daemon of this home sees them; undefined where none runs. */
export async function askLocalNodes(home: Home, timeoutMs: number): Promise<NodeList | undefined> {
  const answer = await askControlSocket(home.socketFile, new Uint8Array(0), timeoutMs);
  // A daemon that is just ending closes without a word.
  if (answer === undefined || answer.length === 0) return undefined;
  const list = decodeNodeList(answer);
  if (list.ok) return list.value;
  throw new UserError(`The daemon on ${home.folder} answered, but not with a list of nodes: ${list.reason}.`, {
    hint: 'Is it of the same version as this program? Restart it.',
  });
}
