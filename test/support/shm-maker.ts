/** A process that makes zenoh shared memory and keeps it until it is killed; a line on stdout when it has. */
import { nativeDrivers } from '../../source/zenoh/native-driver.ts';

const provider = await nativeDrivers.createShmProvider(1_000_000);
const buffer = provider.alloc(500_000);
buffer?.data.fill(7);
process.stdout.write('ready\n');
setInterval(() => provider.sizeBytes + (buffer?.sizeBytes ?? 0), 60_000);
