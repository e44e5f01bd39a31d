/** A real RTSP server, GStreamer's, with a moving picture in H.264 (rtsp-server.py); ended with the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { endProcess } from './command-line.ts';
import { freePorts } from './router.ts';

export interface RtspServer {
  readonly port: number;
  /** `rtsp://127.0.0.1:PORT/cam`; with `login` as `user:password@`. */
  url(login?: string): string;
  /** `640x480`: from then on pictures have that size. */
  resize(size: string): void;
  /** SIGSTOP: connections stand, nothing comes. */
  suspend(): void;
  resume(): void;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** After {@link kill}, on the same port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** `login`: what the server asks for. */
export async function startRtspServer(login?: readonly [user: string, password: string]): Promise<RtspServer> {
  const [port = 0] = await freePorts(1);
  let child = await launch(port, login);
  return {
    port,
    url: (given) => `rtsp://${given === undefined ? '' : `${given}@`}127.0.0.1:${port}/cam`,
    resize: (size) => void child.stdin?.write(`size ${size}\n`),
    suspend: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async kill() {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
    async restart() {
      child = await launch(port, login);
    },
    async stop() {
      child.kill('SIGCONT');
      await endProcess(child);
    },
  };
}

async function launch(port: number, login: readonly string[] = []): Promise<ChildProcess> {
  // Debian's own Python: it is the one that has Debian's GStreamer.
  const words = [join(import.meta.dirname, 'rtsp-server.py'), String(port), ...login];
  const child = spawn('/usr/bin/python3', words, { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (data: Buffer) => {
    said = `${said}${data}`.slice(-4_000);
  });
  for await (const line of createInterface({ input: child.stdout })) if (line === 'ready') return child;
  throw new Error(`the RTSP server ended: ${said}`);
}
