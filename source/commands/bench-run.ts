/** The processes of `bench shm`: a router on free ports, the sender, and this one, the receiver. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { benchShm, type ShmReport } from '../bench/shm.ts';
import { UserError } from '../errors.ts';
import { plainText } from '../wire/plain-text.ts';
import { showNoCredentials } from '../zenoh/credentials.ts';
import { routerBinary } from './router.ts';
import { startTethered } from './tethered.ts';

const ROUTER_READY_MS = 10_000;
const END_LIMIT_MS = 3_000;

const routerConfig = {
  mode: 'router',
  listen: { endpoints: ['tcp/127.0.0.1:0'] },
  scouting: { multicast: { enabled: false }, gossip: { enabled: false } },
  transport: { shared_memory: { enabled: true } },
  plugins: { remote_api: { websocket_port: '127.0.0.1:0' } },
};

/** Everything it starts ends with this process, kill -9 included. `senderWords`: what `bubbaloop bench` runs as sender. */
export async function runShmBench(growthFrames: number, senderWords: readonly string[]): Promise<ShmReport> {
  showNoCredentials();
  const home = await mkdtemp(join(tmpdir(), 'bubbaloop-bench-'));
  const logFile = join(home, 'router.log');
  const configFile = join(home, 'router.json5');
  await writeFile(configFile, JSON.stringify(routerConfig));
  const router = startTethered([routerBinary(), '-c', configFile], { env: process.env, logFile });
  let sender: ChildProcess | undefined;
  // Without its sender the measure ends by itself, and everything is tidied up on the way out.
  const interrupt = () => sender?.kill();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    const line = await router.firstLine(ROUTER_READY_MS).catch(async (error: Error) => {
      const said = plainText((await readFile(logFile, 'utf8').catch(() => '')).trim());
      throw new UserError(`The router did not start: ${said || error.message}`, { cause: error });
    });
    const ready = JSON.parse(line) as { readonly locators: readonly string[]; readonly websocket: string };
    sender = startSender(senderWords);
    return await benchShm(sender, {
      nativeEndpoint: ready.locators[0] ?? '',
      webSocketUrl: `ws://${ready.websocket}`,
      growthFrames,
      onStep: (what) => process.stderr.write(`bubbaloop: ${what}\n`),
    }).catch((error: Error) => {
      throw new UserError(`The benchmark did not finish: ${plainText(error.message)}`, { cause: error });
    });
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
    await endSender(sender);
    await router.end(END_LIMIT_MS);
    await rm(home, { recursive: true, force: true });
  }
}

function startSender(words: readonly string[]): ChildProcess {
  const [script] = process.argv.slice(1);
  if (script === undefined) throw new UserError('The benchmark cannot tell which program it is.');
  return spawn(process.execPath, [...process.execArgv, script, 'bench', ...words], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

/** It ends by itself when the channel does. */
async function endSender(sender: ChildProcess | undefined): Promise<void> {
  if (sender === undefined || sender.exitCode !== null || sender.signalCode !== null) return;
  const gone = new Promise((resolve) => sender.once('exit', resolve));
  const timer = setTimeout(() => sender.kill('SIGKILL'), END_LIMIT_MS);
  if (sender.connected) sender.disconnect();
  await gone;
  clearTimeout(timer);
}
