import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';

/** Whether systemd keeps this user's manager running without a login (`loginctl enable-linger`): logind marks that by a file. */
export function isLingering(): boolean {
  return existsSync(join('/var/lib/systemd/linger', userInfo().username));
}
