/** Who is there, found by multicast: routers and peers that have scouting on, in the same network. */
import { nativeAddon, nativeUnavailableReason } from './native-addon.ts';
import { nativeError } from './native-records.ts';
import { SessionError, type WhatAmI } from './session.ts';

/** One who answered. All text in it is untrusted. */
export interface Hello {
  readonly zid: string;
  readonly whatAmI: WhatAmI;
  /** Where it listens. */
  readonly locators: readonly string[];
}

export interface ScoutOptions {
  readonly wanted: readonly WhatAmI[];
  readonly timeoutMs: number;
  /** Multicast address and port; default zenoh's own, `224.0.0.224:7446`. */
  readonly address?: string;
  /** Name of a network interface; default: zenoh chooses. */
  readonly networkInterface?: string;
}

/** How long one question is listened to. Zenoh asks again and again meanwhile, in growing intervals. */
const ROUND_MS = 1_000;

/**
 * Yields everybody once, about as they answer, until the time is over. Needs the native addon: throws `unsupported`
 * without it, `failed` or `invalid-argument` with zenoh's message.
 */
export async function* scout(options: ScoutOptions): AsyncGenerator<Hello, void, void> {
  const reason = nativeUnavailableReason();
  if (reason !== undefined) throw new SessionError('unsupported', `scouting needs the native addon: ${reason}`);
  const seen = new Set<string>();
  const endMs = performance.now() + options.timeoutMs;
  for (let leftMs = options.timeoutMs; leftMs > 0; leftMs = endMs - performance.now()) {
    const roundMs = Math.max(1, Math.ceil(Math.min(ROUND_MS, leftMs)));
    const answers = await nativeAddon()
      .scout(configOf(options), options.wanted, roundMs)
      .catch((error: unknown) => {
        throw nativeError(error);
      });
    for (const { zid, whatami, locators } of answers) {
      if (seen.has(zid)) continue;
      seen.add(zid);
      yield { zid, whatAmI: whatAmIOf(whatami), locators };
    }
  }
}

function configOf({ address, networkInterface }: ScoutOptions): string {
  const multicast = {
    enabled: true,
    ...(address === undefined ? {} : { address }),
    ...(networkInterface === undefined ? {} : { interface: networkInterface }),
  };
  return JSON.stringify({ scouting: { multicast } });
}

function whatAmIOf(text: string): WhatAmI {
  return text === 'router' || text === 'peer' ? text : 'client';
}
