import { existsSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { UserError } from '../errors.ts';
import { nativeFile } from '../project-root.ts';
import { encodeCommandResult } from '../wire/command.ts';
import { daemonKey, TELEMETRY_NODE } from '../wire/keys.ts';
import { type DaemonManifest, decodeDaemonManifest } from '../wire/manifest.ts';
import { encodeNodeList } from '../wire/node-state.ts';
import { plainText } from '../wire/plain-text.ts';
import { type Session, SessionError } from '../zenoh/session.ts';
import type { Backend } from './backend.ts';
import { type BackendChoice, openBackend } from './choose-backend.ts';
import { openControlSocket } from './control-socket.ts';
import { endLeftovers } from './family.ts';
import type { KeyState } from './fleet-key-file.ts';
import { openGateway } from './gateway.ts';
import { type Home, messageOf, prepareHome, readOrMakeToken } from './home.ts';
import { lockHome } from './locks.ts';
import { LogGateway } from './log-gateway.ts';
import { NodeBuilds } from './node-builds.ts';
import { NodeCommands } from './node-commands.ts';
import { nodeEnvironment } from './node-environment.ts';
import { NodeTruths } from './node-truths.ts';
import { openDoor } from './open-door.ts';
import { readProcessStat } from './proc.ts';
import { createShmCommands } from './shm-commands.ts';
import type { NodeRun } from './shm-growth.ts';
import { ShmScanner } from './shm-scan.ts';
import { Supervisor } from './supervisor.ts';
import { openTelemetry } from './telemetry.ts';
import { openThumbnails } from './thumbnails.ts';

export interface DaemonOptions {
  readonly home: Home;
  readonly machineId: string;
  readonly version: string;
  /** Handed to nodes as BUBBALOOP_ZENOH_ENDPOINT. */
  readonly endpoint: string;
  /** Opens the session, once the home is ours. The daemon closes it. */
  readonly openSession: () => Session;
  /** One line for the operator; text from outside is plain already. */
  readonly say: (message: string) => void;
  /** Take unsigned commands although there is a fleet key; default false. */
  readonly allowUnsigned?: boolean;
  /** What runs the nodes; default `process`. */
  readonly backend?: Backend | BackendChoice;
  /** {@link Daemon.stop} leaves the nodes running for the next daemon, where the backend can. Default false. */
  readonly keepNodes?: boolean;
  /** Environment of the nodes; default this process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface Daemon {
  readonly machineId: string;
  /** Registered now. */
  readonly nodeCount: number;
  /** Resolves when someone asked the daemon to end over zenoh; the caller then calls {@link stop}. */
  readonly shutdownRequested: Promise<void>;
  /** Ends every node (see `keepNodes`), takes back what was declared, gives back the home. Resolves within 10 s. Safe to call twice. */
  stop(): Promise<void>;
}

/** How long a start waits for the router to learn whether the machine id is taken. */
const IDENTITY_CHECK_MS = 1_500;
const REGISTRY_LOOK_MS = 5_000;
const SHM_LOOK_MS = 10_000;
/** Once told to end a daemon is gone within 10 s; nodes get most of it. */
const CLOSE_MS = 1_000;

const shimFile = nativeFile('bubbaloop-shim');

/**
 * Starts a daemon. It needs no router to supervise: the session comes and goes. Throws UserError where another daemon
 * holds the home or answers under the same machine id.
 */
export async function runDaemon(options: DaemonOptions): Promise<Daemon> {
  const { home, machineId } = options;
  prepareHome(home);
  const unlock = lockHome(home, machineId);
  const cleanUps: (() => Promise<void> | void)[] = [unlock];
  const undo = async (): Promise<void> => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  };
  try {
    return await start(options, cleanUps, undo);
  } catch (error) {
    await undo();
    throw error;
  }
}

