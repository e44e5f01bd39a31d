/**
 * Loads zenoh-ts and lets it run over a socket of ours. Its own `open` retries for half an hour against an absent
 * server, cannot be cancelled, does not say when the server is gone and writes to the console; over an open socket it
 * has nothing left to do of that.
 */
import type * as zenohTs from '@eclipse-zenoh/zenoh-ts';
import type { RemoteSocket } from './remote-socket.ts';
import { DEFAULT_TIMEOUT_MS } from './session.ts';

export type ZenohTs = typeof zenohTs;

let library: Promise<ZenohTs> | undefined;

/** On first use: it compiles two WebAssembly modules. */
export function loadZenohTs(): Promise<ZenohTs> {
  library ??= import('@eclipse-zenoh/zenoh-ts');
  return library;
}

export interface LibrarySession {
  readonly session: zenohTs.Session;
  /** Runs `callback` as soon as zenoh-ts is through with the message in hand. Its callbacks run with a muted console. */
  defer(callback: () => void): void;
}

/** Resolves after a first round trip. */
export async function openLibrarySession(zenoh: ZenohTs, socket: RemoteSocket, url: string): Promise<LibrarySession> {
  const facade = new SocketFacade(socket);
  const RealWebSocket = globalThis.WebSocket;
  // zenoh-ts constructs its socket before `open` first returns to the caller: nobody else sees this one.
  const Handed = function handOver() {
    return facade;
  };
  globalThis.WebSocket = Object.assign(Handed, { OPEN: 1, CLOSING: 2, CLOSED: 3 }) as unknown as typeof WebSocket;
  const unmute = muteConsole();
  let opening: Promise<zenohTs.Session>;
  try {
    opening = zenoh.open(new zenoh.Config(url, DEFAULT_TIMEOUT_MS));
  } finally {
    unmute();
    globalThis.WebSocket = RealWebSocket;
  }
  socket.pendingRequests += 1;
  let unmuteOpening: (() => void) | undefined;
  // It logs its success some microtasks after the first answer.
  facade.onFirstMessage = () => {
    unmuteOpening = muteConsole();
    setImmediate(unmuteOpening);
  };
  try {
    return { session: await opening, defer: (callback) => facade.defer(callback) };
  } finally {
    unmuteOpening?.();
    socket.pendingRequests -= 1;
  }
}

/** As much of a WebSocket as zenoh-ts uses. */
class SocketFacade {
  binaryType = 'arraybuffer';
  onmessage: ((event: { readonly data: ArrayBuffer }) => void) | null = null;
  onclose: (() => void) | null = null;
  onerror: (() => void) | null = null;
  onFirstMessage: (() => void) | undefined;
  /** zenoh-ts would poll and change the order of messages; the driver looks after congestion. */
  readonly bufferedAmount = 0;
  readonly #socket: RemoteSocket;
  readonly #deferred: (() => void)[] = [];
  #isInMessage = false;

  constructor(socket: RemoteSocket) {
    this.#socket = socket;
    socket.onMessage((data) => this.#receive(data));
  }

  get readyState(): number {
    return this.#socket.isOpen ? 1 : 3;
  }

  send(data: Uint8Array<ArrayBuffer>): void {
    this.#socket.send(data);
  }

  close(): void {
    this.#socket.close();
    queueMicrotask(() => this.onclose?.());
  }

  defer(callback: () => void): void {
    if (this.#isInMessage) this.#deferred.push(callback);
    else callback();
  }

  #receive(data: ArrayBuffer): void {
    this.onFirstMessage?.();
    this.onFirstMessage = undefined;
    this.#isInMessage = true;
    const unmute = muteConsole();
    try {
      this.onmessage?.({ data });
    } finally {
      unmute();
      this.#isInMessage = false;
    }
    for (const callback of this.#deferred.splice(0)) callback();
  }
}

const METHODS = ['log', 'info', 'warn', 'error', 'debug'] as const;

/** Returns the function that brings it back; calls may nest. */
function muteConsole(): () => void {
  const { console } = globalThis;
  const saved = METHODS.map((method) => [method, console[method]] as const);
  const silent = () => undefined;
  for (const method of METHODS) console[method] = silent;
  return () => {
    for (const [method, original] of saved) if (console[method] === silent) console[method] = original;
  };
}
