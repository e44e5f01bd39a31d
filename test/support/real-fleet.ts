/** A fleet of one machine with a real router, a real daemon and real processes, in a home of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bubbaloop, endProcess } from './command-line.ts';
import { removeFolder } from './remove-folder.ts';
import { startRouter, type TestRouter } from './router.ts';

export interface RealFleet {
  readonly router: TestRouter;
  readonly machine: string;
  readonly daemonPid: number;
  end(): Promise<void>;
}

/** `nodes`: names to commands, as in node.yaml. The daemon starts them all. */
export async function startRealFleet(nodes: Readonly<Record<string, string>>, machine = 'robot_1'): Promise<RealFleet> {
  const home = mkdtempSync(join(tmpdir(), 'bubbaloop-test-fleet-'));
  const entries = Object.entries(nodes).map(([name, command]) => {
    const path = join(home, 'nodes', name);
    mkdirSync(path, { recursive: true });
    // JSON is YAML too, and needs no quoting rules here.
    writeFileSync(join(path, 'node.yaml'), JSON.stringify({ name, version: '1.0.0', type: 'python', command }));
    return { path, addedAt: new Date(0).toISOString(), autostart: true };
  });
  writeFileSync(join(home, 'nodes.json'), JSON.stringify({ nodes: entries }));
  const router = await startRouter();
  const env = {
    ...process.env,
    BUBBALOOP_HOME: home,
    BUBBALOOP_MACHINE_ID: machine,
    BUBBALOOP_ZENOH_ENDPOINT: router.endpoint,
  };
  const daemon: ChildProcess = spawn(bubbaloop, ['daemon'], { env, stdio: 'ignore' });
  return {
    router,
    machine,
    daemonPid: daemon.pid ?? 0,
    async end() {
      await endProcess(daemon);
      await router.stop();
      removeFolder(home);
    },
  };
}

/** Whether a process of this id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
