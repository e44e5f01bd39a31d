import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { endProcess } from '../support/command-line.ts';
import { DaemonHome } from '../support/daemon-home.ts';
import { isAlive } from '../support/real-fleet.ts';

/** One that left its session and emptied its environment: no marker and no group tells whose it is. */
const BUILD = `sh -c 'env -i setsid sh -c "echo \\$\\$ >away.pid; exec sleep 1000" & echo $$ >here.pid; echo compiling; wait'`;

test('kill -9 during a build leaves no process, says so to the next daemon, and the node can be built again', async () => {
  const home = new DaemonHome({ tick: 'sleep 1000' }, undefined, { nodeFields: { build: BUILD } });
  const folder = home.nodeFolder('tick');
  const logFile = join(home.folder, 'logs', 'tick.log');
  // The build may run a moment before its first line is written.
  const log = () => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : '');
  const daemon = await home.startDaemon();
  let next = daemon;
  try {
    const building = home.command('tick', 'build');
    const pids = await Promise.all(['away.pid', 'here.pid'].map((file) => pidIn(join(folder, file))));
    await until(() => log().includes(' out compiling'));
    expect(pids.map(isAlive)).toEqual([true, true]);
    daemon.kill('SIGKILL');
    expect(await building).toBeUndefined();
    // Before there is a next daemon.
    await until(() => pids.every((pid) => !isAlive(pid)));
    expect(home.processes().size).toBe(0);

    next = await home.startDaemon();
    const brokenOff = 'build was broken off when the daemon was killed; what is there may be half done';
    expect(await home.nodes()).toMatchObject([{ name: 'tick', status: 'stopped', buildOutput: [brokenOff] }]);
    await until(() => new RegExp(`build begins: [^]* daemon ${brokenOff}\n$`).test(log()));
    const spec = { name: 'tick', type: 'node', command: 'sleep 1000', build: 'echo built' };
    writeFileSync(join(folder, 'node.yaml'), JSON.stringify(spec));
    expect(await home.command('tick', 'build')).toMatchObject({ success: true, output: 'built' });
    expect(await home.nodes()).toMatchObject([{ buildOutput: ['built'] }]);
    expect(existsSync(join(home.folder, 'run', 'tick.build'))).toBe(false);
  } finally {
    await endProcess(next);
    home.remove();
  }
});

async function pidIn(file: string): Promise<number> {
  await until(() => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'));
  return Number(readFileSync(file, 'utf8'));
}

async function until(isDone: () => boolean): Promise<void> {
  while (!isDone()) await sleep(20);
}
