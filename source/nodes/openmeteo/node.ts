import * as v from 'valibot';
import { numberBetween, topic } from '../../schema/rules.ts';
import { isMap } from '../../wire/fields.ts';
import { defineNode } from '../sdk/define.ts';
import { fetchWeather, type Location, type Section } from './client.ts';
import { type Clock, REAL_CLOCK, startPolling } from './polling.ts';

const periodSeconds = numberBetween(1, 86_400);
const httpUrl = v.pipe(
  v.string(),
  v.check((text) => /^https?:\/\//.test(text) && URL.canParse(text), 'must be an http:// or https:// address'),
);

const SERVICE = 'weather service';
const SECTIONS: readonly Section[] = ['current', 'hourly', 'daily'];

/**
 * Weather of one place. While the service does not answer the node stays up, tries again with growing pauses, and keeps
 * the last good value for who asks; it publishes nothing that is not new, so the manifest says that nothing flows.
 */
export function createOpenmeteo(clock: Clock = REAL_CLOCK, random?: () => number) {
  return defineNode({
    kind: 'openmeteo',
    config: {
      latitude: v.optional(numberBetween(-90, 90)),
      longitude: v.optional(numberBetween(-180, 180)),
      location_topic: v.optional(topic('machine')),
      /** `{topic}/current`, `/hourly`, `/daily`. */
      topic: v.optional(topic(), 'weather'),
      url: v.optional(httpUrl, 'https://api.open-meteo.com'),
      api_key: v.optional(v.string()),
      timeout_s: v.optional(numberBetween(0.01, 300), 10),
      current_s: v.optional(periodSeconds, 30),
      hourly_s: v.optional(periodSeconds, 30 * 60),
      daily_s: v.optional(periodSeconds, 3 * 60 * 60),
    },
    secrets: ['api_key'],
    check({ latitude, longitude, location_topic }) {
      if ((latitude === undefined) !== (longitude === undefined)) return 'latitude and longitude: one wants the other';
      if (latitude === undefined && location_topic === undefined)
        return 'latitude and longitude, or location_topic: one of them must be there';
      return undefined;
    },
    outputs: (config) => ({
      current: output(config.topic, 'current', config.current_s),
      hourly: output(config.topic, 'hourly', config.hourly_s),
      daily: output(config.topic, 'daily', config.daily_s),
    }),
    inputs: ({ location_topic }): { readonly [name: string]: { readonly topic: string } } =>
      location_topic === undefined ? {} : { location: { topic: location_topic } },
    run({ config, inputs, outputs, signal, say, trouble }) {
      const { latitude, longitude } = config;
      let here: Location | undefined =
        latitude === undefined || longitude === undefined ? undefined : { latitude, longitude };
      const options = { url: config.url, apiKey: config.api_key, timeoutMs: config.timeout_s * 1_000 };
      const failing = new Set<Section>();
      const ask = async (section: Section, location: Location): Promise<void> => {
        try {
          const body = await fetchWeather(section, location, options, signal);
          failing.delete(section);
          if (failing.size === 0) trouble(SERVICE);
          await outputs[section].put(body);
        } catch (error) {
          if (signal.aborted) return;
          failing.add(section);
          trouble(SERVICE, error instanceof Error ? error.message : String(error));
          throw error;
        }
      };
      const pollings = SECTIONS.map((section) =>
        startPolling({
          periodMs: config[`${section}_s`] * 1_000,
          moveMs: config.current_s * 1_000,
          clock,
          random,
          signal,
          location: () => here,
          ask: (location) => ask(section, location),
        }),
      );
      inputs.location?.on(({ body }) => {
        const location = readLocation(body);
        if (here === undefined) say(`the location is ${location.latitude}, ${location.longitude}`);
        here = location;
        for (const polling of pollings) polling.look();
      });
      return () => Promise.all(pollings.map(({ ended }) => ended));
    },
  });
}

export const openmeteo = createOpenmeteo();

function output(prefix: string, section: Section, periodSeconds: number) {
  return {
    topic: `${prefix}/${section}`,
    under: 'machine',
    schemaUri: `bubbaloop://openmeteo/${section}/v1`,
    periodMs: periodSeconds * 1_000,
    keepLast: true,
  } as const;
}

/** Throws where the message names no place: the SDK says it. */
function readLocation(body: unknown): Location {
  const { latitude, longitude } = isMap(body as never) ? (body as { latitude?: unknown; longitude?: unknown }) : {};
  if (typeof latitude !== 'number' || typeof longitude !== 'number') throw new Error('no latitude and longitude in it');
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180)) throw new Error(`no place: ${latitude}, ${longitude}`);
  return { latitude, longitude };
}
