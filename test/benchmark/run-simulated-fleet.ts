/** A simulated fleet as a program of its own: `node run-simulated-fleet.ts ENDPOINT MACHINES NODES KEYS CHANGE_SHARE`. */
import { openSession } from '../../source/zenoh/open-session.ts';
import { startSimulatedFleet } from '../support/simulated-fleet.ts';

const SESSIONS = 20;

const [endpoint = '', ...numbers] = process.argv.slice(2);
const [machines = 500, nodes = 20, keys = 20_000, changeShare = 0.05] = numbers.map(Number);
const sessions = Array.from({ length: Math.min(SESSIONS, machines) }, () => openSession(endpoint, { shm: false }));
for (const session of sessions) await session.connected();
const fleet = await startSimulatedFleet(sessions, { machines, nodes, keys, changeShare });
process.stdout.write(`${JSON.stringify({ machines, nodes, declarations: fleet.declarationCount })}\n`);
process.once('SIGTERM', () => void fleet.stop().then(() => process.exit(0)));
// Whoever started it keeps its standard input open: a parent that is killed ends it, too.
process.stdin.resume().once('end', () => process.exit(0));
