import * as v from 'valibot';
import { numberBetween } from '../schema/rules.ts';
import { OWN_MACHINE } from '../telemetry/machine-files.ts';
import { TelemetrySampler } from '../telemetry/sampler.ts';
import { TELEMETRY_NODE } from '../wire/keys.ts';
import { telemetryToWire } from '../wire/telemetry.ts';
import { defineNode } from './sdk/define.ts';

/**
 * The machine's figures on `{node}/metrics`, whether anyone listens or not. While it runs under its usual name, the daemon
 * of the machine leaves them to it; under another name it has a key of its own.
 */
export const systemTelemetry = defineNode({
  kind: TELEMETRY_NODE,
  config: {
    period_s: v.optional(numberBetween(0.2, 3_600), 2),
    disk: v.optional(
      v.pipe(
        v.string(),
        v.check((path) => path.startsWith('/'), 'must be an absolute path'),
      ),
      '/',
    ),
  },
  outputs: ({ period_s }) => ({
    metrics: {
      topic: 'metrics',
      schemaUri: 'bubbaloop://system-telemetry/metrics/v1',
      periodMs: period_s * 1_000,
      keepLast: true,
    },
  }),
  run({ config, outputs, every }) {
    const sampler = new TelemetrySampler({ ...OWN_MACHINE, disk: config.disk });
    every(config.period_s * 1_000, async () => outputs.metrics.put(telemetryToWire(await sampler.sample())));
  },
});
