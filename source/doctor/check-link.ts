/** The way to other machines: links to the routers that this one is to connect to, firewalls, a VPN. */
import { execFile } from 'node:child_process';
import { detectTailscale } from '../setup/tailscale.ts';
import type { RouterInfo } from '../zenoh/admin.ts';
import { type Check, gravest, type Result, skipped, well } from './check.ts';
import { endpointsOf } from './local-router.ts';
import { addressOf, hostPort, type Reached, resolveHost, tryTcp } from './reach.ts';

const TCP_LIMIT_MS = 2_000;
const PROGRAM_LIMIT_MS = 2_000;

export const centralLink: Check = {
  id: 'link-central',
  area: 'link',
  title: 'links to other routers',
  async run(facts) {
    const config = await facts.routerConfig();
    if (config === undefined) {
      return skipped('read the configuration of the router', 'It is not on this machine, or cannot be read.');
    }
    const endpoints = endpointsOf(config, 'connect');
    if (endpoints.length === 0) {
      return skipped('read connect/endpoints', 'This router is not to connect to another one.');
    }
    const [own, routers] = await Promise.all([facts.ownRouter(), facts.routers()]);
    const tried = `looked for a link to ${endpoints.join(', ')}`;
    const findings = await Promise.all(endpoints.map((endpoint) => lookAtLink(endpoint, own)));
    const down = findings.filter((finding) => finding !== undefined);
    const peers = own?.sessions.filter(({ whatAmI }) => whatAmI === 'router') ?? [];
    const names = peers.map(({ peer }) => routers.find(({ zid }) => zid === peer)?.name ?? peer);
    return gravest(tried, down, `Linked: ${names.join(', ')}.`);
  },
};

async function lookAtLink(endpoint: string, own: RouterInfo | undefined): Promise<Omit<Result, 'tried'> | undefined> {
  const address = addressOf(endpoint);
  if (address === undefined) return undefined;
  const where = hostPort(address);
  const addresses = await resolveHost(address.host);
  if (addresses.length === 0) {
    return {
      outcome: 'problem',
      seen: `${endpoint}: the name ${address.host} does not resolve.`,
      means: 'The router cannot find the other one; other machines do not see this one.',
      remedy: `getent hosts ${address.host}; or name an address: bubbaloop router jetson --central ADDRESS`,
    };
  }
  const wanted = addresses.map((host) => hostPort({ host, port: address.port }));
  const isLinked = own?.sessions.some(({ links }) =>
    links.some(({ dst }) => wanted.some((text) => dst.replace(/[?#].*$/, '').endsWith(`/${text}`))),
  );
  if (isLinked === true) return undefined;
  const reached: Reached =
    address.protocol === 'tcp' || address.protocol === 'tls'
      ? await tryTcp(address.host, address.port, TCP_LIMIT_MS)
      : { kind: 'open' };
  const means = 'Other machines do not see this one until the link is back; this machine works on by itself.';
  if (reached.kind === 'refused') {
    return {
      outcome: 'problem',
      seen: `No link to ${endpoint}: ${where} refuses connections.`,
      means,
      remedy: `On ${address.host}: bubbaloop router central`,
    };
  }
  if (reached.kind !== 'open') {
    return {
      outcome: 'problem',
      seen: `No link to ${endpoint}: ${reached.reason}.`,
      means: `${means} That machine is off, the network or VPN is down, or a firewall drops what is sent there.`,
      remedy: `ping ${address.host}; on ${address.host} let TCP port ${address.port} in: sudo ufw allow ${address.port}/tcp`,
    };
  }
  return {
    outcome: 'problem',
    seen: `No link to ${endpoint}, though ${where} accepts connections.`,
    means: `${means} The router there hangs, does not let this one in (TLS, password), or this one tries again soon.`,
    remedy: `bubbaloop doctor --endpoint ${endpoint}`,
  };
}

export const firewall: Check = {
  id: 'link-firewall',
  area: 'link',
  title: 'firewall',
  async run(facts) {
    const config = await facts.routerConfig();
    const open = endpointsOf(config, 'listen').flatMap((endpoint) => {
      const address = addressOf(endpoint);
      return address === undefined || /^(127\.|::1$|localhost$)/.test(address.host) ? [] : [address];
    });
    if (open.length === 0) {
      return skipped('read listen/endpoints', 'The router here listens for no other machine, or is not here.');
    }
    const rules = await readRules(facts.env);
    if (rules === undefined) {
      return skipped('asked nft and iptables for their rules', 'They are missing, or this user may not ask them.');
    }
    const closed = open.filter(({ port }) => isShutOut(rules, port));
    const ports = closed.map(({ port }) => port).join(', ');
    if (closed.length === 0) return well('read the rules of the firewall', 'They keep nobody from the router.');
    return {
      outcome: 'hint',
      tried: 'read the rules of the firewall',
      seen: `It turns away what no rule lets in, and no rule names port ${ports}, on which the router listens.`,
      means: 'Other machines may not reach this router. A rule for a whole interface or address may still let them in.',
      remedy: `sudo ufw allow ${closed[0]?.port}/tcp, or the like of your firewall`,
    };
  },
};

/** Rules of nftables or, without it, iptables; undefined where neither tells. */
async function readRules(env: Readonly<Record<string, string | undefined>>): Promise<string | undefined> {
  for (const [program, ...words] of [
    ['nft', 'list', 'ruleset'],
    ['iptables', '-S'],
  ] as const) {
    const text = await output(program, words, env);
    if (text !== undefined) return text;
  }
  return undefined;
}

/** Whether rules, as nft or iptables print them, turn away what is not named, and do not name `port`. Pure. */
export function isShutOut(rules: string, port: number): boolean {
  const turnsAway =
    /hook input [^}]*?policy drop/.test(rules) ||
    /^-P INPUT (DROP|REJECT)$/m.test(rules) ||
    /^-A INPUT -j (DROP|REJECT)/m.test(rules);
  return turnsAway && !new RegExp(`dports? .*\\b${port}\\b`).test(rules);
}

function output(
  program: string,
  words: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  return new Promise((done) => {
    execFile(program, words, { timeout: PROGRAM_LIMIT_MS, env: { ...env } }, (error, stdout) =>
      done(error === null ? stdout : undefined),
    );
  });
}

export const tailscale: Check = {
  id: 'link-tailscale',
  area: 'link',
  title: 'Tailscale',
  async run() {
    const tried = 'asked tailscale and the network interfaces';
    const { address, backendState, complaints } = await detectTailscale();
    if (address === undefined && backendState === undefined) return skipped(tried, 'This machine has none.');
    if (backendState !== undefined && backendState !== 'Running') {
      const remedy = 'sudo tailscale up';
      return {
        outcome: 'warning',
        tried,
        seen: `It is ${backendState}.`,
        means: 'Machines that are reached through it are not reached now.',
        remedy,
      };
    }
    if (complaints.length > 0) {
      return { outcome: 'warning', tried, seen: complaints.join(' '), remedy: 'tailscale status' };
    }
    return well(tried, `${address ?? 'It has no address'}, ${backendState ?? 'state not told'}.`);
  },
};
