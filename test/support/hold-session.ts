/** A program with a session without shared memory, until it is ended; a line on stdout when it stands. */
import { openSession } from '../../source/zenoh/open-session.ts';

const session = openSession(process.argv[2] ?? '', { shm: false });
await session.connected({ timeoutMs: 20_000 });
process.stdout.write('ready\n');
setInterval(() => session.zid, 60_000);
