/** `bubbaloop status`: this machine in one screen, as data first. */

import { lookup } from 'node:dns/promises';
import { existsSync } from 'node:fs';
import { findHome, type Home, messageOf } from '../daemon/home.ts';
import { EXIT_FAILED, EXIT_OK, UserError } from '../errors.ts';
import { type RouterChoice, readRouterChoice } from '../setup/router-choice.ts';
import { certificateProblem, dayOf, readCertificates } from '../setup/router-safety.ts';
import { tlsFiles } from '../setup/tls-files.ts';
import { plainText } from '../wire/plain-text.ts';
import { getRouters, type RouterInfo } from '../zenoh/admin.ts';
import { resolveEndpoint } from '../zenoh/endpoint.ts';
import { booleanFlag, type Invocation, stringFlag } from './command.ts';
import { askLocalNodes, localMachine } from './node-local.ts';
import { centralEndpoint } from './router-config.ts';
import { overZenoh } from './zenoh-session.ts';

const DAEMON_LIMIT_MS = 2_000;
const ROUTERS_LIMIT_MS = 3_000;
/** From here on a certificate that runs out is spoken of. */
const SOON_MS = 30 * 24 * 3_600_000;

/** Shape of `status --json`; fields are only added. */
interface Status {
  readonly machine: string;
  readonly home: string;
  /** What `bubbaloop setup` wrote down; null where it has not. */
  readonly profile: string | null;
  readonly router: {
    readonly endpoint: string;
    readonly isUp: boolean;
    readonly version: string | null;
    readonly sessions: number;
  };
  /** Null where no central router is configured. */
  readonly central: { readonly endpoint: string; readonly isLinked: boolean; readonly name: string | null } | null;
  /** `isExpected`: whether this machine is one that should have one. */
  readonly daemon: { readonly isRunning: boolean; readonly isExpected: boolean };
  readonly nodes: readonly { readonly name: string; readonly status: string; readonly health: string }[];
  /** Until when this machine's certificate is valid, null where it has none. */
  readonly certificateUntil: string | null;
  /** What is wrong, a sentence each. */
  readonly problems: readonly string[];
}

export async function showStatus(invocation: Invocation): Promise<number> {
  const status = await readStatus(invocation);
  process.stdout.write(booleanFlag(invocation, 'json') ? `${JSON.stringify(status)}\n` : statusText(status));
  return status.problems.length === 0 ? EXIT_OK : EXIT_FAILED;
}

async function readStatus(invocation: Invocation): Promise<Status> {
  const home = findHome(stringFlag(invocation, 'home'), process.env);
  const problems: string[] = [];
  const choice = await readRouterChoice(home.folder);
  const [router, daemon] = await Promise.all([readRouter(invocation, problems), readDaemon(home, choice, problems)]);
  const central = choice?.central === undefined ? null : await readCentral(choice.central, router, problems);
  const certificateUntil = readCertificate(home.folder, problems);
  return {
    machine: localMachine(invocation).machineId,
    home: home.folder,
    profile: choice?.profile ?? null,
    router: {
      endpoint: resolveEndpoint(stringFlag(invocation, 'endpoint')),
      isUp: router.isUp,
      version: router.own?.version ?? null,
      sessions: router.own?.sessions.length ?? 0,
    },
    central,
    daemon: { isRunning: daemon.isRunning, isExpected: daemon.isExpected },
    nodes: daemon.nodes,
    certificateUntil,
    problems,
  };
}

interface RouterSeen {
  readonly isUp: boolean;
  readonly own: RouterInfo | undefined;
  readonly others: readonly RouterInfo[];
}

async function readRouter(invocation: Invocation, problems: string[]): Promise<RouterSeen> {
  try {
    return await overZenoh(invocation, async (session) => {
      const zid = session.link.state === 'connected' ? session.link.routerZid : undefined;
      const replies = await getRouters(session, { timeoutMs: ROUTERS_LIMIT_MS });
      const routers = replies.flatMap((reply) => (reply.ok ? [reply.router] : []));
      // Over a WebSocket the router’s id is not known: then it is the one of this machine’s name.
      const own =
        routers.find((router) => router.zid === zid) ??
        (routers.length === 1 ? routers[0] : routers.find(({ name }) => name === localMachine(invocation).machineId));
      if (own === undefined) problems.push('The router answers, but does not tell of itself: is its admin space off?');
      return { isUp: true, own, others: routers.filter((router) => router !== own) };
    });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    problems.push(`${error.message} Start it: bubbaloop router`);
    return { isUp: false, own: undefined, others: [] };
  }
}

