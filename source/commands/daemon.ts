import { EXIT_OK, usageError } from '../errors.ts';
import { booleanFlag, type Command, stringFlag } from './command.ts';
import { endpointFlag, homeFlag } from './common-flags.ts';

export const daemonCommand: Command = {
  name: 'daemon',
  summary: 'Run on each machine: starts and watches its nodes, answers for them over zenoh',
  flags: {
    endpoint: endpointFlag('the router of this machine'),
    machineId: {
      type: 'string',
      placeholder: 'ID',
      summary: 'name of this machine in the fleet',
      defaultText: 'BUBBALOOP_MACHINE_ID, then the hostname',
    },
    allowUnsigned: {
      type: 'boolean',
      summary: 'take unsigned commands, too, although there is a fleet key',
    },
    home: homeFlag('registry, logs and token'),
    backend: {
      type: 'string',
      placeholder: 'process|systemd|auto',
      summary: "what runs the nodes: the daemon itself, or the user's systemd",
      defaultText: 'auto: systemd with lingering and the home ~/.bubbaloop, else process',
    },
    keepNodes: {
      type: 'boolean',
      summary: 'leave the nodes running when the daemon is told to end; the next one takes them over',
    },
  },
  examples: ['bubbaloop daemon', 'bubbaloop daemon --machine-id jetson_1 --endpoint tcp/127.0.0.1:7447'],
  async run(invocation) {
    const [
      { hostname },
      { default: packageJson },
      { runDaemon },
      { BACKEND_CHOICES },
      { keepMemorySmall },
      { findHome },
      { machineId },
      zenoh,
      native,
      { explained },
    ] = await Promise.all([
      import('node:os'),
      import('../../package.json', { with: { type: 'json' } }),
      import('../daemon/daemon.ts'),
      import('../daemon/choose-backend.ts'),
      import('../daemon/memory-tidy.ts'),
      import('../daemon/home.ts'),
      import('../wire/names.ts'),
      import('../zenoh/open-session.ts'),
      import('../zenoh/native-addon.ts'),
      import('./command-session.ts'),
    ]);
    const given = stringFlag(invocation, 'backend') ?? 'auto';
    const backend = BACKEND_CHOICES.find((choice) => choice === given);
    if (backend === undefined)
      throw usageError(`--backend wants ${BACKEND_CHOICES.join(', ')}; got ${JSON.stringify(given)}.`);
    keepMemorySmall(
      native.isNativeAvailable() ? { releaseFilePages: () => native.nativeAddon().releaseFilePages() } : {},
    );
    const stop = stopSignal();
    const endpoint = zenoh.resolveEndpoint(stringFlag(invocation, 'endpoint'));
    const id = machineId(
      { BUBBALOOP_MACHINE_ID: stringFlag(invocation, 'machineId') ?? process.env.BUBBALOOP_MACHINE_ID },
      hostname(),
    );
    const home = findHome(stringFlag(invocation, 'home'), process.env);
    const keepNodes = booleanFlag(invocation, 'keepNodes');
    const daemon = await runDaemon({
      home,
      machineId: id,
      endpoint,
      version: packageJson.version,
      allowUnsigned: booleanFlag(invocation, 'allowUnsigned'),
      // Small records only: with shared memory zenoh would keep a pool of 16 MB, and two threads that wake ten times a second.
      openSession: () => explained(() => zenoh.openSession(endpoint, { shm: false, onHandlerError })),
      say,
      backend,
      keepNodes,
    });
    say(`Ready: machine ${id}, ${daemon.nodeCount} nodes, ${endpoint}, home ${home.folder}.`);
    await Promise.race([stop, daemon.shutdownRequested]);
    say(keepNodes ? 'Ending; the nodes run on.' : 'Stopping the nodes.');
    await daemon.stop();
    return EXIT_OK;
  },
};

/** A bug in one answer must not end what supervises the robot's processes. */
function onHandlerError(error: unknown): void {
  say(`this is a bug, please report it: ${error instanceof Error ? error.stack : String(error)}`);
}

function say(message: string): void {
  process.stderr.write(`bubbaloop daemon: ${message}\n`);
}

/** Resolves at the first SIGTERM, SIGINT or SIGHUP; they are caught from now on, also while the daemon starts. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
}
