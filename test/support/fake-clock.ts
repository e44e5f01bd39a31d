/** A wall clock that a test sets, for whole processes: libfaketime (Debian package faketime). */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export class FakeClock {
  readonly #file: string;

  /** `file` holds what the clock shows, and is read by each process that has {@link env}. */
  constructor(file: string) {
    this.#file = file;
    this.set(0);
  }

  /** Seconds ahead of the real clock. */
  set(aheadSecs: number): void {
    writeFileSync(this.#file, `${aheadSecs < 0 ? '' : '+'}${aheadSecs}\n`);
  }

  get env(): NodeJS.ProcessEnv {
    return {
      LD_PRELOAD: findLibrary(),
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: '1',
      // A clock that is set moves neither the monotonic clock nor what files have.
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    };
  }
}

function findLibrary(): string {
  const found = readdirSync('/usr/lib')
    .map((folder) => join('/usr/lib', folder, 'faketime'))
    .flatMap((folder) => {
      try {
        return readdirSync(folder).map((name) => join(folder, name));
      } catch {
        // Not a folder of this library.
        return [];
      }
    })
    .find((file) => file.endsWith('/libfaketimeMT.so.1'));
  if (found === undefined) throw new Error('libfaketime is missing: apt-get install faketime');
  return found;
}
