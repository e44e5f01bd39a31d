/**
 * A way to the daemon of this machine that needs neither a router nor the native addon: a Unix socket in its home, for
 * its own user. One request a connection: the client writes CBOR and ends its side, the daemon answers CBOR and ends.
 * An empty request asks for the list of nodes, anything else is a NodeCommand.
 */
import { rmSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { isCode } from './home.ts';

const MAX_REQUEST_BYTES = 64 * 1024;
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
/** sun_path of unix(7), with its end. */
const MAX_PATH_BYTES = 107;

export type AnswerRequest = (request: Uint8Array) => Promise<Uint8Array>;

/**
 * Listens; the caller holds the lock of the home, so a socket that is there already is a dead daemon's. Returns the
 * function that ends it. Rejects with a reason for people.
 */
export async function openControlSocket(path: string, answer: AnswerRequest): Promise<() => Promise<void>> {
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) throw new Error(`${path} is too long for a Unix socket`);
  rmSync(path, { force: true });
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    // A client that gave up before its answer (EPIPE): an error that nobody hears would end the daemon.
    socket.on('error', () => socket.destroy());
    serve(socket, answer).catch(() => socket.destroy());
  });
  const umask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
  } finally {
    process.umask(umask);
  }
  return () => {
    for (const socket of open) socket.destroy();
    return new Promise((resolve) => server.close(() => resolve()));
  };
}

async function serve(socket: Socket, answer: AnswerRequest): Promise<void> {
  socket.setTimeout(30_000, () => socket.destroy());
  const request = await readAll(socket, MAX_REQUEST_BYTES);
  // Whoever waits for a build waits in silence.
  socket.setTimeout(0);
  socket.end(await answer(request));
}

/** Sends one request; undefined where no daemon listens at `path`. Rejects when the time is over. */
export async function askControlSocket(
  path: string,
  request: Uint8Array,
  timeoutMs: number,
): Promise<Uint8Array | undefined> {
  const socket = createConnection({ path, allowHalfOpen: true });
  const timer = setTimeout(
    () => socket.destroy(new Error(`the daemon did not answer within ${timeoutMs} ms`)),
    timeoutMs,
  );
  try {
    socket.end(request);
    return await readAll(socket, MAX_ANSWER_BYTES);
  } catch (error) {
    if (
      isCode(error, 'ENOENT') ||
      isCode(error, 'ECONNREFUSED') ||
      isCode(error, 'ENAMETOOLONG') ||
      isCode(error, 'EINVAL')
    ) {
      return undefined;
    }
    throw error;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

async function readAll(socket: Socket, maxBytes: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new Error(`more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