async function readCentral(given: string, router: RouterSeen, problems: string[]): Promise<Status['central']> {
  const endpoint = centralEndpoint(given);
  const [, host = '', port = ''] = /^[a-z-]+\/(.*):(\d+)/.exec(endpoint) ?? [];
  const addresses = await lookup(host.replaceAll(/[[\]]/g, ''), { all: true }).catch((error: Error) => {
    problems.push(`The address of central, ${JSON.stringify(plainText(host))}, is not known: ${error.message}.`);
    return [];
  });
  const isCentral = (dst: string): boolean =>
    addresses.some(({ address }) => dst.endsWith(`/${address}:${port}`) || dst.endsWith(`/[${address}]:${port}`));
  const link = router.own?.sessions.find(
    ({ whatAmI, links }) => whatAmI === 'router' && links.some(({ dst }) => isCentral(dst.replace(/[?#].*$/, ''))),
  );
  if (router.isUp && link === undefined && addresses.length > 0) {
    problems.push(
      `The router has no link to central (${endpoint}); it tries again by itself. Is central's router running, and can ` +
        `this machine reach it? nc -vz ${host} ${port}`,
    );
  }
  const name = router.others.find(({ zid }) => zid === link?.peer)?.name;
  return { endpoint, isLinked: link !== undefined, name: name ?? null };
}

async function readDaemon(
  home: Home,
  choice: RouterChoice | undefined,
  problems: string[],
): Promise<Status['daemon'] & Pick<Status, 'nodes'>> {
  const isExpected = choice === undefined ? existsSync(home.registryFile) : choice.profile === 'jetson';
  let list: Awaited<ReturnType<typeof askLocalNodes>>;
  try {
    list = await askLocalNodes(home, DAEMON_LIMIT_MS);
  } catch (error) {
    problems.push(`The daemon does not answer: ${plainText(messageOf(error))}`);
    return { isRunning: true, isExpected, nodes: [] };
  }
  if (list === undefined) {
    if (isExpected) problems.push('No daemon runs. Start it: bubbaloop daemon');
    return { isRunning: false, isExpected, nodes: [] };
  }
  for (const { name, status, health, lastExit } of list.nodes) {
    const why = lastExit === undefined || lastExit === '' ? '' : ` (${lastExit})`;
    if (status === 'failed') problems.push(plainText(`Node ${name} has failed${why}: bubbaloop node logs ${name}`));
    else if (status === 'running' && health === 'unhealthy')
      problems.push(plainText(`Node ${name} runs, but its heartbeat is missing: bubbaloop node logs ${name}`));
  }
  const nodes = list.nodes.map(({ name, status, health }) => ({ name: plainText(name), status, health }));
  return { isRunning: true, isExpected, nodes };
}

function readCertificate(home: string, problems: string[]): string | null {
  const file = tlsFiles(home).certificate;
  if (!existsSync(file)) return null;
  try {
    const [certificate] = readCertificates(file);
    if (certificate === undefined) return null;
    const problem = certificateProblem(certificate, Date.now());
    if (problem !== undefined) problems.push(`${file}: ${problem}.`);
    else if (certificate.validToDate.getTime() - Date.now() < SOON_MS)
      problems.push(`${file}: the certificate is valid until ${dayOf(certificate.validToDate)} only. ${RENEW}`);
    return certificate.validToDate.toISOString();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    problems.push(error.message);
    return null;
  }
}

const RENEW = 'On central: bubbaloop setup tls --renew --machine ID';

function statusText(status: Status): string {
  const { router, central, daemon } = status;
  const lines = [`${status.machine} (${status.profile ?? 'not set up'}), home ${status.home}`, ''];
  const row = (what: string, isWell: boolean | undefined, text: string): void => {
    lines.push(`${isWell === undefined ? '-' : isWell ? '✓' : '✗'} ${what.padEnd(8)} ${plainText(text)}`);
  };
  row(
    'router',
    router.isUp,
    router.isUp ? `${router.endpoint}, zenoh ${router.version ?? '?'}, ${router.sessions} sessions` : router.endpoint,
  );
  if (central !== null) {
    const text = central.isLinked ? `linked to ${central.name ?? 'it'}` : 'no link';
    row('central', central.isLinked, `${central.endpoint}, ${text}`);
  }
  const daemonIsWell = daemon.isRunning || (daemon.isExpected ? false : undefined);
  row('daemon', daemonIsWell, daemon.isRunning ? 'running' : daemon.isExpected ? 'not running' : 'none here');
  if (daemon.isRunning) row('nodes', status.nodes.every(isWell), countText(status.nodes));
  for (const node of status.nodes) lines.push(`    ${node.name}  ${node.status}, ${node.health}`);
  if (status.certificateUntil !== null)
    row(
      'tls',
      Date.parse(status.certificateUntil) > Date.now(),
      `certificate until ${status.certificateUntil.slice(0, 10)}`,
    );
  lines.push('', ...(status.problems.length === 0 ? ['All is well.'] : status.problems), '');
  return lines.join('\n');
}

function isWell(node: Status['nodes'][number]): boolean {
  return node.status !== 'failed' && !(node.status === 'running' && node.health === 'unhealthy');
}

function countText(nodes: Status['nodes']): string {
  const counts = new Map<string, number>();
  for (const { status } of nodes) counts.set(status, (counts.get(status) ?? 0) + 1);
  return nodes.length === 0 ? 'none' : [...counts].map(([status, count]) => `${count} ${status}`).join(', ');
}
