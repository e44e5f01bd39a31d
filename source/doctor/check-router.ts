/** The router that the endpoint leads to: its process, its port, and whether it still speaks zenoh. */
import { processName } from '../daemon/proc.ts';
import { type Check, gravest, type Result, skipped, well } from './check.ts';
import type { Facts } from './facts.ts';
import { at } from './local-router.ts';
import { type Address, addressOf, hostPort, tryHttp } from './reach.ts';
import { socketHolders } from './sockets.ts';

const START = 'bubbaloop router    (or, as a service: systemctl --user start bubbaloop-router)';
const HTTP_LIMIT_MS = 2_000;

export const routerProcess: Check = {
  id: 'router-process',
  area: 'router',
  title: 'router process',
  run(facts) {
    const { address } = facts;
    if (address === undefined || !facts.isRouterLocal) {
      return skipped('looked at the endpoint', `${facts.endpoint} is on another machine, or no port.`);
    }
    const tried = `looked for who listens on port ${address.port} of this machine`;
    const holder = facts.portHolder();
    if (holder === undefined) return withoutHolder(facts, address, tried);
    const who = `${holder.name} (process ${holder.pid})`;
    if (!holder.isRouter) {
      return {
        outcome: 'problem',
        tried,
        seen: `Port ${address.port} is held by ${who}, which is no router.`,
        means: 'No router can listen there.',
        remedy: `End that program, or give the router another port: bubbaloop router --listen tcp/127.0.0.1:PORT`,
      };
    }
    if (holder.state === 'T' || holder.state === 't') {
      return {
        outcome: 'problem',
        tried,
        seen: `${who} is stopped by a signal.`,
        means: 'The kernel still accepts connections for it, but nothing is answered.',
        remedy: `kill -CONT ${holder.pid}`,
        isFixable: true,
      };
    }
    return well(tried, `${who} listens on port ${address.port}.`);
  },
  fix(facts) {
    const holder = facts.portHolder();
    if (holder === undefined) throw new Error('the router is gone');
    process.kill(holder.pid, 'SIGCONT');
    return `Process ${holder.pid} was told to go on (SIGCONT).`;
  },
};

function withoutHolder(facts: Facts, address: Address, tried: string): Result {
  const isListening = facts.sockets().some((s) => s.state === 'listening' && s.localPort === address.port);
  if (isListening) {
    return well(tried, `Port ${address.port} is held by a process that this user may not see.`);
  }
  const others = facts.localRouters();
  if (others.length === 0) {
    return {
      outcome: 'problem',
      tried,
      seen: 'Nobody listens there, and no router runs on this machine.',
      means: 'No program of this machine can talk to another.',
      remedy: START,
    };
  }
  return {
    outcome: 'problem',
    tried,
    seen: `Nobody listens there. Routers of this machine on other ports: ${others.map(({ pid }) => `process ${pid}`).join(', ')}.`,
    means: 'The endpoint names another port than the router listens on.',
    remedy: `Set BUBBALOOP_ZENOH_ENDPOINT or --endpoint to the router's port (ss -ltnp), or start one there: ${START}`,
  };
}

export const routerPort: Check = {
  id: 'router-port',
  area: 'router',
  title: 'router port',
  async run(facts) {
    const reached = await facts.reached();
    const { address } = facts;
    if (reached === undefined || address === undefined) {
      return skipped('looked at the endpoint', `${facts.endpoint} is no TCP port.`);
    }
    const tried = `connected to ${hostPort(address)}`;
    if (reached.kind === 'open') return well(tried, 'It accepts connections.');
    const seen = `${hostPort(address)}: ${reached.reason}.`;
    if (reached.kind === 'refused') {
      const remedy = facts.isRouterLocal ? START : `On ${address.host}: ${START}`;
      return { outcome: 'problem', tried, seen, means: 'The machine is there, and no router listens.', remedy };
    }
    if (reached.kind === 'unknown') {
      return {
        outcome: 'problem',
        tried,
        seen,
        means: `The name ${address.host} is not known to this machine.`,
        remedy: `Mend the name: getent hosts ${address.host}; or name an address with --endpoint`,
      };
    }
    return {
      outcome: 'problem',
      tried,
      seen,
      means: 'The machine is off, the network or VPN is down, or a firewall drops what is sent there.',
      remedy: `ping ${address.host}; then on that machine let port ${address.port} in`,
    };
  },
};

