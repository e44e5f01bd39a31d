import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { EXIT_OK, UserError, usageError } from '../errors.ts';
import type { NodeRuntime } from '../nodes/node-runtime.ts';
import type { AnyNodeDefinition } from '../nodes/sdk/define.ts';
import { machineId, nodeNameProblem } from '../wire/names.ts';
import { plainText } from '../wire/plain-text.ts';
import { resolveEndpoint } from '../zenoh/endpoint.ts';
import { type Session, SessionError } from '../zenoh/session.ts';
import { type Invocation, stringFlag } from './command.ts';
import { openCommandSession } from './command-session.ts';

/** What a node of ours is started with. */
interface RunOptions {
  readonly session: Session;
  readonly machineId: string;
  readonly name: string;
  /** Content of its configuration file, empty without one. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** The nodes that come with this program. */
const NODES: Readonly<Record<string, (options: RunOptions) => Promise<NodeRuntime>>> = {
  async 'test-camera'({ config, ...options }) {
    const { startTestCamera } = await import('../nodes/test-camera.ts');
    return startTestCamera({
      ...options,
      width: positive(config, 'width', 64, 4_096),
      height: positive(config, 'height', 64, 4_096),
      rateHz: positive(config, 'rate_hz', 0.1, 120),
    });
  },
  async 'rtsp-camera'({ config, ...options }) {
    const [{ startRtspCamera }, { readRtspCameraConfig }] = await Promise.all([
      import('../nodes/rtsp-camera.ts'),
      import('../nodes/rtsp-camera-config.ts'),
    ]);
    const say = (message: string): void => {
      process.stderr.write(`${options.name}: ${message}\n`);
    };
    return startRtspCamera({ ...options, config: readRtspCameraConfig(config), say });
  },
  async heartbeat({ config: _config, ...options }) {
    return (await import('../nodes/heartbeat.ts')).startHeartbeat(options);
  },
};

/** Those of them that are written with the SDK. */
const DEFINITIONS: Readonly<Record<string, () => Promise<AnyNodeDefinition>>> = {
  openmeteo: async () => (await import('../nodes/openmeteo/node.ts')).openmeteo,
  'system-telemetry': async () => (await import('../nodes/system-telemetry.ts')).systemTelemetry,
};

/** `bubbaloop node run NODE|PATH`: a node of ours or of the user's, in the foreground, until a signal. */
export async function runNode(kind: string, invocation: Invocation): Promise<number> {
  if (isNodePath(kind) || Object.hasOwn(DEFINITIONS, kind)) return runDefined(kind, invocation);
  const start = Object.hasOwn(NODES, kind) ? NODES[kind] : undefined;
  if (start === undefined) {
    throw usageError(
      `There is no built-in node ${JSON.stringify(kind)}.`,
      `There are: ${[...Object.keys(NODES), ...Object.keys(DEFINITIONS)].join(', ')}. A node of yours is named by its path.`,
    );
  }
  const name = stringFlag(invocation, 'name') ?? process.env.BUBBALOOP_NODE_NAME ?? kind;
  const problem = nodeNameProblem(name);
  if (problem !== undefined) throw usageError(`--name ${JSON.stringify(name)}: ${problem}.`);
  process.title = `bubbaloop ${name}`;
  const config = await readConfig(stringFlag(invocation, 'config') ?? process.env.BUBBALOOP_NODE_CONFIG);
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
  const endpoint = resolveEndpoint(stringFlag(invocation, 'endpoint'));
  const session = await openCommandSession(endpoint);
  const stopLink = session.onLink((link) => {
    if (link.state === 'connected') process.stderr.write(`${name}: connected to ${endpoint}\n`);
    if (link.state === 'lost' && link.attempt === 1)
      process.stderr.write(`${name}: lost ${endpoint}: ${plainText(link.reason)}\n`);
  });
  const node = await start({ session, machineId: machineId(process.env, hostname()), name, config }).catch(
    async (error: Error) => {
      await session.close();
      if (error instanceof SessionError) throw new UserError(`${kind} cannot run on ${endpoint}: ${error.message}.`);
      throw error;
    },
  );
  process.stderr.write(`${name}: started\n`);
  await stopped;
  stopLink();
  await node.close();
  return EXIT_OK;
}

async function runDefined(kind: string, invocation: Invocation): Promise<number> {
  const loaded = isNodePath(kind) ? await (await import('./node-module.ts')).loadNode(kind) : undefined;
  const definition = loaded?.definition ?? (await DEFINITIONS[kind]?.());
  if (definition === undefined) throw new Error(`no node ${kind}`);
  const { runUntilSignal } = await import('../nodes/sdk/run-node.ts');
  const options = {
    name: stringFlag(invocation, 'name') ?? (process.env.BUBBALOOP_NODE_NAME || loaded?.name),
    configFile: stringFlag(invocation, 'config') ?? (process.env.BUBBALOOP_NODE_CONFIG || loaded?.configFile),
    endpoint: stringFlag(invocation, 'endpoint'),
  };
  try {
    return await runUntilSignal(definition, options);
  } catch (error) {
    if (error instanceof UserError) throw error;
    // A fault of the node's own code: its stack names the place.
    throw new UserError(`${options.name ?? definition.kind} failed: ${error instanceof Error ? error.stack : error}`);
  }
}

/** Whether the operand is a path: the nodes that come with bubbaloop have neither dot nor slash in their names. */
function isNodePath(operand: string): boolean {
  return /[./]/.test(operand);
}

async function readConfig(file: string | undefined): Promise<Readonly<Record<string, unknown>>> {
  if (file === undefined || file === '') return {};
  const { parse } = await import('yaml');
  try {
    const value: unknown = parse(readFileSync(file, 'utf8'), { maxAliasCount: 20 });
    if (value === null || value === undefined) return {};
    if (typeof value === 'object' && !Array.isArray(value)) return { ...value };
    throw new Error('it is not a map');
  } catch (error) {
    // Its first line: the others quote the file, which may hold a password.
    const reason = (error instanceof Error ? error.message : String(error)).split('\n')[0]?.replace(/:$/, '');
    throw new UserError(`The configuration ${file} cannot be used: ${reason}.`, {
      cause: error,
    });
  }
}

/** A number of the configuration, undefined where absent. */
function positive(
  config: Readonly<Record<string, unknown>>,
  key: string,
  min: number,
  max: number,
): number | undefined {
  const value = config[key];
  if (value === undefined) return undefined;
  if (typeof value === 'number' && value >= min && value <= max) return value;
  throw new UserError(`${key} in the configuration is ${JSON.stringify(value)}; it is a number from ${min} to ${max}.`);
}
