import { defineNode, numberBetween, v } from 'bubbaloop/node';

/** Stands in for a sensor: read yours here. */
export function readSensor(): number {
  return 20 + 5 * Math.sin(Date.now() / 10_000);
}

export const node = defineNode({
  kind: '__NAME__',

  // What config.yaml may say. A field that is not here, or of another type, is refused before the node starts.
  config: {
    rate_hz: v.optional(numberBetween(0.1, 100), 1),
    offset: v.optional(v.number(), 0),
  },

  // Published on bubbaloop/global/MACHINE/__NAME__/reading.
  outputs: { reading: { topic: 'reading' } },

  run({ config, outputs, every, onCommand, say }) {
    let { offset } = config;
    onCommand('calibrate', { offset: v.number() }, (params) => {
      offset = params.offset;
      say(`the offset is ${offset} now`);
      return { offset };
    });
    every(1_000 / config.rate_hz, () => outputs.reading.put({ value: readSensor() + offset }));
  },
});
