import { delimiter, join } from 'node:path';
import { projectRoot } from '../project-root.ts';
import { HOME_MARKER } from './family.ts';

/**
 * What every node of this daemon finds in its environment. `bubbaloop` is on the PATH, last: the daemon itself may have
 * been started by its full path, and a node's command is `bubbaloop node run main.ts`.
 */
export function nodeEnvironment(
  env: NodeJS.ProcessEnv,
  options: { readonly endpoint: string; readonly homeFolder: string },
): NodeJS.ProcessEnv {
  return {
    ...env,
    PATH: [env.PATH, join(projectRoot, 'bin')].filter(Boolean).join(delimiter),
    BUBBALOOP_ZENOH_ENDPOINT: options.endpoint,
    [HOME_MARKER]: options.homeFolder,
  };
}
