/** The service: https://open-meteo.com/en/docs, `/v1/forecast`. */
import * as v from 'valibot';
import { describeIssues } from '../../schema/checked-yaml.ts';
import type { Encodable } from '../../wire/cbor.ts';
import { plainText } from '../../wire/plain-text.ts';

export type Section = 'current' | 'hourly' | 'daily';

export interface Location {
  readonly latitude: number;
  readonly longitude: number;
}

export interface ClientOptions {
  /** Of the server, `https://api.open-meteo.com`. */
  readonly url: string;
  readonly apiKey: string | undefined;
  /** For a whole answer, milliseconds. */
  readonly timeoutMs: number;
}

/** What went wrong with one try; the message is plain text for people. */
export class WeatherError extends Error {
  /** The service asked to be left alone for so long, milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: { readonly retryAfterMs?: number | undefined; readonly cause?: unknown } = {}) {
    super(plainText(message).slice(0, 200), { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** A whole forecast has some tens of kilobytes. */
const MAX_BYTES = 2 * 1024 * 1024;
const MAX_RETRY_AFTER_MS = 60 * 60_000;

const QUERIES: Readonly<Record<Section, Readonly<Record<string, string>>>> = {
  current: {
    current:
      'temperature_2m,relative_humidity_2m,apparent_temperature,is_day,precipitation,weather_code,cloud_cover,pressure_msl,surface_pressure,wind_speed_10m,wind_direction_10m,wind_gusts_10m',
  },
  hourly: {
    hourly:
      'temperature_2m,relative_humidity_2m,precipitation_probability,precipitation,weather_code,cloud_cover,visibility,wind_speed_10m,wind_direction_10m,wind_gusts_10m',
    forecast_hours: '48',
  },
  daily: {
    daily:
      'weather_code,temperature_2m_max,temperature_2m_min,sunrise,sunset,uv_index_max,precipitation_sum,precipitation_probability_max,wind_speed_10m_max,wind_gusts_10m_max',
    forecast_days: '7',
  },
};

/** The body for an envelope: the section and its units, in the service's own words. Throws {@link WeatherError}. */
export async function fetchWeather(
  section: Section,
  location: Location,
  options: ClientOptions,
  signal: AbortSignal,
): Promise<Readonly<Record<string, Encodable>>> {
  const limit = AbortSignal.timeout(options.timeoutMs);
  try {
    const response = await fetch(requestUrl(section, location, options), {
      signal: AbortSignal.any([signal, limit]),
      headers: { accept: 'application/json' },
    });
    const text = await readBody(response);
    if (!response.ok) throw refusal(response, text);
    return readWeather(section, text);
  } catch (error) {
    if (error instanceof WeatherError) throw error;
    if (limit.aborted) throw new WeatherError(`no answer within ${options.timeoutMs / 1_000} s`, { cause: error });
    throw new WeatherError(`cannot be reached: ${causeOf(error)}`, { cause: error });
  }
}

function requestUrl(section: Section, { latitude, longitude }: Location, { url, apiKey }: ClientOptions): URL {
  const request = new URL(`${url.replace(/\/+$/, '')}/v1/forecast`);
  const parameters = {
    latitude: String(latitude),
    longitude: String(longitude),
    timezone: 'auto',
    ...QUERIES[section],
    ...(apiKey === undefined ? {} : { apikey: apiKey }),
  };
  for (const [name, value] of Object.entries(parameters)) request.searchParams.set(name, value);
  return request;
}

async function readBody(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_BYTES) throw new WeatherError('its answer has no end');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The service says why in `{"error": true, "reason": "…"}`. */
function refusal(response: Response, text: string): WeatherError {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  const retryAfterMs = seconds > 0 ? Math.min(seconds * 1_000, MAX_RETRY_AFTER_MS) : undefined;
  const said = v.safeParse(v.object({ reason: v.string() }), parsed(text));
  const reason = said.success ? `: ${said.output.reason}` : '';
  return new WeatherError(`answers ${response.status}${reason}`, { retryAfterMs });
}

const figure = v.union([v.number(), v.string(), v.null()]);
const place = {
  latitude: v.number(),
  longitude: v.number(),
  elevation: v.optional(v.number()),
  timezone: v.optional(v.string()),
  utc_offset_seconds: v.optional(v.number()),
};
const units = v.record(v.string(), v.string());
const table = v.pipe(
  v.objectWithRest({ time: v.array(v.string()) }, v.array(figure)),
  v.check(
    ({ time, ...rows }) => Object.values(rows).every((row) => row.length === time.length),
    'rows differ in length',
  ),
);

const SCHEMAS = {
  current: v.object({ ...place, current: v.objectWithRest({ time: v.string() }, figure), current_units: units }),
  hourly: v.object({ ...place, hourly: table, hourly_units: units }),
  daily: v.object({ ...place, daily: table, daily_units: units }),
} as const;

function readWeather(section: Section, text: string): Readonly<Record<string, Encodable>> {
  const result = v.safeParse<(typeof SCHEMAS)[Section]>(SCHEMAS[section], parsed(text));
  if (result.success) return result.output;
  throw new WeatherError(`answers what is no forecast: ${describeIssues(result.issues)[0]}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Whatever it is, the schema says that it is no map.
    return text.slice(0, 40);
  }
}

/** fetch's own message is always "fetch failed". */
function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  return 'code' in cause && cause.message === '' ? String(cause.code) : cause.message;
}
