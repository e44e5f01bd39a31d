/** User units of systemd for router and daemon, from configs/systemd. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../project-root.ts';

export type UnitName = 'bubbaloop-router.service' | 'bubbaloop-daemon.service';

/** Text of a unit that runs this installation; `home` where it is not the default one. */
export function unitText(name: UnitName, home: string | undefined): string {
  const template = readFileSync(join(projectRoot, 'configs', 'systemd', name), 'utf8');
  const environment = home === undefined ? undefined : `Environment=${quoted(`BUBBALOOP_HOME=${home}`)}`;
  return template
    .replace(
      '@bubbaloop@', // Only a command line has variables.
      () => quoted(join(projectRoot, 'bin', 'bubbaloop')).replaceAll('$', '$$$$'),
    )
    .replace('@environment@\n', () => (environment === undefined ? '' : `${environment}\n`));
}

/** systemd.syntax(7): quotes and backslashes are escaped in quotes, and `%` begins a specifier. */
function quoted(text: string): string {
  const escaped = text.replaceAll(/[\\"]/g, '\\$&').replaceAll('%', '%%');
  return /[\s\\"';]/.test(text) ? `"${escaped}"` : escaped;
}

/** Folder of user units. */
export function unitFolder(env: Readonly<Record<string, string | undefined>>, userHome: string): string {
  return join(env.XDG_CONFIG_HOME || join(userHome, '.config'), 'systemd', 'user');
}
