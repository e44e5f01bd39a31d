/** A real router for tests: `dist/native/bubbaloop-router` on free loopback ports, ended with the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeFolder } from './remove-folder.ts';

const BINARY = join(import.meta.dirname, '..', '..', 'dist', 'native', 'bubbaloop-router');
const READY_LIMIT_MS = 20_000;

export function isRouterBuilt(): boolean {
  return existsSync(BINARY);
}

export interface TestRouter {
  /** `tcp/127.0.0.1:{port}`. */
  readonly endpoint: string;
  /** `ws://127.0.0.1:{port}`. */
  readonly wsUrl: string;
  readonly restPort: number;
  readonly pid: number;
  readonly zid: string;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGSTOP, a router that hangs; resolves when every thread of it has stopped. */
  suspend(): Promise<void>;
  /** SIGCONT. */
  resume(): void;
  /** SIGTERM, SIGKILL after 5 s; removes its files. Safe to call twice. */
  stop(): Promise<void>;
  /** After {@link kill}: a new process on the same ports. */
  restartOnSamePorts(): Promise<void>;
}

export interface RouterOptions {
  /** Merged, key by key at the top level, over the test's own configuration. */
  readonly configOverrides?: Readonly<Record<string, unknown>>;
}

export async function startRouter(options: RouterOptions = {}): Promise<TestRouter> {
  const folder = mkdtempSync(join(tmpdir(), 'bubbaloop-test-router-'));
  const [port, wsPort, restPort] = await freePorts(3);
  const configPath = join(folder, 'router.json5');
  const config = {
    mode: 'router',
    listen: { endpoints: [`tcp/127.0.0.1:${port}`] },
    scouting: { multicast: { enabled: false }, gossip: { enabled: false } },
    adminspace: { enabled: true, permissions: { read: true, write: false } },
    transport: { shared_memory: { enabled: true } },
    metadata: { name: 'test_router' },
    plugins: {
      remote_api: { websocket_port: `127.0.0.1:${wsPort}` },
      rest: { http_port: `127.0.0.1:${restPort}` },
    },
    ...options.configOverrides,
  };
  writeFileSync(configPath, JSON.stringify(config));
  let running = await launch(configPath);
  return {
    endpoint: `tcp/127.0.0.1:${port}`,
    wsUrl: `ws://127.0.0.1:${wsPort}`,
    restPort: restPort ?? 0,
    get pid() {
      return running.child.pid ?? 0;
    },
    get zid() {
      return running.zid;
    },
    kill: () => end(running.child, 'SIGKILL'),
    async suspend() {
      running.child.kill('SIGSTOP');
      // On a busy machine a thread may run on for a moment, and answer.
      while (!isStopped(running.child.pid ?? 0)) await sleep(5);
    },
    resume: () => void running.child.kill('SIGCONT'),
    async stop() {
      running.child.kill('SIGCONT');
      await end(running.child, 'SIGTERM');
      removeFolder(folder);
    },
    async restartOnSamePorts() {
      running = await launch(configPath);
    },
  };
}

interface Running {
  readonly child: ChildProcess;
  readonly zid: string;
}

async function launch(configPath: string): Promise<Running> {
  const child = spawn(BINARY, ['-c', configPath], { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  child.stderr?.on('data', (data: Buffer) => {
    log = `${log}${data}`.slice(-4_000);
  });
  const zid = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the router was not ready in ${READY_LIMIT_MS} ms: ${log}`));
    }, READY_LIMIT_MS);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the router ended with ${code}: ${log}`)));
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).once('line', (line) => {
      clearTimeout(timer);
      const ready: { zid?: unknown } = JSON.parse(line);
      resolve(String(ready.zid));
    });
  });
  return { child, zid };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
  child.kill(signal);
  await exited;
  clearTimeout(timer);
}

/** Ports that were free a moment ago, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Whether something accepts connections there. */
export async function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function isStopped(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).every((thread) => {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
      return stat[stat.lastIndexOf(')') + 2] === 'T';
    });
  } catch {
    // A thread that ended between the two reads.
    return false;
  }
}
