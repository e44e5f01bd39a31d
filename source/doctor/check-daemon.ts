/** The daemon of this machine and its home. */
import { accessSync, chmodSync, constants, existsSync, readFileSync, statfsSync, statSync } from 'node:fs';
import JSON5 from 'json5';
import { lockHolder, lockState } from '../daemon/lock-file.ts';
import { readProcessStat } from '../daemon/proc.ts';
import { type Check, gravest, type Result, skipped, well } from './check.ts';

const MIB = 1024 * 1024;

export const daemonProcess: Check = {
  id: 'daemon-process',
  area: 'daemon',
  title: 'daemon process',
  async run(facts) {
    const { home } = facts;
    const tried = `asked ${home.socketFile}`;
    const daemon = await facts.localDaemon();
    if (daemon.kind === 'answers') return well(tried, `It answers, nodes: ${daemon.list.nodes.length}.`);
    const holder = lockHolder(home.lockFile);
    if (holder !== undefined) return hangs(tried, holder.pid, daemon.kind === 'silent' ? daemon.reason : undefined);
    if (!existsSync(home.registryFile) && lockState(home.lockFile) === 'none') {
      return skipped(tried, `No daemon runs, and ${home.folder} has no nodes: none is needed.`);
    }
    const crashed = lockState(home.lockFile) === 'left' ? ' The last one was killed.' : '';
    return {
      outcome: 'problem',
      tried,
      seen: `No daemon runs on ${home.folder}.${crashed}`,
      means: 'Nobody starts, watches or restarts this machine’s nodes, and other machines do not see them.',
      remedy: 'bubbaloop daemon    (or, as a service: systemctl --user start bubbaloop-daemon)',
    };
  },
  fix(facts) {
    const holder = lockHolder(facts.home.lockFile);
    if (holder === undefined) throw new Error('the daemon is gone');
    process.kill(holder.pid, 'SIGCONT');
    return `Process ${holder.pid} was told to go on (SIGCONT).`;
  },
};

function hangs(tried: string, pid: number, reason: string | undefined): Result {
  const isStopped = /^[Tt]$/.test(readProcessStat(pid)?.state ?? '');
  return {
    outcome: 'problem',
    tried,
    seen: isStopped
      ? `The daemon (process ${pid}) is stopped by a signal.`
      : `The daemon (process ${pid}) runs, and does not answer: ${reason ?? 'it has no socket'}.`,
    means: 'It carries out no command, and does not restart nodes.',
    remedy: isStopped ? `kill -CONT ${pid}` : `kill ${pid}, and start it again: bubbaloop daemon`,
    ...(isStopped ? { isFixable: true } : {}),
  };
}

export const daemonOnZenoh: Check = {
  id: 'daemon-zenoh',
  area: 'daemon',
  title: 'daemon on zenoh',
  async run(facts) {
    const tried = 'asked the router for the manifests of daemons';
    const [daemon, connection, seen] = await Promise.all([facts.localDaemon(), facts.connection(), facts.daemons()]);
    if (daemon.kind !== 'answers') return skipped(tried, 'No daemon of this machine answers.');
    if (!connection.ok) return skipped(tried, 'There is no session to ask by.');
    const { machineId } = daemon.list;
    if (seen.some(({ machine }) => machine === machineId)) return well(tried, `${machineId} answers.`);
    return {
      outcome: 'problem',
      tried,
      seen: `${machineId} runs here, and does not answer over ${facts.endpoint}.`,
      means: 'It is connected to another router, or to none: no machine sees it, `top` here included.',
      remedy: `Start it with the same endpoint: bubbaloop daemon --endpoint ${facts.endpoint}`,
    };
  },
};

export const homeFolder: Check = {
  id: 'daemon-home',
  area: 'daemon',
  title: 'home folder',
  run({ home }) {
    const tried = `looked at ${home.folder}`;
    const stats = statSync(home.folder, { throwIfNoEntry: false });
    if (stats === undefined) return skipped(tried, 'There is none yet.');
    const findings: Omit<Result, 'tried'>[] = [];
    const isWritable = mayWrite(home.folder);
    if (isWritable !== undefined) {
      findings.push({
        outcome: 'problem',
        seen: `It cannot be written: ${isWritable}.`,
        means: 'Registry, logs and keys cannot be kept there.',
        remedy: `Mend its owner or its mount (ls -ld ${home.folder}; findmnt -T ${home.folder}), or name another with BUBBALOOP_HOME`,
      });
    }
    const { bavail, bsize } = statfsSync(home.folder);
    if (bavail * bsize < 64 * MIB) {
      findings.push({
        outcome: 'problem',
        seen: `Its disk has ${Math.floor((bavail * bsize) / MIB)} MiB left.`,
        means: 'Logs end, and changes to the registry are refused, when it is full.',
        remedy: `Make room: du -xh ${home.folder} | sort -h | tail`,
      });
    }
    if ((stats.mode & 0o022) !== 0) {
      findings.push({
        outcome: 'warning',
        seen: `Others may write it (mode ${(stats.mode & 0o777).toString(8)}).`,
        means: 'They could replace keys and the list of nodes.',
        remedy: `chmod go-w ${home.folder}`,
        isFixable: true,
      });
    }
    return gravest(tried, findings, 'It is writable, by its user alone, and its disk has room.');
  },
  fix({ home }) {
    chmodSync(home.folder, statSync(home.folder).mode & 0o777 & ~0o022);
    return `Nobody else may write ${home.folder} any more.`;
  },
};

/** Undefined where it may be written. */
function mayWrite(folder: string): string | undefined {
  try {
    accessSync(folder, constants.W_OK);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export const configFiles: Check = {
  id: 'daemon-config',
  area: 'daemon',
  title: 'configuration files',
  run({ home }) {
    const files = ['config.json5', 'router.json5']
      .map((name) => `${home.folder}/${name}`)
      .filter((file) => existsSync(file));
    const tried = 'read config.json5 and router.json5 of the home';
    if (files.length === 0) return skipped(tried, 'There are none.');
    const findings = files.flatMap((file): Omit<Result, 'tried'>[] => {
      try {
        JSON5.parse(readFileSync(file, 'utf8'));
        return [];
      } catch (error) {
        const { lineNumber, columnNumber } = error as { lineNumber?: number; columnNumber?: number };
        const place = lineNumber === undefined ? '' : `:${lineNumber}:${columnNumber}`;
        const what = error instanceof Error ? error.message : String(error);
        return [
          {
            outcome: 'problem',
            seen: `${file}${place}: ${what.replace(/^JSON5: /, '').replace(/ at \d+:\d+$/, '')}.`,
            means: 'Programs that read it do not start.',
            remedy: `Mend line ${lineNumber ?? '?'} of ${file}`,
          },
        ];
      }
    });
    return gravest(tried, findings, `${files.length} can be read.`);
  },
};
