import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quote } from 'shell-quote';
import { stringify } from 'yaml';
import { UserError } from '../errors.ts';
import { projectRoot } from '../project-root.ts';
import { plainText } from '../wire/plain-text.ts';
import { profileConfig, routerBinary } from './router.ts';
import { routerArguments } from './router-config.ts';
import { startTethered, type Tethered } from './tethered.ts';

/** A fleet of one machine: a real router, a real daemon, two nodes, in a home of its own. */
export type DemoFleet = {
  readonly endpoint: string;
  /** The router's WebSocket, `ws://127.0.0.1:PORT`. */
  readonly webSocketUrl: string;
  readonly home: string;
  /** Nodes that come up by themselves. */
  readonly nodeCount: number;
  /** Ends nodes, daemon and router and removes the home. Safe to call twice. */
  end(): Promise<void>;
};

/** Name of the demo's machine. */
export const DEMO_MACHINE = 'demo';

const nodes = [
  {
    name: 'test-camera',
    description: 'A moving test picture, 1920x1080 RGBA at 15 frames/s through shared memory',
    publishes: ['test-camera/raw'],
  },
  { name: 'heartbeat', description: 'Beats, and does nothing else', publishes: [] },
] as const;

const routerReadyMs = 10_000;
const endLimitMs = 12_000;

/**
 * Starts it on free loopback ports; resolves when the router answers, while the daemon and its nodes still come up.
 * Everything ends with this process, kill -9 included. UserError with the router's own words where it does not start.
 */
export async function startDemoFleet(): Promise<DemoFleet> {
  const binary = routerBinary();
  const home = await mkdtemp(join(tmpdir(), 'bubbaloop-demo-'));
  const started: Tethered[] = [];
  const end = async (): Promise<void> => {
    // The daemon first: it stops its nodes while the router still carries their goodbyes.
    for (const program of started.splice(0).reverse()) await program.end(endLimitMs);
    await rm(home, { recursive: true, force: true });
  };
  try {
    const [port, restPort, webSocketPort] = await freePorts(3);
    const endpoint = `tcp/127.0.0.1:${port}`;
    const env = {
      ...process.env,
      BUBBALOOP_HOME: home,
      BUBBALOOP_MACHINE_ID: DEMO_MACHINE,
      BUBBALOOP_ZENOH_ENDPOINT: endpoint,
    };
    await writeDemoNodes(home);

    const words = routerArguments(
      {
        file: profileConfig('standalone'),
        name: DEMO_MACHINE,
        listen: [endpoint],
        websocket: `127.0.0.1:${webSocketPort}`,
        rest: `127.0.0.1:${restPort}`,
        cfg: [],
      },
      env,
    );
    const routerLog = join(home, 'router.log');
    const router = startTethered([binary, ...words], { env, logFile: routerLog });
    started.push(router);
    await router.firstLine(routerReadyMs).catch(async (error: Error) => {
      throw await startError(error, routerLog);
    });

    const daemon = startTethered([join(projectRoot, 'bin', 'bubbaloop'), 'daemon'], {
      env,
      logFile: join(home, 'daemon.log'),
    });
    started.push(daemon);
    return { endpoint, webSocketUrl: `ws://127.0.0.1:${webSocketPort}`, home, nodeCount: nodes.length, end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Node folders as a user would have them, and the registry that names them. */
export async function writeDemoNodes(home: string): Promise<void> {
  const entries = [];
  for (const node of nodes) {
    const path = join(home, 'nodes', node.name);
    await mkdir(path, { recursive: true });
    const command = quote([join(projectRoot, 'bin', 'bubbaloop'), 'node', 'run', node.name]);
    await writeFile(join(path, 'node.yaml'), stringify({ version: '0.1.0', type: 'node', ...node, command }));
    entries.push({ path, addedAt: new Date().toISOString(), autostart: true });
  }
  await writeFile(join(home, 'nodes.json'), JSON.stringify({ nodes: entries }, null, 2));
}

async function startError(error: Error, logFile: string): Promise<UserError> {
  const said = plainText((await readFile(logFile, 'utf8').catch(() => '')).trim());
  return new UserError(`The demo's router did not start: ${said === '' ? error.message : said}`, { cause: error });
}

/** Ports that nobody listens on now, all different. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
