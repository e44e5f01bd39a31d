/** The registry of this machine, the folders of its nodes, and how the nodes that run are. */
import { existsSync, readFileSync } from 'node:fs';
import JSON5 from 'json5';
import { lockHolder } from '../daemon/lock-file.ts';
import { readNodeSpec } from '../daemon/node-spec.ts';
import { DamagedRegistry, type RegistryEntry, readRegistry, setAside } from '../daemon/registry.ts';
import { UserError } from '../errors.ts';
import type { NodeState } from '../wire/node-state.ts';
import { type Check, gravest, type Result, skipped, well } from './check.ts';

export const registry: Check = {
  id: 'nodes-registry',
  area: 'nodes',
  title: 'registry',
  run({ home }) {
    const tried = `read ${home.registryFile}`;
    try {
      const entries = readRegistry(home.registryFile);
      if (!existsSync(home.registryFile)) return skipped(tried, 'There is none yet: no node was added.');
      return well(tried, `${entries.length} registered.`);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const isDamaged = error instanceof DamagedRegistry;
      return {
        outcome: 'problem',
        tried,
        seen: error.message,
        means: 'No node can be started from it. The daemon writes it again as it knows it, where one runs.',
        remedy: isDamaged
          ? 'bubbaloop doctor --fix (sets it aside as nodes.json.damaged-TIME), then: bubbaloop node add PATH'
          : `ls -l ${home.registryFile}`,
        ...(isDamaged ? { isFixable: true } : {}),
      };
    }
  },
  fix({ home }) {
    if (lockHolder(home.lockFile) !== undefined) throw new Error('a daemon runs, which mends it from what it knows');
    const readable = salvage(home.registryFile);
    const aside = setAside(home.registryFile, readable);
    if (aside === undefined) throw new Error('the file was written just now: somebody may still edit it');
    return `It is kept as ${aside}; ${readable.length} nodes could be read of it, and are registered.`;
  },
};

/** What a hand-edited registry still says: a comma too many does not lose it. */
function salvage(file: string): RegistryEntry[] {
  let value: unknown;
  try {
    value = JSON5.parse(readFileSync(file, 'utf8'));
  } catch {
    // Torn or overwritten: nothing in it can be relied on.
    return [];
  }
  const nodes = typeof value === 'object' && value !== null ? Reflect.get(value, 'nodes') : undefined;
  if (!Array.isArray(nodes)) return [];
  return nodes.flatMap((node): RegistryEntry[] => {
    const path: unknown = typeof node === 'object' && node !== null ? Reflect.get(node, 'path') : undefined;
    if (typeof path !== 'string' || path === '') return [];
    const { name_override, config_override, addedAt } = node as Record<string, unknown>;
    return [
      {
        path,
        addedAt: typeof addedAt === 'string' ? addedAt : new Date().toISOString(),
        nameOverride: typeof name_override === 'string' ? name_override : undefined,
        configOverride: typeof config_override === 'string' ? config_override : undefined,
        autostart: Reflect.get(node, 'autostart') === true,
        installed: Reflect.get(node, 'installed') !== false,
        others: {},
      },
    ];
  });
}

export const nodeFolders: Check = {
  id: 'nodes-folders',
  area: 'nodes',
  title: 'node folders',
  async run({ home }) {
    const tried = 'read the folder of each node';
    let entries: readonly RegistryEntry[];
    try {
      entries = readRegistry(home.registryFile);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return skipped(tried, 'The registry cannot be read.');
    }
    if (entries.length === 0) return skipped(tried, 'No node is registered.');
    const specs = await Promise.all(entries.map(readNodeSpec));
    const findings = specs.flatMap((spec): Omit<Result, 'tried'>[] => {
      if (spec.problem !== undefined) {
        const isGone = !existsSync(spec.path);
        return [
          {
            outcome: 'problem',
            seen: `${spec.name}: ${isGone ? `its folder ${spec.path} is gone` : spec.problem}.`,
            means: 'It cannot be started.',
            remedy: isGone
              ? `Bring the folder back, or: bubbaloop node remove ${spec.name}`
              : `Mend ${spec.path}/node.yaml; bubbaloop node list shows when it is right`,
          },
        ];
      }
      if (spec.isBuilt) return [];
      const canBuild = spec.build !== undefined;
      return [
        {
          outcome: 'problem',
          seen: `${spec.name}: its program (${spec.command ?? ''}) is missing.`,
          means: 'It cannot be started before it is built.',
          remedy: canBuild ? `bubbaloop node build ${spec.name}` : `Build it in ${spec.path}`,
        },
      ];
    });
    const names = specs.map(({ name }) => name);
    const twins = [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
    for (const name of twins) {
      findings.push({
        outcome: 'problem',
        seen: `More than one node is called ${name}.`,
        means: 'Only the first of them is kept.',
        remedy: `bubbaloop node remove ${name}, then: bubbaloop node instance ${name} OTHER_NAME`,
      });
    }
    return gravest(tried, findings, `All complete: ${specs.map(({ name }) => name).join(', ')}.`);
  },
};

export const nodeStates: Check = {
  id: 'nodes-states',
  area: 'nodes',
  title: 'running nodes',
  async run(facts) {
    const tried = 'asked the daemon of this machine for its nodes';
    const daemon = await facts.localDaemon();
    if (daemon.kind !== 'answers') return skipped(tried, 'No daemon of this machine answers.');
    const { nodes } = daemon.list;
    const running = nodes.filter(({ status }) => status === 'running').length;
    return gravest(tried, nodes.flatMap(troubleOf), `${running} of ${nodes.length} run, and none is in trouble.`);
  },
};

function troubleOf(node: NodeState): Omit<Result, 'tried'>[] {
  const { name, status, health } = node;
  const remedy = `bubbaloop node logs ${name}`;
  if (status === 'failed') {
    const seen = `${name} has failed: ${node.lastExit || 'nobody knows why'}.`;
    return [
      {
        outcome: 'problem',
        seen,
        means: 'It does not run. After five ends within a minute it is not started again by itself.',
        remedy,
      },
    ];
  }
  if (status !== 'running') return [];
  if (health === 'unhealthy') {
    const means = 'It hangs, or its link to the router is gone.';
    return [{ outcome: 'problem', seen: `${name} runs, and its heartbeat is missing.`, means, remedy }];
  }
  if (node.outputs === 'quiet') {
    const means = 'Somebody listens, and gets nothing.';
    return [{ outcome: 'warning', seen: `${name} runs, and sends no data.`, means, remedy }];
  }
  return [];
}
