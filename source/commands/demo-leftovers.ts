/** Folders of demos. A demo that is killed cannot remove its own: the next one does. */
import { lstatSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { lockState, tryLock } from '../daemon/lock-file.ts';

const PREFIX = 'bubbaloop-demo-';
/** In the folder of a demo, held while it lives. */
const LOCK = 'demo.lock';
/** In the same folder, held by its daemon, which may take some seconds longer to end. */
const DAEMON_LOCK = 'daemon.lock';

/** Makes a folder that is this process's as long as it lives. */
export async function makeDemoFolder(parent: string): Promise<string> {
  const folder = await mkdtemp(join(parent, PREFIX));
  tryLock(join(folder, LOCK));
  return folder;
}

/** Removes what demos left in `parent` that ended without doing so. Returns the folders. Never throws. */
export async function removeDeadDemos(parent: string): Promise<readonly string[]> {
  const dead = foldersIn(parent).filter(
    (folder) => lockState(join(folder, LOCK)) === 'left' && lockState(join(folder, DAEMON_LOCK)) !== 'held',
  );
  // One that cannot be removed is no reason not to start.
  await Promise.allSettled(dead.map((folder) => rm(folder, { recursive: true, force: true })));
  return dead;
}

/** Ours alone: who else writes to the same place may have put anything there. */
function foldersIn(parent: string): readonly string[] {
  try {
    return readdirSync(parent)
      .filter((name) => name.startsWith(PREFIX))
      .map((name) => join(parent, name))
      .filter((path) => {
        const stat = lstatSync(path, { throwIfNoEntry: false });
        return stat?.isDirectory() === true && stat.uid === process.getuid?.();
      });
  } catch {
    // It cannot be listed: then nothing of ours is found there either.
    return [];
  }
}
