/**
 * The WebSocket under a remote session, in our hands instead of zenoh-ts's: opened once within a time limit, its end is
 * an event, what comes in is paced, what goes out is measured.
 */
import { connect } from 'node:net';
import { abortedError, limited } from './limits.ts';
import { SessionError } from './session.ts';

/** The router's WebSocket server (tungstenite's default frame) closes the connection on more. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
/** Where more waits to be sent the link counts as congested. */
const CONGESTED_BYTES = 2 * 1024 * 1024;
const DRAIN_POLL_MS = 5;
const CLOSE_LIMIT_MS = 1_500;

export class RemoteSocket {
  /** Resolves with the reason when the connection ends by itself. */
  readonly lost: Promise<string>;
  readonly #socket: WebSocket;
  readonly #resolveLost: (reason: string) => void;
  readonly #inbox: ArrayBuffer[] = [];
  #isPacing = false;
  #onMessage: ((data: ArrayBuffer) => void) | undefined;
  #isOver = false;
  #sending: Promise<void> = Promise.resolve();
  /** Messages received so far: a sign of life. */
  receivedCount = 0;
  /** Requests that wait for their answer; see {@link #deliver}. */
  pendingRequests = 0;

  constructor(socket: WebSocket) {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.lost = promise;
    this.#resolveLost = resolve;
    this.#socket = socket;
    socket.addEventListener('close', (event) => this.lose(closeReason(event)));
    socket.addEventListener('message', (event: MessageEvent) => {
      this.receivedCount += 1;
      const data: unknown = event.data;
      if (data instanceof ArrayBuffer) this.#inbox.push(data);
      if (!this.#isPacing) this.#deliver();
    });
  }

  get isOpen(): boolean {
    return !this.#isOver && this.#socket.readyState === WebSocket.OPEN;
  }

  get isCongested(): boolean {
    return this.#socket.bufferedAmount > CONGESTED_BYTES;
  }

  onMessage(listener: (data: ArrayBuffer) => void): void {
    this.#onMessage = listener;
  }

  /** Silently nothing once it is over, as a WebSocket does. */
  send(data: Uint8Array<ArrayBuffer>): void {
    if (this.isOpen && data.byteLength <= MAX_MESSAGE_BYTES) this.#socket.send(data);
  }

  /** Resolves, in the order of the calls, when the link is not congested or over. */
  drained(): Promise<void> {
    this.#sending = this.#sending.then(async () => {
      while (this.isOpen && this.isCongested) await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
    });
    return this.#sending;
  }

  /** Ends it as lost. */
  lose(reason: string): void {
    if (this.#isOver) return;
    this.#end();
    this.#resolveLost(reason);
  }

  /** Ends it without {@link lost}; resolves when the router has answered or after 1.5 s. */
  async close(): Promise<void> {
    if (this.#isOver) return;
    const closed = new Promise((resolve) => this.#socket.addEventListener('close', resolve, { once: true }));
    this.#end();
    await limited(closed, { timeoutMs: CLOSE_LIMIT_MS, what: 'closing' }).catch(() => undefined);
  }

  #end(): void {
    this.#isOver = true;
    this.#inbox.length = 0;
    this.#socket.close();
  }

  /**
   * While a request waits for its answer the messages come one a turn: zenoh-ts registers a queryable only after the
   * continuation of its request has run, and would lose a query that arrives in the same turn.
   */
  #deliver(): void {
    this.#isPacing = false;
    for (let data = this.#inbox.shift(); data !== undefined; data = this.#inbox.shift()) {
      this.#onMessage?.(data);
      if (this.#inbox.length > 0 && this.pendingRequests > 0) {
        this.#isPacing = true;
        setImmediate(() => this.#deliver());
        return;
      }
    }
  }
}

/**
 * Opens a WebSocket; rejects with `link-lost` and a reason for people, `timeout` or `aborted`. A plain connection comes
 * first: a WebSocket does not tell why it failed, and each that fails costs memory that does not come back.
 */
export async function openRemoteSocket(url: string, timeoutMs: number, signal: AbortSignal): Promise<RemoteSocket> {
  if (signal.aborted) throw abortedError(signal);
  const startMs = performance.now();
  await probe(url, timeoutMs, signal);
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  const opened = new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve(), { once: true });
    socket.addEventListener('error', (event) => reject(event), { once: true });
    socket.addEventListener('close', (event) => reject(event), { once: true });
  });
  try {
    const leftMs = Math.max(1, timeoutMs - (performance.now() - startMs));
    await limited(opened, { timeoutMs: leftMs, signal, what: 'the WebSocket handshake' });
  } catch (error) {
    socket.close();
    if (error instanceof SessionError) throw error;
    throw new SessionError('link-lost', handshakeFailure(url));
  }
  return new RemoteSocket(socket);
}

async function probe(url: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const { hostname, port, protocol } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const defaultPort = protocol === 'wss:' ? 443 : 80;
  const socket = connect({ host, port: port === '' ? defaultPort : Number(port) });
  const connected = new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.on('error', reject);
  });
  try {
    await limited(connected, { timeoutMs, signal, what: 'connecting' });
  } catch (error) {
    if (error instanceof SessionError) throw error;
    throw new SessionError('link-lost', networkReason(error));
  } finally {
    socket.destroy();
  }
}

function handshakeFailure(url: string): string {
  return url.startsWith('wss:')
    ? 'the TLS or WebSocket handshake failed (is the certificate trusted?)'
    : 'something listens there, but not a zenoh WebSocket (remote_api plugin)';
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name of the host cannot be looked up now',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ETIMEDOUT: 'no answer',
};

function networkReason(error: unknown): string {
  // Several addresses of one name were tried: the reasons are most often the same.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const code = first instanceof Error && 'code' in first ? String(first.code) : '';
  return REASONS[code] ?? (first instanceof Error ? first.message : String(first));
}

/** RFC 6455, section 7.4.1. */
function closeReason(event: CloseEvent): string {
  switch (event.code) {
    case 1009:
      return 'the router closed the connection: message too big';
    case 1011:
      return 'the router closed the connection after an error of its own';
    default:
      return 'the router closed the connection';
  }
}
