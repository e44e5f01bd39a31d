/** What bytes from outside can reach: each target takes one input and must neither throw, hang nor grow. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AuditLog } from '../../source/daemon/audit-log.ts';
import { CommandDoor } from '../../source/daemon/command-door.ts';
import { CommandGuard } from '../../source/daemon/command-guard.ts';
import { answerLegacy } from '../../source/daemon/legacy-commands.ts';
import type { NodeCommands } from '../../source/daemon/node-commands.ts';
import { readNodeSpec } from '../../source/daemon/node-spec.ts';
import { readRegistry } from '../../source/daemon/registry.ts';
import { UserError } from '../../source/errors.ts';
import { decodeNodeCommand, encodeCommandResult, encodeNodeCommand, NODE_ACTIONS } from '../../source/wire/command.ts';
import { decodeDaemonCommand, encodeDaemonCommand } from '../../source/wire/daemon-command.ts';
import { FleetKey } from '../../source/wire/fleet-key.ts';
import { encodeSignedCommand } from '../../source/wire/signature.ts';
import { removeFolder } from '../support/remove-folder.ts';
import { mutated, type SeededRandom } from '../support/seeded-random.ts';

export interface FuzzTarget {
  readonly name: string;
  /** Feeds it one input; throws where it broke. */
  run(input: Uint8Array): Promise<void>;
  /** Valid inputs, from which the others are made. */
  readonly seeds: readonly [Uint8Array, ...Uint8Array[]];
  /** How many inputs so far were taken as valid. */
  readonly acceptedCount: () => number;
  close(): Promise<void>;
}

/** One in ten is noise, one in ten valid, the others are valid inputs with some bytes changed. */
export function fuzzInput(target: FuzzTarget, random: SeededRandom): Uint8Array {
  const dice = random.below(10);
  if (dice === 0) return random.bytes(random.below(200));
  const seed = random.pick(target.seeds);
  return dice === 1 ? seed : mutated(seed, random);
}

const MACHINE = 'fuzz_1';
const TOKEN = 'bb_00112233445566778899aabbccddeeff';

/** `folder` is theirs. Files are best kept in memory: there are as many as inputs. */
export function fuzzTargets(folder: string): readonly FuzzTarget[] {
  return [commandTarget(folder), olderTarget(folder), registryTarget(folder), nodeTarget(folder)];
}

/** Whatever comes over zenoh as a command query, with a key and without. */
function commandTarget(folder: string): FuzzTarget {
  const signer = { key: FleetKey.generate(), sender: 'fuzz@test' };
  const doors = [doorOf(folder, 'signed', signer.key), doorOf(folder, 'open')] as const;
  const command = (word: string) => ({
    command: word,
    nodeName: 'tick',
    requestId: 'b1f0',
    targetMachine: MACHINE,
    timestampMs: Date.now(),
  });
  const words = [...NODE_ACTIONS, 'fly'];
  return {
    name: 'command bytes',
    seeds: [
      encodeNodeCommand(command('start')),
      ...words.map((word) => encodeNodeCommand(command(word))),
      ...words.map((word) => encodeSignedCommand(command(word), signer)),
    ],
    acceptedCount: () => doors[0].acceptedCount() + doors[1].acceptedCount(),
    async run(input) {
      for (const { door } of doors) {
        const result = await door.answerQuery(input, false);
        if (result === undefined) throw new Error('no answer');
        encodeCommandResult(result);
      }
    },
    close: async () => {
      for (const door of doors) await door.close();
    },
  };
}

/** Whatever is put the older way. */
function olderTarget(folder: string): FuzzTarget {
  const { door, close, acceptedCount, commands } = doorOf(folder, 'older');
  const named = (id: string) => ({ id, command: { kind: 'start_node', name: 'tick' } as const, authToken: TOKEN });
  const context = {
    commands,
    door,
    token: TOKEN,
    manifest: () => ({ version: '1', machineId: MACHINE, uptimeSecs: 1, nodeCount: 0, agentCount: 0, mcpPort: 0 }),
    states: async () => [],
    shutdown: () => undefined,
  };
  return {
    name: 'older command bytes',
    seeds: [
      encodeDaemonCommand(named('1')),
      encodeDaemonCommand({ id: '2', command: { kind: 'list_nodes' }, authToken: TOKEN }),
      encodeDaemonCommand({ id: '3', command: { kind: 'unknown', word: 'fly' }, authToken: TOKEN }),
      encodeDaemonCommand({
        id: '4',
        command: { kind: 'install_node', source: '/nodes/a', name: 'a', config: undefined },
        authToken: undefined,
      }),
    ],
    acceptedCount,
    async run(input) {
      const command = decodeDaemonCommand(input);
      if (!command.ok) return;
      const events = await answerLegacy(command.value, context);
      if (events.at(-1)?.type !== 'done') throw new Error('the last event is not done');
    },
    close,
  };
}

