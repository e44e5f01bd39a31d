/** zenoh-ts's objects as the seam has them. */
import type * as zenohTs from '@eclipse-zenoh/zenoh-ts';
import type { GetSettings } from './driver.ts';
import type { ZenohTs } from './remote-library.ts';
import type { Frame, Reply, Sample } from './session.ts';

export function sampleFrom(zenoh: ZenohTs, sample: zenohTs.Sample): Sample {
  const attachment = sample.attachment()?.toBytes();
  const timestamp = sample.timestamp();
  return {
    keyExpr: sample.keyexpr().toString(),
    kind: sample.kind() === zenoh.SampleKind.DELETE ? 'delete' : 'put',
    payload: sample.payload().toBytes(),
    encoding: sample.encoding().toString(),
    ...(attachment === undefined ? {} : { attachment }),
    ...(timestamp === undefined ? {} : { timestamp: `${timestamp.getNtp64()}/${timestamp.getId()}` }),
    shm: false,
  };
}

export function replyFrom(zenoh: ZenohTs, reply: zenohTs.Reply): Reply {
  const result = reply.result();
  if (result instanceof zenoh.Sample) return { ok: true, sample: sampleFrom(zenoh, result) };
  const message = result.payload().toString();
  // Zenoh's own text where a query's time is over.
  return { ok: false, message, timedOut: message === 'Timeout' };
}

export function targetOf(zenoh: ZenohTs, target: GetSettings['target']): zenohTs.QueryTarget {
  switch (target) {
    case 'best-matching':
      return zenoh.QueryTarget.BEST_MATCHING;
    case 'all':
      return zenoh.QueryTarget.ALL;
    case 'all-complete':
      return zenoh.QueryTarget.ALL_COMPLETE;
  }
}

export function consolidationOf(
  zenoh: ZenohTs,
  consolidation: GetSettings['consolidation'],
): zenohTs.ConsolidationMode {
  switch (consolidation) {
    case 'auto':
      return zenoh.ConsolidationMode.AUTO;
    case 'none':
      return zenoh.ConsolidationMode.NONE;
    case 'monotonic':
      return zenoh.ConsolidationMode.MONOTONIC;
    case 'latest':
      return zenoh.ConsolidationMode.LATEST;
  }
}

const NOTHING = new Uint8Array(0);

/** A frame that is a copy: it holds nothing of the sender's. */
export class CopiedFrame implements Frame {
  readonly keyExpr: string;
  readonly kind: Sample['kind'];
  readonly encoding: string;
  readonly attachment?: Uint8Array;
  readonly timestamp?: string;
  readonly shm = false;
  #payload: Uint8Array;

  constructor(sample: Sample) {
    this.keyExpr = sample.keyExpr;
    this.kind = sample.kind;
    this.encoding = sample.encoding;
    if (sample.attachment !== undefined) this.attachment = sample.attachment;
    if (sample.timestamp !== undefined) this.timestamp = sample.timestamp;
    this.#payload = sample.payload;
  }

  get payload(): Uint8Array {
    return this.#payload;
  }

  release(): void {
    this.#payload = NOTHING;
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
