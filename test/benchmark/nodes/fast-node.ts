/** 10,000 messages a second, each with a body of 100 bytes of CBOR. */
import { defineNode } from 'bubbaloop/node';

const RATE_HZ = 10_000;

export const node = defineNode({
  kind: 'fast',
  outputs: { pose: { topic: 'pose' } },
  run({ outputs, every }) {
    const startMs = performance.now();
    let sent = 0;
    every(1, () => {
      const wanted = Math.floor(((performance.now() - startMs) * RATE_HZ) / 1_000);
      for (; sent < wanted; sent += 1) {
        const angle = sent / 1_000;
        void outputs.pose.put({
          frame_id: 'map',
          position: [angle, angle + 0.25, angle + 0.5],
          orientation: [0.1, 0.2, 0.3, 0.9],
        });
      }
    });
  },
});
