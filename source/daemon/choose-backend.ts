import { existsSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { nativeFile } from '../project-root.ts';
import type { Backend } from './backend.ts';
import { type Home, messageOf } from './home.ts';
import { isLingering } from './lingering.ts';
import { createProcessBackend } from './process-backend.ts';
import { ShimKeeper } from './shim-keeper.ts';

export const BACKEND_CHOICES = ['auto', 'process', 'systemd'] as const;
export type BackendChoice = (typeof BACKEND_CHOICES)[number];

export interface BackendOptions {
  readonly home: Home;
  /** One line for the operator. */
  readonly say: (message: string) => void;
}

/**
 * `auto` is `systemd` where {@link whyNotSystemd} has nothing against it and a user manager answers, else `process`. Throws
 * UserError where `systemd` was asked for by name and cannot be had.
 */
export async function openBackend(choice: BackendChoice, options: BackendOptions): Promise<Backend> {
  if (choice === 'process') return openProcessBackend(options);
  const facts = {
    homeFolder: options.home.folder,
    userHome: homedir(),
    isLingering: isLingering(),
  };
  if (choice === 'auto' && whyNotSystemd(facts) !== undefined) return openProcessBackend(options);
  try {
    const { openSystemdBackend } = await import('./systemd/open.ts');
    const backend = await openSystemdBackend({
      homeFolder: options.home.folder,
      say: options.say,
      env: process.env,
    });
    options.say("Nodes are units of the user's systemd: systemctl --user status 'bubbaloop-*'.");
    if (!facts.isLingering) {
      options.say(`They end when ${userInfo().username} logs out, unless: loginctl enable-linger.`);
    }
    return backend;
  } catch (error) {
    if (choice === 'auto') return openProcessBackend(options);
    throw new UserError(`Nodes cannot be units of systemd here: ${messageOf(error)}.`, {
      hint: 'Use --backend process.',
      cause: error,
    });
  }
}

/**
 * What speaks against systemd where nobody asked for it. Names of units have room for one home, so only the user's own one
 * counts; and without lingering the user's systemd, and every node, would end with the last login.
 */
export function whyNotSystemd(facts: {
  readonly homeFolder: string;
  readonly userHome: string;
  readonly isLingering: boolean;
}): string | undefined {
  if (facts.homeFolder !== join(facts.userHome, '.bubbaloop')) return 'another home than ~/.bubbaloop';
  return facts.isLingering ? undefined : 'no lingering';
}

/** Without the native part, or in a home that does not take it, nodes end with the daemon. */
function openProcessBackend({ home, say }: BackendOptions): Backend {
  const keeper = makeKeeper(home, say);
  return createProcessBackend(keeper === undefined ? {} : { keeper });
}

function makeKeeper(home: Home, say: (message: string) => void): ShimKeeper | undefined {
  const shim = nativeFile('bubbaloop-shim');
  if (!existsSync(shim)) return undefined;
  try {
    return new ShimKeeper({ shim, runFolder: home.runFolder });
  } catch (error) {
    say(`Nodes will not outlive a killed daemon: ${messageOf(error)}.`);
    return undefined;
  }
}
