/** What checks look at, found out once for all of them and only when the first one asks. */
import { askControlSocket } from '../daemon/control-socket.ts';
import { type Home, isCode } from '../daemon/home.ts';
import { ShmScanner } from '../daemon/shm-scan.ts';
import { askNames } from '../fleet/observe-routers.ts';
import { daemonKey, parseKey } from '../wire/keys.ts';
import { type DaemonManifest, decodeDaemonManifest } from '../wire/manifest.ts';
import { decodeNodeList, type NodeList } from '../wire/node-state.ts';
import { getRouters, type RouterInfo, type RouterReply } from '../zenoh/admin.ts';
import type { Session } from '../zenoh/session.ts';
import { type Connection, connectOnce } from './connect-once.ts';
import { describeProcess, findRouters, type LocalProcess, type RouterConfig, readConfigOf } from './local-router.ts';
import { type Address, addressOf, isOwnAddress, type Reached, tryTcp } from './reach.ts';
import { readTcpSockets, socketHolders, type TcpSocket } from './sockets.ts';

export interface FactsOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: Home;
  readonly machineId: string;
  readonly endpoint: string;
  /** Of this program. */
  readonly version: string;
  /** Default `/dev/shm`. */
  readonly shmFolder?: string;
  /** Whether its session uses shared memory; default false, since checks send and get small records. */
  readonly shm?: boolean;
  /** Default: found out. For tests, which run in containers. */
  readonly seesEveryProcess?: boolean;
}

/** One daemon's answer. */
export interface DaemonSeen {
  readonly machine: string;
  readonly manifest: DaemonManifest;
  readonly replierZid: string | undefined;
}

/** A daemon's nodes, and its clock against this machine's. */
export interface ClockSeen {
  readonly machine: string;
  readonly aheadMs: number;
  /** The true value is at most so far from `aheadMs`. */
  readonly uncertainMs: number;
}

export type LocalDaemon =
  | { readonly kind: 'none' }
  | { readonly kind: 'silent'; readonly reason: string }
  | { readonly kind: 'answers'; readonly list: NodeList };

const ASK_LIMIT_MS = 2_500;
const TCP_LIMIT_MS = 2_000;

export class Facts {
  readonly #options: FactsOptions;
  readonly #known = new Map<string, unknown>();
  #session: Session | undefined;
  #isClosed = false;

  constructor(options: FactsOptions) {
    this.#options = options;
  }

  get env(): FactsOptions['env'] {
    return this.#options.env;
  }
  get home(): Home {
    return this.#options.home;
  }
  get machineId(): string {
    return this.#options.machineId;
  }
  get endpoint(): string {
    return this.#options.endpoint;
  }
  get version(): string {
    return this.#options.version;
  }
  get shmFolder(): string {
    return this.#options.shmFolder ?? '/dev/shm';
  }
  get seesEveryProcess(): boolean | undefined {
    return this.#options.seesEveryProcess;
  }

  /** Of the endpoint; undefined for a Unix socket. */
  get address(): Address | undefined {
    return addressOf(this.endpoint);
  }

  /** Whether the endpoint is of this machine. */
  get isRouterLocal(): boolean {
    return this.address === undefined || isOwnAddress(this.address.host);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#session?.close();
  }

