/** What a screen that stays open all day need not hold. */
import { isNativeAvailable, nativeAddon } from '../zenoh/native-addon.ts';

/** By then the start is over: two thirds of Node's and zenoh's code are mapped for it alone. */
const FIRST_MS = 15_000;
const AGAIN_MS = 600_000;

/** Lets go of mapped program files now and then: what is in use is mapped again at once. Returns the function that ends it. */
export function keepProgramSmall(): () => void {
  if (!isNativeAvailable()) return () => undefined;
  const release = (): void => {
    try {
      nativeAddon().releaseFilePages();
    } catch {
      // No /proc, or no descriptor left: nothing is given back this time.
    }
  };
  const first = setTimeout(release, FIRST_MS).unref();
  const again = setInterval(release, AGAIN_MS).unref();
  return () => {
    clearTimeout(first);
    clearInterval(again);
  };
}
