/** What this machine is in a Tailscale network. Asked of the interfaces first; the program `tailscale` may be missing. */
import { spawn } from 'node:child_process';
import { networkInterfaces } from 'node:os';

export interface TailscaleState {
  /** Its IPv4 address there, 100.64.0.0/10. */
  readonly address: string | undefined;
  readonly interfaceName: string | undefined;
  /** As `tailscale status` has it, `Running`, `Stopped`, `NeedsLogin`; undefined where the program is missing or silent. */
  readonly backendState: string | undefined;
  /** Name in the network, without the last dot. */
  readonly dnsName: string | undefined;
  /** What it says is wrong. */
  readonly complaints: readonly string[];
}

const STATUS_LIMIT_MS = 2_000;
const MAX_STATUS_BYTES = 8 << 20;

type Interfaces = ReturnType<typeof networkInterfaces>;

/** Never throws; takes 2 s at most. */
export async function detectTailscale(interfaces: Interfaces = networkInterfaces()): Promise<TailscaleState> {
  const found = tailscaleAddress(interfaces);
  const status = await askStatus();
  return {
    address: found?.address,
    interfaceName: found?.interfaceName,
    backendState: textOf(status?.BackendState),
    dnsName: textOf(objectOf(status?.Self)?.DNSName)?.replace(/\.$/, ''),
    complaints: Array.isArray(status?.Health) ? status.Health.filter((line) => typeof line === 'string') : [],
  };
}

/** The address on `tailscale0`, else one of 100.64.0.0/10 on another interface: in user space it has another name. */
export function tailscaleAddress(
  interfaces: Interfaces,
): { readonly address: string; readonly interfaceName: string } | undefined {
  const candidates = Object.entries(interfaces).flatMap(([interfaceName, addresses = []]) =>
    addresses
      .filter(({ family, address }) => family === 'IPv4' && isCarrierGradeNat(address))
      .map(({ address }) => ({ address, interfaceName })),
  );
  return candidates.find(({ interfaceName }) => interfaceName.startsWith('tailscale')) ?? candidates[0];
}

/** 100.64.0.0/10 (RFC 6598), which Tailscale gives its machines. */
export function isCarrierGradeNat(address: string): boolean {
  const [first, second] = address.split('.').map(Number);
  return first === 100 && second !== undefined && second >= 64 && second <= 127;
}

async function askStatus(): Promise<Readonly<Record<string, unknown>> | undefined> {
  const text = await new Promise<string | undefined>((resolve) => {
    const child = spawn('tailscale', ['status', '--json', '--peers=false'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: STATUS_LIMIT_MS,
      killSignal: 'SIGKILL',
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      if (output.length < MAX_STATUS_BYTES) output += chunk;
    });
    child.once('error', () => resolve(undefined));
    // Its exit code is 1 where it is stopped, and the answer is still good.
    child.once('exit', (_code, signal) => {
      if (signal !== null) resolve(undefined);
    });
    child.once('close', () => resolve(output));
  });
  if (text === undefined) return undefined;
  try {
    return objectOf(JSON.parse(text));
  } catch {
    // A version that cannot say it as JSON.
    return undefined;
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
