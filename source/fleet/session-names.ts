/**
 * Names behind zenoh ids. Who answers a question says from which session: daemons are asked anyway, nodes for their
 * manifests now and then.
 *
 * Not from the tokens in the routers' admin space: a router holds its routing tables locked while it answers
 * `@/{zid}/router/token/**` (and subscriber, publisher, queryable, querier, linkstate), and locks them again for each reply.
 * A declaration that comes in between stops the whole router for good (zenoh 1.10, eclipse-zenoh/zenoh#2619; `bubbaloop router`
 * is patched).
 */
import { nodeManifestKey, parseKey } from '../wire/keys.ts';
import type { Session } from '../zenoh/session.ts';

/** A session of many nodes is named by the first of them. */
const MAX_NAMES_SHOWN = 3;
/** Of one session remembered; and sessions in all: whoever makes up names is not remembered without end. */
const MAX_NAMES = 16;
const MAX_SESSIONS = 20_000;

export class SessionNames {
  readonly #names = new Map<string, Set<string>>();
  #hasNews = false;

  learn(zid: string, name: string): void {
    let names = this.#names.get(zid);
    if (names === undefined) {
      if (this.#names.size >= MAX_SESSIONS) return;
      names = new Set();
      this.#names.set(zid, names);
    }
    if (names.has(name) || names.size >= MAX_NAMES) return;
    names.add(name);
    this.#hasNews = true;
  }

  /** Learns which node answers from which session. Throws as `session.get` does. */
  async ask(session: Session, limits: { readonly timeoutMs: number; readonly signal: AbortSignal }): Promise<void> {
    const replies = session.get(nodeManifestKey('*', '*'), { target: 'all', consolidation: 'none', ...limits });
    for await (const reply of replies) {
      if (!reply.ok || reply.replierZid === undefined) continue;
      const key = parseKey(reply.sample.keyExpr);
      if (key.kind === 'node-manifest') this.learn(reply.replierZid, `${key.machine}/${key.node}`);
    }
  }

  /** Forgets sessions that no router reports any more. */
  keepOnly(zids: ReadonlySet<string>): void {
    for (const zid of this.#names.keys()) if (!zids.has(zid)) this.#names.delete(zid);
  }

  /** All names, where any came since the last call. */
  news(): ReadonlyMap<string, string> | undefined {
    if (!this.#hasNews) return undefined;
    this.#hasNews = false;
    return new Map([...this.#names].map(([zid, names]) => [zid, inWords(names)]));
  }
}

function inWords(names: ReadonlySet<string>): string {
  const sorted = [...names].sort();
  const shown = sorted.slice(0, MAX_NAMES_SHOWN).join(' ');
  return sorted.length > MAX_NAMES_SHOWN ? `${shown} …` : shown;
}