function registryTarget(folder: string): FuzzTarget {
  const file = join(folder, 'nodes.json');
  let acceptedCount = 0;
  return {
    name: 'registry bytes',
    seeds: [
      Buffer.from(JSON.stringify({ nodes: [{ path: '/nodes/a', addedAt: '2026-01-01T00:00:00Z' }] })),
      Buffer.from(
        JSON.stringify(
          {
            nodes: [
              { path: '/nodes/a', addedAt: '', name_override: 'b', config_override: '/c.yaml', autostart: true },
              { path: '/nodes/ä', addedAt: '', extra: { kept: [1, null, 'x'] } },
            ],
          },
          undefined,
          2,
        ),
      ),
    ],
    acceptedCount: () => acceptedCount,
    async run(input) {
      writeFileSync(file, input);
      try {
        readRegistry(file);
        acceptedCount += 1;
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
      }
    },
    close: async () => rmSync(file, { force: true }),
  };
}

function nodeTarget(folder: string): FuzzTarget {
  const path = join(folder, 'node');
  mkdirSync(path, { recursive: true });
  const registryFile = join(folder, 'one-node.json');
  writeFileSync(registryFile, JSON.stringify({ nodes: [{ path, addedAt: '' }] }));
  const [entry] = readRegistry(registryFile);
  if (entry === undefined) throw new Error('no entry');
  let acceptedCount = 0;
  return {
    name: 'node.yaml bytes',
    seeds: [
      Buffer.from('name: tick\nversion: 0.1.0\ntype: python\ncommand: python3 main.py --city "San Sebastián"\n'),
      Buffer.from(
        'name: b\ntype: rust\nbuild: cargo build --release\ndepends_on: [a, c]\nrequires: {memory: 1}\npublishes:\n  - topic: x\n    rate: 30\n',
      ),
      Buffer.from('a: &a [1, 2]\nb: &b [*a, *a]\nname: *b\ncommand: >\n  folded\n  text\n'),
    ],
    acceptedCount: () => acceptedCount,
    async run(input) {
      writeFileSync(join(path, 'node.yaml'), input);
      const spec = await readNodeSpec(entry);
      if (!/^[A-Za-z0-9_-]{1,64}$/.test(spec.name)) throw new Error(`a name that no key can hold: ${spec.name}`);
      if (spec.problem === undefined) acceptedCount += 1;
    },
    close: async () => removeFolder(path),
  };
}

/** A door like a daemon's, behind which nothing is done. */
function doorOf(folder: string, name: string, key?: FleetKey) {
  let acceptedCount = 0;
  const done = async () => {
    acceptedCount += 1;
    return { ok: true, message: 'Done.' };
  };
  const commands = {
    run: done,
    add: done,
    remove: done,
    async answer(payload: Uint8Array | undefined) {
      const command = decodeNodeCommand(payload ?? new Uint8Array(0));
      const requestId = command.ok ? command.value.requestId : '';
      const { ok, message } = await done();
      return { requestId, success: ok, message, output: '', respondingMachine: MACHINE, timestampMs: Date.now() };
    },
  } satisfies Pick<NodeCommands, 'answer' | 'run' | 'add' | 'remove'>;
  const audit = new AuditLog({ file: join(folder, `${name}-audit.log`), say: () => undefined });
  const guard = new CommandGuard({
    key: () => (key === undefined ? { kind: 'none' } : { kind: 'key', key }),
    allowUnsigned: false,
    markFile: join(folder, `${name}-mark`),
    say: () => undefined,
  });
  const door = new CommandDoor({ machineId: MACHINE, guard, audit, commands });
  return { door, commands, acceptedCount: () => acceptedCount, close: () => audit.close() };
}