export const routerHandshake: Check = {
  id: 'router-handshake',
  area: 'router',
  title: 'fresh handshake',
  async run(facts) {
    const tried = `opened a new zenoh session to ${facts.endpoint}`;
    const [connection, reached] = await Promise.all([facts.connection(), facts.reached()]);
    if (connection.ok) return well(tried, `It stood after ${connection.tookMs} ms.`);
    if (connection.isUnable === true) {
      return {
        outcome: 'problem',
        tried,
        seen: connection.reason,
        means: 'This installation cannot open it; the router may be well.',
        remedy: 'npm run build:native',
      };
    }
    if (reached !== undefined && reached.kind !== 'open') return skipped(tried, `The port is not open.`);
    const old = oldSessions(facts);
    return {
      outcome: 'problem',
      tried,
      seen:
        `The port accepts connections, but no session comes of it: ${connection.reason}. ` +
        `Connections from before: ${old.length === 0 ? 'none' : old.join(', ')}.`,
      means:
        old.length === 0
          ? 'What listens there does not speak zenoh, hangs, or does not let this machine in.'
          : 'The router hangs: programs that were connected before may look well, and nobody new gets in.',
      remedy: facts.portHolder()?.isRouter
        ? `kill -CONT ${facts.portHolder()?.pid} if it is stopped; else kill -9 ${facts.portHolder()?.pid} and ${START}`
        : 'Restart the router there; with TLS, look at both sides’ certificates',
    };
  },
};

/** Programs of this machine that hold a connection to the endpoint's port, doctor itself apart. */
function oldSessions(facts: Facts): string[] {
  const inodes = facts
    .sockets()
    .filter(({ state, remotePort }) => state === 'established' && remotePort === facts.address?.port)
    .map(({ inode }) => inode);
  const pids = new Set(socketHolders(new Set(inodes)).values());
  pids.delete(process.pid);
  return [...pids].map((pid) => `${processName(pid)} (process ${pid})`);
}

export const adminSpace: Check = {
  id: 'router-admin',
  area: 'router',
  title: 'admin space',
  async run(facts) {
    const tried = 'asked @/*/router';
    const [connection, replies, own] = await Promise.all([
      facts.connection(),
      facts.routerReplies(),
      facts.ownRouter(),
    ]);
    if (!connection.ok) return skipped(tried, 'There is no session to ask by.');
    const bad = replies.flatMap((reply) => (reply.ok ? [] : [`${reply.keyExpr || 'a router'}: ${reply.reason}`]));
    if (own === undefined) {
      const others = replies.length === 0 ? 'Nobody answered.' : 'Other routers answered, this one did not.';
      return {
        outcome: 'problem',
        tried,
        seen: [others, ...bad].join(' '),
        means: '`top` cannot show this router, its sessions, or who publishes what.',
        remedy: 'Start it with: bubbaloop router --cfg adminspace/enabled:true',
      };
    }
    if (bad.length > 0) {
      return { outcome: 'warning', tried, seen: `Not all answers can be read: ${bad.join('; ')}.` };
    }
    return well(tried, `Routers that answered: ${replies.length}.`);
  },
};

export const routerWebSocket: Check = {
  id: 'router-websocket',
  area: 'router',
  title: 'WebSocket',
  run: (facts) => checkServer(facts, 'websocket'),
};

export const routerRest: Check = {
  id: 'router-rest',
  area: 'router',
  title: 'REST',
  run: (facts) => checkServer(facts, 'http'),
};

async function checkServer(facts: Facts, kind: 'websocket' | 'http'): Promise<Result> {
  if (/^wss?:/.test(facts.endpoint) && kind === 'websocket') {
    return skipped('looked at the endpoint', 'It is the WebSocket itself.');
  }
  const config = await facts.routerConfig();
  if (config === undefined) {
    return skipped('read the configuration of the router', 'It is not on this machine, or cannot be read.');
  }
  const key = kind === 'websocket' ? 'plugins/remote_api/websocket_port' : 'plugins/rest/http_port';
  const value = at(config, ...key.split('/'));
  if (value === undefined || value === null) return skipped(`read ${key}`, 'The router has none.');
  const text = /^\d+$/.test(String(value)) ? `0.0.0.0:${value}` : String(value);
  const address = addressOf(`tcp/${text}`);
  if (address === undefined) return skipped(`read ${key}`, `${text} is no address.`);
  const host = address.host === '0.0.0.0' || address.host === '::' ? '127.0.0.1' : address.host;
  const tried = `${kind === 'websocket' ? 'opened a WebSocket' : 'asked'} at ${hostPort({ host, port: address.port })}`;
  const reason = await tryHttp(host, address.port, kind, HTTP_LIMIT_MS);
  const isOpen = address.host === '0.0.0.0' || address.host === '::';
  const name = kind === 'websocket' ? 'WebSocket' : 'REST interface';
  return gravest(
    tried,
    [
      ...(reason === undefined
        ? []
        : [
            {
              outcome: 'problem' as const,
              seen: `${text} (${key}): ${reason}.`,
              means:
                kind === 'websocket'
                  ? 'Browsers and `top --endpoint ws://…` cannot connect.'
                  : 'Scripts that use it fail.',
              remedy: `Start the router again, with RUST_LOG=info to see why: ${START}`,
            },
          ]),
      ...(isOpen
        ? [
            {
              outcome: 'warning' as const,
              seen: `${text} is open to everyone who reaches this machine.`,
              means: `The ${name} asks nobody for a password.`,
              remedy: `bubbaloop router --${kind === 'websocket' ? 'websocket' : 'rest'} 127.0.0.1:${address.port}`,
            },
          ]
        : []),
    ],
    `It answers on ${text}.`,
  );
}