async function start(
  options: DaemonOptions,
  cleanUps: (() => Promise<void> | void)[],
  undo: () => Promise<void>,
): Promise<Daemon> {
  const { home, machineId, say } = options;
  const startedAtMs = performance.now();
  const token = readOrMakeToken(home);
  const { backend: wanted = 'process' } = options;
  const backend = typeof wanted === 'string' ? await openBackend(wanted, { home, say }) : wanted;
  // The supervisor's end comes first; where the start fails before that, nothing else would close it.
  cleanUps.push(() => backend.close?.());
  const session = options.openSession();
  cleanUps.push(() => within(session.close(), CLOSE_MS));
  await refuseTwin(session, machineId, say);

  const ending = new AbortController();
  const logs = new LogGateway({
    session,
    machineId,
    fileOf: (node): string | undefined => supervisor.find(node)?.log.file,
    say,
  });
  const supervisor: Supervisor = new Supervisor({
    home,
    say,
    onNodes: (names) => logs.setNodes(names),
    machineId,
    hostname: hostname(),
    machineIps: cached(ownAddresses, 10_000),
    env: nodeEnvironment(options.env ?? process.env, { endpoint: options.endpoint, homeFolder: home.folder }),
    backend,
  });
  const isRegistryReadable = await supervisor.load();
  // Whose registry cannot be read may still be registered: it stays.
  const keep = backend.runIds?.({ everyone: !isRegistryReadable }) ?? new Set();
  const leftCount = await endLeftovers(home.folder, { keep });
  if (keep.size > 0) say(`Found ${keep.size} nodes that an earlier daemon had started.`);
  if (leftCount > 0) say(`Ended ${leftCount} processes that an earlier daemon had left behind.`);
  const runOf = (pid: number): NodeRun | undefined => {
    const groupId = readProcessStat(pid)?.groupId;
    const node = groupId === undefined ? undefined : supervisor.nameOfGroup(groupId);
    return groupId === undefined || node === undefined ? undefined : { node, pid: groupId };
  };
  const scanner = new ShmScanner({ machineId, nameOf: (pid) => runOf(pid)?.node, runOf });
  const shmCommands = createShmCommands({ scanner, signal: ending.signal });
  const builds = new NodeBuilds({
    signal: ending.signal,
    runFolder: home.runFolder,
    tether: existsSync(shimFile) ? shimFile : undefined,
  });
  builds.tellBrokenOff((name) => supervisor.find(name));
  const commands = new NodeCommands(supervisor, machineId, ending.signal, shmCommands, builds);
  const { door, key, closeDoor } = openDoor({ ...options, commands });
  cleanUps.push(() => within(closeDoor(), CLOSE_MS));
  const manifest = (): DaemonManifest => ({
    version: options.version,
    machineId,
    uptimeSecs: Math.floor((performance.now() - startedAtMs) / 1_000),
    nodeCount: supervisor.names.length,
    agentCount: 0,
    mcpPort: 0,
    fleetKey: keyWord(key()),
  });
  const truths = new NodeTruths({
    session,
    machineId,
    say,
    pidOf: (name) => supervisor.find(name)?.pid,
    isAnyRunning: () => supervisor.names.some((name) => supervisor.find(name)?.isAlive),
  });
  const states = async () => (await supervisor.states()).map((state) => truths.addTo(state));
  const shutdown = Promise.withResolvers<void>();

  const closeGateway = await openGateway({
    session,
    machineId,
    token,
    commands,
    door,
    manifest,
    states,
    ledger: () => scanner.scan(),
    beat: (node) => supervisor.find(node)?.beat(),
    shutdown: shutdown.resolve,
    say,
  });
  cleanUps.push(() => within(closeGateway(), CLOSE_MS));
  await logs.open();
  cleanUps.push(() => within(logs.close(), CLOSE_MS));
  const closeTruths = await truths.open();
  cleanUps.push(() => within(closeTruths(), CLOSE_MS));
  const closeTelemetry = await openTelemetry({
    session,
    machineId,
    say,
    isPublishedByNode: () => supervisor.find(TELEMETRY_NODE)?.isAlive ?? false,
  });
  cleanUps.push(() => within(closeTelemetry(), CLOSE_MS));
  if (session.kind === 'native') {
    const closeThumbnails = await openThumbnails({ session, machineId, endpoint: options.endpoint, say });
    cleanUps.push(() => within(closeThumbnails(), CLOSE_MS));
  }
  await openLocalControl(home, say, cleanUps, async (request) => {
    // Also the poke of a `bubbaloop node add` that has just written the registry.
    if (request.length === 0) {
      await supervisor.refresh({ force: true });
      return encodeNodeList({ nodes: await states(), timestampMs: Date.now(), machineId });
    }
    const result = await door.answerSocket(request);
    return result === undefined ? new Uint8Array(0) : encodeCommandResult(result);
  });
  cleanUps.push(sayLinkChanges(session, say));
  cleanUps.push(() => supervisor.end({ keepNodes: options.keepNodes === true && backend.outlivesDaemon === true }));
  cleanUps.push(() => builds.ended());
  // A registry that someone edits by hand counts without anyone asking.
  const looking = setInterval(() => void supervisor.refresh(), REGISTRY_LOOK_MS);
  cleanUps.push(() => clearInterval(looking));
  // Without looks of its own the record of growth would miss what nobody watched.
  const scanning = setInterval(() => scanner.scan(), SHM_LOOK_MS);
  cleanUps.push(() => clearInterval(scanning));
  await supervisor.begin();

  let stopping: Promise<void> | undefined;
  return {
    machineId,
    nodeCount: supervisor.names.length,
    shutdownRequested: shutdown.promise,
    stop() {
      ending.abort();
      stopping ??= undo();
      return stopping;
    },
  };
}

