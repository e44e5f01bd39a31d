/** What the nodes that run tell of a registry that was lost. */
import type { LivingRun } from './backend.ts';
import { readNodeSpec } from './node-spec.ts';
import { readProcFile } from './proc.ts';
import type { RegistryEntry } from './registry.ts';

/** One entry for each. Whether it was to start with the daemon nobody knows any more. */
export async function recoverEntries(runs: readonly LivingRun[], nowMs: number): Promise<readonly RegistryEntry[]> {
  return Promise.all(
    runs.map(async (run) => {
      const entry: RegistryEntry = {
        path: run.folder,
        addedAt: new Date(nowMs).toISOString(),
        nameOverride: undefined,
        configOverride: undefined,
        autostart: false,
        installed: true,
        others: {},
      };
      const plain = await readNodeSpec(entry);
      const config = startedWith(run.pid, 'BUBBALOOP_NODE_CONFIG');
      return {
        ...entry,
        nameOverride: plain.name === run.name ? undefined : run.name,
        configOverride: config === '' || config === plain.configPath ? undefined : config,
      };
    }),
  );
}

/** A variable of the environment that a process was started with; empty where there is none. */
function startedWith(pid: number, name: string): string {
  const words = readProcFile(pid, 'environ')?.split('\0') ?? [];
  return words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
}
