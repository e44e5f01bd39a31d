/** Answers as open-meteo.com documents `/v1/forecast`, or misbehaves. */
import { createServer, type Server, type ServerResponse } from 'node:http';

export type Manner = 'well' | 'stall' | 'half' | 'error' | 'html' | 'wrong' | 'uneven' | 'endless' | 'refused' | 'busy';

export interface WeatherServer {
  readonly url: string;
  manner: Manner;
  /** Paths asked for, `/v1/forecast?…`, oldest first. */
  readonly requests: URL[];
  /** Nobody listens there until {@link back}. */
  away(): Promise<void>;
  back(): Promise<void>;
  close(): Promise<void>;
}

export async function startWeatherServer(): Promise<WeatherServer> {
  const requests: URL[] = [];
  let http: Server | undefined;
  let port = 0;
  const state: { manner: Manner } = { manner: 'well' };
  const listen = async (): Promise<void> => {
    http = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      requests.push(url);
      answer(url, response, state.manner);
    });
    await new Promise<void>((resolve) => http?.listen(port, '127.0.0.1', resolve));
    const address = http.address();
    if (typeof address === 'object' && address !== null) port = address.port;
  };
  const away = async (): Promise<void> => {
    http?.closeAllConnections();
    await new Promise((resolve) => (http === undefined ? resolve(undefined) : http.close(resolve)));
    http = undefined;
  };
  await listen();
  return {
    get url() {
      return `http://127.0.0.1:${port}`;
    },
    get manner() {
      return state.manner;
    },
    set manner(manner) {
      state.manner = manner;
    },
    requests,
    away,
    back: listen,
    close: away,
  };
}

function answer(url: URL, response: ServerResponse, manner: Manner): void {
  const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  switch (manner) {
    case 'stall':
      return;
    case 'half':
      response.writeHead(200).write('{"latitude": 52.5,');
      return;
    case 'error':
      response.writeHead(500).end('Internal Server Error');
      return;
    case 'refused':
      json(400, { error: true, reason: 'Cannot initialize from invalid String value \u001b[31mx for key current' });
      return;
    case 'busy':
      json(429, { error: true, reason: 'Minutely API request limit exceeded.' }, { 'retry-after': '120' });
      return;
    case 'html':
      response.writeHead(200).end('<html><body>Captive portal</body></html>');
      return;
    case 'wrong':
      json(200, { latitude: 'north', current: [] });
      return;
    case 'endless': {
      const more = () => {
        if (!response.destroyed && response.write('x'.repeat(256 * 1024))) setImmediate(more);
        else response.once('drain', more);
      };
      response.writeHead(200);
      more();
      return;
    }
    default:
      json(200, forecast(url, manner === 'uneven'));
  }
}

function forecast(url: URL, isUneven: boolean): unknown {
  const section = ['current', 'hourly', 'daily'].find((name) => url.searchParams.has(name)) ?? 'current';
  const names = url.searchParams.get(section)?.split(',') ?? [];
  const values = (value: unknown) => Object.fromEntries(names.map((name) => [name, value]));
  const times =
    section === 'daily' ? ['2026-11-25', '2026-11-26'] : ['2026-11-25T15:00', '2026-11-25T16:00', '2026-11-25T17:00'];
  const rows = values(times.map((_time, index) => (index === 1 ? null : index + 0.5)));
  if (isUneven) rows[names[0] ?? ''] = [1];
  return {
    latitude: Number(url.searchParams.get('latitude')),
    longitude: Number(url.searchParams.get('longitude')),
    generationtime_ms: 0.1,
    utc_offset_seconds: 3600,
    timezone: 'Europe/Madrid',
    timezone_abbreviation: 'CET',
    elevation: 12,
    [`${section}_units`]: { time: 'iso8601', ...values('unit') },
    [section]:
      section === 'current' ? { time: '2026-11-25T15:15', interval: 900, ...values(21.5) } : { time: times, ...rows },
  };
}
