import { thumbnailKey, thumbnailWishKey } from '../wire/keys.ts';
import { plainText } from '../wire/plain-text.ts';
import { decodeGrant, formatWish, WISH_MS } from '../wire/thumbnail-wish.ts';
import { SessionError } from '../zenoh/session.ts';
import type { CameraSourceHandle, SourceContext } from './camera-source.ts';
import { openCompressedSource } from './compressed-source.ts';

/** Well within {@link WISH_MS}, so that one that is lost does no harm. */
const RENEW_MS = WISH_MS / 3;
/** Until the first answer: a daemon that has just been woken is not there yet. */
const RETRY_MS = 500;
const ANSWER_MS = 1_500;

/** JPEG thumbnails of the machine's daemon, in the size and rate that are wanted. */
export async function openThumbnailSource(context: SourceContext): Promise<CameraSourceHandle> {
  const { session, camera } = context;
  const ending = new AbortController();
  const pictures = await openCompressedSource(context, {
    keyExpr: thumbnailKey(camera.machine, camera.node),
    onFormat: () => undefined,
  });
  let timer: NodeJS.Timeout | undefined;
  /** True where the daemon answered. */
  const ask = async (): Promise<boolean> => {
    const { maxWidth: width, maxHeight: height, maxRateHz: rateHz } = context.wish();
    const selector = `${thumbnailWishKey(camera.machine, camera.node)}?${formatWish({ width, height, rateHz })}`;
    for await (const reply of session.get(selector, { timeoutMs: ANSWER_MS, signal: ending.signal })) {
      if (!reply.ok) continue;
      const grant = decodeGrant(reply.sample.payload);
      if (!grant.ok) continue;
      if (grant.value.problem !== undefined) context.onProblem(plainText(grant.value.problem));
      return true;
    }
    return false;
  };
  const renew = async (): Promise<void> => {
    clearTimeout(timer);
    const isAnswered = await ask().catch((error: unknown) => {
      if (error instanceof SessionError) return false;
      throw error;
    });
    clearTimeout(timer);
    if (!ending.signal.aborted) timer = setTimeout(() => void renew(), isAnswered ? RENEW_MS : RETRY_MS);
  };
  void renew();
  return {
    refresh: () => void renew(),
    async close() {
      ending.abort();
      clearTimeout(timer);
      await pictures.close();
    },
  };
}
