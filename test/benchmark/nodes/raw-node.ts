/** Raw frames of 1080p RGBA, 30 a second: pixels that come from elsewhere are copied into shared memory. */
import { defineNode } from 'bubbaloop/node';

const FRAME_BYTES = 1920 * 1080 * 4;

export const node = defineNode({
  kind: 'raw',
  outputs: { raw: { topic: 'raw', encoding: 'raw', maxBytes: FRAME_BYTES } },
  run({ outputs, every }) {
    const pixels = new Uint8Array(FRAME_BYTES).fill(127);
    every(1_000 / 30, () => {
      const buffer = outputs.raw.alloc(FRAME_BYTES);
      if (buffer === undefined) return;
      buffer.data.set(pixels);
      void outputs.raw.put(buffer);
    });
  },
});
