import { hostname } from 'node:os';
import { EXIT_OK, UserError, usageError } from '../../errors.ts';
import { machineId, nodeNameProblem } from '../../wire/names.ts';
import { plainText } from '../../wire/plain-text.ts';
import { resolveEndpoint } from '../../zenoh/endpoint.ts';
import { openSession } from '../../zenoh/open-session.ts';
import { SessionError } from '../../zenoh/session.ts';
import { checkNode } from './check.ts';
import type { AnyNodeDefinition } from './define.ts';
import { startDefinedNode } from './start-defined.ts';

/** Each is what the daemon's environment says where it is left out. */
export interface RunOptions {
  /** Default `BUBBALOOP_NODE_NAME`, then the definition's kind. */
  readonly name?: string | undefined;
  /** Default `BUBBALOOP_NODE_CONFIG`, then none. */
  readonly configFile?: string | undefined;
  /** Default `BUBBALOOP_ZENOH_ENDPOINT`, then tcp/127.0.0.1:7447. */
  readonly endpoint?: string | undefined;
}

/**
 * Runs a node in this process until SIGTERM, SIGINT or SIGHUP; resolves with the exit code when all is taken back. Throws
 * a UserError before anything starts where configuration, topics, name or endpoint are not sound. No router need be there.
 */
export async function runUntilSignal(definition: AnyNodeDefinition, options: RunOptions = {}): Promise<number> {
  const { env } = process;
  const name = options.name ?? (env.BUBBALOOP_NODE_NAME || definition.kind);
  const problem = nodeNameProblem(name);
  if (problem !== undefined) throw usageError(`The name ${JSON.stringify(plainText(name))}: ${problem}.`);
  process.title = `bubbaloop ${name}`;
  const checked = checkNode(definition, options.configFile ?? env.BUBBALOOP_NODE_CONFIG);
  const endpoint = resolveEndpoint(options.endpoint);
  const stopped = signalled();
  const say = (message: string): void => void process.stderr.write(`${name}: ${message}\n`);
  let session: ReturnType<typeof openSession>;
  try {
    session = openSession(endpoint);
  } catch (error) {
    if (!(error instanceof SessionError)) throw error;
    throw new UserError(`${name} cannot run on ${endpoint}: ${error.message}`, { cause: error });
  }
  let isLost = false;
  const stopLink = session.onLink((link) => {
    if (link.state === 'connected') say(`connected to ${endpoint}`);
    // Each attempt is a change, too; one line is enough.
    if (link.state === 'lost' && !isLost) say(`no link to ${endpoint}: ${plainText(link.reason)}`);
    isLost = link.state === 'lost';
  });
  try {
    const node = await startDefinedNode(definition, {
      session,
      machineId: machineId(env, hostname()),
      name,
      checked,
      say,
    });
    say('started');
    try {
      await Promise.race([stopped, node.failed]);
    } finally {
      stopLink();
      await node.close();
    }
    return EXIT_OK;
  } catch (error) {
    await session.close();
    if (!(error instanceof SessionError)) throw error;
    throw new UserError(`${name} cannot run on ${endpoint}: ${error.message}.`, { cause: error });
  }
}

/**
 * For the end of a node's own main file: `if (import.meta.main) await runNode(node)`. Runs it until a signal, then ends
 * the process.
 */
export async function runNode(definition: AnyNodeDefinition, options: RunOptions = {}): Promise<never> {
  try {
    process.exit(await runUntilSignal(definition, options));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    process.stderr.write(`${error.message}\n${error.hint === undefined ? '' : `${error.hint}\n`}`);
    process.exit(error.exitCode);
  }
}

function signalled(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
}
