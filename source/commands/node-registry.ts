/** What changes the registry only, on a machine where no daemon runs. */
import { prepareHome } from '../daemon/home.ts';
import { DamagedRegistry, editRegistryFile, type RegistryEntry, setAside } from '../daemon/registry.ts';
import { type Added, withChanged, withInstance, withNode } from '../daemon/registry-edits.ts';
import { UserError } from '../errors.ts';
import type { Outcome } from '../fleet/control.ts';
import type { NodeRequest } from './node-control.ts';
import type { LocalMachine } from './node-local.ts';

type Edit = (
  entries: readonly RegistryEntry[],
) => Promise<{ readonly entries: readonly RegistryEntry[]; readonly message: string }>;

/** Undefined where it takes a daemon. Throws UserError. */
export async function editWithoutDaemon(request: NodeRequest, { home }: LocalMachine): Promise<Outcome | undefined> {
  const edit = editOf(request);
  if (edit === undefined) return undefined;
  prepareHome(home);
  let message = '';
  try {
    await editRegistryFile(home.registryFile, async (entries) => {
      const result = await edit(entries);
      message = result.message;
      return result.entries;
    });
  } catch (error) {
    if (error instanceof DamagedRegistry) throw putAside(home.registryFile, error);
    throw error;
  }
  return { ok: true, message, output: '' };
}

function editOf({ action, node, parameters }: NodeRequest): Edit | undefined {
  const noDaemon = 'No daemon runs here yet: bubbaloop daemon';
  const added = ({ entries, spec }: Added) => ({ entries, message: `Added ${spec.name}. ${noDaemon}` });
  const changed = (change: (entry: RegistryEntry) => RegistryEntry | undefined, message: string): Edit => {
    return async (entries) => ({ entries: await withChanged(entries, node, change), message });
  };
  switch (action) {
    case 'add': {
      const { source = '', name, config } = parameters ?? {};
      return async (entries) => added(await withNode(entries, { path: source, name, config }));
    }
    case 'instance': {
      const { name, config } = parameters ?? {};
      return async (entries) => added(await withInstance(entries, node, { name, config }));
    }
    case 'remove':
      return changed(() => undefined, `Removed ${node}; its folder stays.`);
    case 'enable_autostart':
      return async (entries) => ({
        entries: await withChanged(entries, node, (entry) => {
          if (entry.installed) return { ...entry, autostart: true };
          throw new UserError(`${node} is not installed.`, { hint: `bubbaloop node install ${node}` });
        }),
        message: `${node} starts with the daemon.`,
      });
    case 'disable_autostart':
      return changed((entry) => ({ ...entry, autostart: false }), `${node} no longer starts with the daemon.`);
    case 'install':
      return changed((entry) => ({ ...entry, installed: true }), `Installed ${node}. ${noDaemon}`);
    case 'uninstall':
      return changed(
        (entry) => ({ ...entry, installed: false, autostart: false }),
        `Uninstalled ${node}; it stays registered, and its folder stays.`,
      );
    default:
      return undefined;
  }
}

/** The damaged registry is not written over: it is moved, and the user is told where to. */
function putAside(file: string, error: DamagedRegistry): UserError {
  const aside = setAside(file, []);
  if (aside === undefined) return error;
  return new UserError(error.message, {
    hint: `It is kept as ${aside}. Mend it and move it back, or run this again to begin a new one.`,
    cause: error,
  });
}