  /** A session opened just now: the fresh handshake. */
  connection(): Promise<Connection> {
    return this.#once('connection', async (): Promise<Connection> => {
      const connection = await connectOnce(this.endpoint, { shm: this.#options.shm ?? false });
      if (!connection.ok) return connection;
      this.#session = connection.session;
      if (this.#isClosed) await connection.session.close();
      return connection;
    });
  }

  /** Whether the endpoint's port takes connections; undefined where it has none (Unix sockets, UDP). */
  reached(): Promise<Reached | undefined> {
    return this.#once('reached', async () => {
      const { address } = this;
      if (address === undefined || address.protocol === 'udp' || address.protocol === 'quic') return undefined;
      return tryTcp(address.host, address.port, TCP_LIMIT_MS);
    });
  }

  routerReplies(): Promise<readonly RouterReply[]> {
    return this.#once('routers', async () => {
      const connection = await this.connection();
      return connection.ok ? getRouters(connection.session, { timeoutMs: ASK_LIMIT_MS }) : [];
    });
  }

  async routers(): Promise<readonly RouterInfo[]> {
    return (await this.routerReplies()).flatMap((reply) => (reply.ok ? [reply.router] : []));
  }

  /** The router that the endpoint leads to. */
  async ownRouter(): Promise<RouterInfo | undefined> {
    const [connection, routers] = await Promise.all([this.connection(), this.routers()]);
    const zid = connection.ok ? connection.routerZid : undefined;
    return routers.find((router) => router.zid === zid) ?? (zid === undefined ? routers[0] : undefined);
  }

  daemons(): Promise<readonly DaemonSeen[]> {
    return this.#once('daemons', async () => {
      const seen: DaemonSeen[] = [];
      for await (const { machine, payload, replierZid } of this.#askDaemons('manifest')) {
        const manifest = decodeDaemonManifest(payload);
        if (manifest.ok) seen.push({ machine, manifest: manifest.value, replierZid });
      }
      return seen;
    });
  }

  clocks(): Promise<readonly ClockSeen[]> {
    return this.#once('clocks', async () => {
      await this.connection();
      const seen: ClockSeen[] = [];
      const askedAtMs = Date.now();
      for await (const { machine, payload, atMs } of this.#askDaemons('nodes')) {
        const list = decodeNodeList(payload);
        if (!list.ok || list.value.timestampMs === 0) continue;
        const uncertainMs = (atMs - askedAtMs) / 2;
        seen.push({ machine, aheadMs: list.value.timestampMs - (askedAtMs + uncertainMs), uncertainMs });
      }
      return seen;
    });
  }

  async *#askDaemons(part: 'manifest' | 'nodes') {
    const connection = await this.connection();
    if (!connection.ok) return;
    const options = { target: 'all', consolidation: 'none', timeoutMs: ASK_LIMIT_MS } as const;
    for await (const reply of connection.session.get(daemonKey('*', part), options)) {
      if (!reply.ok) continue;
      const key = parseKey(reply.sample.keyExpr);
      if (key.kind !== 'daemon') continue;
      yield {
        machine: key.machine,
        payload: reply.sample.payload,
        replierZid: reply.replierZid,
        atMs: Date.now(),
      };
    }
  }

  /** Names of sessions by zenoh id, from their liveliness tokens. */
  names(): Promise<ReadonlyMap<string, string>> {
    return this.#once('names', async () => {
      const connection = await this.connection();
      return connection.ok ? askNames(connection.session, { timeoutMs: ASK_LIMIT_MS }) : new Map();
    });
  }

  sockets(): readonly TcpSocket[] {
    return this.#once('sockets', readTcpSockets);
  }

  /** Who listens on the endpoint's port of this machine; undefined where nobody does, or this user may not see who. */
  portHolder(): LocalProcess | undefined {
    return this.#once('holder', () => {
      const inodes = this.sockets()
        .filter(({ state, localPort }) => state === 'listening' && localPort === this.address?.port)
        .map(({ inode }) => inode);
      const [pid] = socketHolders(new Set(inodes)).values();
      return pid === undefined ? undefined : describeProcess(pid);
    });
  }

  /** Routers that run here, whatever their port. */
  localRouters(): readonly LocalProcess[] {
    return this.#once('local-routers', findRouters);
  }

  /** Configuration of the router behind the endpoint, where it runs here. */
  routerConfig(): Promise<RouterConfig | undefined> {
    return this.#once('config', async () => {
      if (!this.isRouterLocal) return undefined;
      const holder = this.portHolder();
      return holder?.isRouter === true ? readConfigOf(holder.pid) : undefined;
    });
  }

  localDaemon(): Promise<LocalDaemon> {
    return this.#once('local-daemon', async (): Promise<LocalDaemon> => {
      try {
        const answer = await askControlSocket(this.home.socketFile, new Uint8Array(0), ASK_LIMIT_MS);
        if (answer === undefined || answer.length === 0) return { kind: 'none' };
        const list = decodeNodeList(answer);
        return list.ok ? { kind: 'answers', list: list.value } : { kind: 'silent', reason: list.reason };
      } catch (error) {
        if (isCode(error, 'EACCES')) return { kind: 'silent', reason: 'it belongs to another user' };
        return { kind: 'silent', reason: error instanceof Error ? error.message : String(error) };
      }
    });
  }

  scanner(): ShmScanner {
    return this.#once('scanner', () => new ShmScanner({ machineId: this.machineId, folder: this.shmFolder }));
  }

  #once<T>(name: string, find: () => T): T {
    if (!this.#known.has(name)) this.#known.set(name, find());
    return this.#known.get(name) as T;
  }
}
