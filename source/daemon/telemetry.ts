import { TelemetrySampler } from '../telemetry/sampler.ts';
import { CBOR_ENCODING } from '../wire/cbor.ts';
import { encodeEnvelope } from '../wire/envelope.ts';
import { nodeTokenKey, TELEMETRY_NODE, telemetryKey } from '../wire/keys.ts';
import { telemetryToWire } from '../wire/telemetry.ts';
import { type Session, SessionError } from '../zenoh/session.ts';
import { messageOf } from './home.ts';

export interface TelemetryOptions {
  readonly session: Session;
  readonly machineId: string;
  /**
   * Whether a node of this machine publishes its telemetry already: two senders on one key would be mixed up. One whose
   * liveliness token stands is known without this, whoever started it.
   */
  readonly isPublishedByNode: () => boolean;
  readonly say: (message: string) => void;
  /** Default: this machine's. */
  readonly sampler?: TelemetrySampler;
  /** Default {@link TELEMETRY_MS}. */
  readonly intervalMs?: number;
}

export const TELEMETRY_MS = 2_000;

const SCHEMA_URI = 'bubbaloop://system-telemetry/metrics/v1';

/**
 * The machine's figures: published while somebody listens, and answered to who asks, as long as the node
 * `system-telemetry` does not. While nobody does either, nothing is read. Returns the function that takes it back.
 */
export async function openTelemetry(options: TelemetryOptions): Promise<() => Promise<void>> {
  const { session, machineId } = options;
  const sampler = options.sampler ?? new TelemetrySampler();
  const key = telemetryKey(machineId);
  let sequence = 0n;
  const message = async (): Promise<Uint8Array> => {
    const telemetry = await sampler.sample();
    sequence += 1n;
    const header = {
      schemaUri: SCHEMA_URI,
      sourceInstance: 'daemon',
      monotonicSeq: sequence,
      tsNs: BigInt(Date.now()) * 1_000_000n,
    };
    return encodeEnvelope(header, telemetryToWire(telemetry));
  };

  let isNodeThere = false;
  const tokens = await session.liveliness.declareSubscriber(
    nodeTokenKey(machineId, TELEMETRY_NODE),
    ({ alive }) => {
      isNodeThere = alive;
    },
    { history: true },
  );
  const isPublishedByNode = (): boolean => isNodeThere || options.isPublishedByNode();

  const queryable = await session.declareQueryable(key, async (query) => {
    if (!isPublishedByNode()) await query.reply(key, await message(), { encoding: CBOR_ENCODING });
  });
  const publisher = await session.declarePublisher(key, { encoding: CBOR_ENCODING });
  let timer: NodeJS.Timeout | undefined;
  const publish = async (): Promise<void> => {
    if (isPublishedByNode()) return;
    try {
      const bytes = await message();
      // A reading takes a moment, in which the node may have come.
      if (!isPublishedByNode()) await publisher.put(bytes);
    } catch (error) {
      // Where the link went just now: figures of this moment are of no use later.
      if (!(error instanceof SessionError)) options.say(`Telemetry could not be published: ${messageOf(error)}.`);
    }
  };
  const follow = (isWanted: boolean): void => {
    clearInterval(timer);
    timer = undefined;
    if (!isWanted) return;
    void publish();
    timer = setInterval(() => void publish(), options.intervalMs ?? TELEMETRY_MS);
  };
  const stopMatching = publisher.onMatching(follow);
  if (publisher.matching) follow(true);

  return async () => {
    stopMatching();
    clearInterval(timer);
    await publisher.undeclare();
    await queryable.undeclare();
    await tokens.undeclare();
  };
}