/** What a manifest tells of the key: its fingerprint names it, and does not give it away. */
function keyWord(state: KeyState): string {
  return state.kind === 'key' ? state.key.fingerprint : state.kind;
}

/** Two daemons under one id would both answer, and a command would reach both. */
async function refuseTwin(session: Session, machineId: string, say: (message: string) => void): Promise<void> {
  try {
    await session.connected({ timeoutMs: IDENTITY_CHECK_MS });
    for await (const reply of session.get(daemonKey(machineId, 'manifest'), { timeoutMs: IDENTITY_CHECK_MS })) {
      if (!reply.ok) continue;
      const manifest = decodeDaemonManifest(reply.sample.payload);
      const who = manifest.ok
        ? `version ${plainText(manifest.value.version)}, up ${manifest.value.uptimeSecs} s`
        : 'unreadable';
      throw new UserError(`Another daemon answers as machine ${machineId} on ${session.endpoint} (${who}).`, {
        hint: 'Stop it, or give this machine an id of its own: --machine-id or BUBBALOOP_MACHINE_ID.',
      });
    }
  } catch (error) {
    if (!(error instanceof SessionError) || error.code === 'closed' || error.code === 'invalid-argument') throw error;
    say(`No router at ${session.endpoint} yet: nodes are supervised, the session comes when the router does.`);
  }
}

async function openLocalControl(
  home: Home,
  say: (message: string) => void,
  cleanUps: (() => Promise<void> | void)[],
  answer: (request: Uint8Array) => Promise<Uint8Array>,
): Promise<void> {
  try {
    cleanUps.push(await openControlSocket(home.socketFile, answer));
  } catch (error) {
    // Only `bubbaloop node` without a router needs it.
    say(`No local control socket: ${messageOf(error)}.`);
  }
}

function sayLinkChanges(session: Session, say: (message: string) => void): () => void {
  let isLost = session.link.state !== 'connected';
  return session.onLink((link) => {
    if (link.state === 'connected' && isLost) say(`Connected to ${session.endpoint}.`);
    if (link.state === 'lost' && !isLost) say(`Lost ${session.endpoint}: ${plainText(link.reason)}. Trying again.`);
    if (link.state === 'connected') isLost = false;
    if (link.state === 'lost') isLost = true;
  });
}

/** Waits for `work`, but not longer than `limitMs`; what fails while everything ends is of no use to anyone. */
async function within(work: Promise<void>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([work.catch(() => undefined), limit]);
  clearTimeout(timer);
}

/** Addresses of this machine that others may reach, IPv4 first. */
function ownAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all
    .filter(({ internal, family, scopeid }) => !internal && (family === 'IPv4' || scopeid === 0))
    .sort((left, right) => left.family.localeCompare(right.family))
    .map(({ address }) => address);
}

function cached<T>(read: () => T, keepMs: number): () => T {
  let last: { readonly value: T; readonly atMs: number } | undefined;
  return () => {
    const nowMs = performance.now();
    if (last === undefined || nowMs - last.atMs > keepMs) last = { value: read(), atMs: nowMs };
    return last.value;
  };
}
