/** What is broken about a daemon, its key, its clock, its services and the terminal, for real, and what doctor calls it. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { writeFleetKey } from '../../source/daemon/fleet-key-file.ts';
import { findHome } from '../../source/daemon/home.ts';
import type { CheckReport } from '../../source/doctor/run-checks.ts';
import { FleetKey } from '../../source/wire/fleet-key.ts';
import { bubbaloop, endProcess } from '../support/command-line.ts';
import { DaemonHome } from '../support/daemon-home.ts';
import { startDaemon } from '../support/daemon-process.ts';
import { DaemonRig, killDaemon, until } from '../support/daemon-rig.ts';
import { DoctorHome, diagnose } from '../support/doctor.ts';
import { startRouter } from '../support/router.ts';
import { Terminal } from '../support/terminal.ts';
import { startUserManager } from '../support/user-manager.ts';

const run = promisify(execFile);
const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** `bubbaloop doctor --json -c CHECK` inside another program; what the one check says. */
async function doctorInside(
  words: readonly string[],
  check: string,
  options: { readonly env?: NodeJS.ProcessEnv; readonly flags?: readonly string[] } = {},
): Promise<CheckReport | undefined> {
  const [program = bubbaloop, ...more] = [
    ...words,
    bubbaloop,
    'doctor',
    '--json',
    '-c',
    check,
    ...(options.flags ?? []),
  ];
  // Exit code 1 where something is found.
  const { stdout } = await run(program, more, { env: options.env ?? process.env }).catch((error) => error);
  const report: { readonly checks: readonly CheckReport[] } = JSON.parse(stdout);
  return report.checks[0];
}

test('a daemon: well, its node failed, stopped and mended, killed, on another router', async () => {
  const rig = await DaemonRig.start('doctor_1', { shm: false });
  cleanUps.push(() => rig.end());
  const home = findHome(rig.home, {});
  const look = (id: string, endpoint = rig.router.endpoint) => diagnose(id, { home, endpoint });
  await rig.addNode('fails', 'false', { restart: 'never' });
  expect(await look('daemon-process')).toMatchObject({
    outcome: 'problem',
    seen: expect.stringContaining('No daemon runs'),
  });
  const { child } = await rig.startDaemon();
  expect(await look('daemon-process')).toMatchObject({ outcome: 'well', seen: 'It answers, nodes: 1.' });
  expect(await look('daemon-zenoh')).toMatchObject({ outcome: 'well' });
  expect(await look('nodes-states')).toMatchObject({ outcome: 'well' });
  await rig.act('fails', 'start');
  await until(async () => (await look('nodes-states')).outcome === 'problem');
  expect(await look('nodes-states')).toMatchObject({
    seen: expect.stringContaining('fails has failed: exit 1'),
    remedy: 'bubbaloop node logs fails',
  });

  const other = await startRouter();
  cleanUps.push(() => other.stop());
  expect(await look('daemon-zenoh', other.endpoint)).toMatchObject({
    outcome: 'problem',
    seen: expect.stringContaining('doctor_1 runs here, and does not answer over'),
  });

  child.kill('SIGSTOP');
  const stopped = await look('daemon-process');
  expect(stopped).toMatchObject({ outcome: 'problem', isFixable: true, remedy: `kill -CONT ${child.pid}` });
  const again = await diagnose('daemon-process', { home }, { fix: true });
  expect(again).toMatchObject({
    outcome: 'well',
    fixed: `Process ${child.pid} was told to go on (SIGCONT).`,
  });
  await killDaemon(child);
  expect(await look('daemon-process')).toMatchObject({
    outcome: 'problem',
    seen: expect.stringContaining('The last one was killed'),
  });
});

test('keys: none, one in the fleet, two, and a machine without', async () => {
  const router = await startRouter();
  cleanUps.push(() => router.stop());
  const first = FleetKey.generate();
  const second = FleetKey.generate();
  using doctor = new DoctorHome();
  const start = async (machine: string, key?: FleetKey) => {
    const home = new DaemonHome({}, router.endpoint);
    if (key !== undefined) writeFleetKey(join(home.folder, 'fleet-key'), key, { overwrite: false });
    const { child } = await startDaemon({ ...process.env, BUBBALOOP_ZENOH_ENDPOINT: router.endpoint }, [
      '--home',
      home.folder,
      '--machine-id',
      machine,
    ]);
    cleanUps.push(() => home.remove());
    cleanUps.push(() => endProcess(child));
    return join(home.folder, 'fleet-key');
  };
  const look = () => diagnose('key-fleet', { home: doctor.home, endpoint: router.endpoint });
  const untilSeen = async (text: string) => {
    await until(async () => (await look()).seen.includes(text));
    return look();
  };
  const keyFile = await start('alpha');
  expect(await untilSeen('No machine has a fleet key')).toMatchObject({ outcome: 'hint' });
  writeFleetKey(keyFile, first, { overwrite: false });
  expect(await untilSeen(first.fingerprint)).toMatchObject({ outcome: 'well' });
  await start('beta');
  expect(await untilSeen('beta has no key')).toMatchObject({ outcome: 'problem' });
  await start('gamma', second);
  const two = await untilSeen('2 keys');
  expect(two.seen).toContain(`${first.fingerprint} on alpha`);
  expect(two.seen).toContain(`${second.fingerprint} on gamma`);
  writeFleetKey(keyFile, first, { overwrite: true });
  writeFileSync(keyFile, 'nonsense\n');
  expect((await untilSeen('cannot be used')).seen).toContain('The key of alpha cannot be used');
});

test('a machine whose clock is wrong', async () => {
  const router = await startRouter();
  cleanUps.push(() => router.stop());
  using doctor = new DoctorHome();
  const look = () => diagnose('fleet-clocks', { home: doctor.home, endpoint: router.endpoint });
  const home = new DaemonHome({}, router.endpoint);
  cleanUps.push(() => home.remove());
  const right = await home.startDaemon();
  cleanUps.push(() => endProcess(right));
  await until(async () => (await look()).outcome === 'well');
  await endProcess(right);
  const env = { ...process.env, BUBBALOOP_ZENOH_ENDPOINT: router.endpoint };
  const flags = ['--home', home.folder, '--machine-id', 'late_1'];
  const { child } = await startDaemon(env, flags, ['faketime', '-f', '-300s']);
  cleanUps.push(() => endProcess(child));
  await until(async () => (await look()).outcome === 'problem');
  const report = await look();
  expect(report.seen).toMatch(/The clock of late_1 is (29|30)\d\.\d s behind this one/);
  expect(report.means).toContain('Signed commands are refused');
});

test('a program killed with shared memory leaves orphans; --fix gives the memory back', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bubbaloop-orphans-'));
  cleanUps.push(() => rmSync(folder, { recursive: true }));
  const maker = join(import.meta.dirname, '..', 'support', 'shm-maker.ts');
  // A /dev/shm of its own: what others left behind is not this test's to remove. The kernel lists locks by inode; numbers of
  // its own keep them apart from those in another test's /dev/shm.
  const script = `
    mount -t tmpfs -o size=512m tmpfs /dev/shm
    (cd /dev/shm && seq ${1_000 + (process.pid % 20_000)} | xargs touch && find . -type f -delete)
    mkfifo ${folder}/said
    "${process.execPath}" "${maker}" > ${folder}/said & maker=$!
    read -r _ < ${folder}/said
    "${bubbaloop}" doctor --json -c shm-orphans > ${folder}/used
    kill -9 $maker; wait $maker
    "${bubbaloop}" doctor --json -c shm-orphans > ${folder}/left
    "${bubbaloop}" doctor --json --fix -c shm-orphans > ${folder}/mended
    ls /dev/shm > ${folder}/files
    true`;
  await run('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script], {
    env: { ...process.env, BUBBALOOP_HOME: folder },
  });
  const [used, left, mended] = ['used', 'left', 'mended'].map(
    (name): CheckReport => JSON.parse(readFileSync(join(folder, name), 'utf8')).checks[0],
  );
  if (used?.outcome === 'skipped') {
    expect(used.seen).toContain('In a container');
    return;
  }
  expect(used).toMatchObject({ outcome: 'well' });
  expect(left).toMatchObject({ outcome: 'warning', isFixable: true, remedy: 'bubbaloop shm clean' });
  expect(mended).toMatchObject({ outcome: 'well', fixed: expect.stringMatching(/^Removed [1-9]\d* segments\.$/) });
  expect(readFileSync(join(folder, 'files'), 'utf8')).toBe('');
});

test('too little memory may be locked', async () => {
  // Root may lock what it likes, unless that right is taken from it.
  const words = ['prlimit', '--memlock=65536:65536', 'setpriv', '--bounding-set=-ipc_lock', '--inh-caps=-ipc_lock'];
  const report = await doctorInside(words, 'shm-memlock');
  expect(report).toMatchObject({ outcome: 'problem' });
  expect(report?.seen).toContain('may lock 0.1 MiB');
  expect(report?.remedy).toContain('LimitMEMLOCK=infinity');
  expect(await doctorInside([], 'shm-memlock')).toMatchObject({ outcome: 'well' });
});

test('Tailscale that is stopped, or complains, is named', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bubbaloop-tailscale-'));
  cleanUps.push(() => rmSync(folder, { recursive: true }));
  const say = (status: object) => {
    const script = `#!/bin/sh\ncat <<'END'\n${JSON.stringify(status)}\nEND\n`;
    writeFileSync(join(folder, 'tailscale'), script, { mode: 0o755 });
  };
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
  const look = () => doctorInside([], 'link-tailscale', { env });
  say({ BackendState: 'Stopped' });
  expect(await look()).toMatchObject({ outcome: 'warning', seen: 'It is Stopped.', remedy: 'sudo tailscale up' });
  say({ BackendState: 'Running', Health: ['no relay is reached'] });
  expect(await look()).toMatchObject({ outcome: 'warning', seen: 'no relay is reached' });
  say({ BackendState: 'Running' });
  expect(await look()).toMatchObject({ outcome: 'well' });
});

test('services: disabled, not reloaded and failed ones are named, and mended by --fix', async () => {
  const manager = await startUserManager();
  cleanUps.push(() => manager.stop());
  const look = (...flags: string[]) =>
    doctorInside(manager.inside, 'system-units', { env: { ...manager.env, BUBBALOOP_HOME: manager.folder }, flags });
  expect(await look()).toMatchObject({ outcome: 'skipped', seen: expect.stringContaining('There are none') });
  const folder = join(manager.folder, 'home', '.config', 'systemd', 'user');
  mkdirSync(folder, { recursive: true });
  const unit = (command: string) => `[Service]\nExecStart=${command}\n[Install]\nWantedBy=default.target\n`;
  const file = join(folder, 'bubbaloop-router.service');
  writeFileSync(file, unit('/bin/false'));
  manager.systemctl('daemon-reload');
  const idle = await look();
  expect(idle?.seen).toContain('bubbaloop-router.service does not run.');
  expect(idle?.seen).toContain('bubbaloop-router.service is not enabled.');
  manager.systemctl('start', 'bubbaloop-router.service');
  await until(async () => (await look())?.seen.includes('has failed (exit-code)') === true);
  writeFileSync(file, unit('/bin/sleep 1000'));
  const changed = await look();
  expect(changed).toMatchObject({ outcome: 'problem', isFixable: true });
  expect(changed?.seen).toContain('was changed on disk');
  const mended = await look('--fix');
  for (const words of ['daemon-reload', 'enable bubbaloop-router.service', 'start bubbaloop-router.service']) {
    expect(mended?.fixed).toContain(`systemctl --user ${words}`);
  }
  expect(mended).toMatchObject({ outcome: 'well', seen: 'bubbaloop-router.service is active.' });
  expect(manager.systemctl('is-active', 'bubbaloop-router.service').trim()).toBe('active');
  expect(manager.systemctl('is-enabled', 'bubbaloop-router.service').trim()).toBe('enabled');

  // The user's last login would end what is well otherwise.
  const { username } = userInfo();
  manager.setLingering(false);
  expect(await look()).toMatchObject({
    outcome: 'warning',
    seen: `${username} does not linger.`,
    remedy: `sudo loginctl enable-linger ${username}`,
    isFixable: false,
  });
  // Who starts them by hand has nothing to lose by that.
  manager.systemctl('disable', 'bubbaloop-router.service');
  expect((await look())?.seen).toBe('bubbaloop-router.service is not enabled.');
  manager.systemctl('enable', 'bubbaloop-router.service');
  manager.setLingering(true);
  expect(await look()).toMatchObject({ outcome: 'well' });
});

test('tmux that passes nothing through, and a terminal without pictures, are told; --fix changes tmux', async () => {
  const terminal = await Terminal.open({ columns: 160, rows: 50 });
  cleanUps.push(() => terminal.close());
  await terminal.run(`clear; ${bubbaloop} doctor -c terminal; echo "code $?"`);
  const before = (await terminal.until(/code \d/)).replaceAll(/\s+/g, ' ');
  expect(before).toContain('allow-passthrough is off');
  expect(before).toMatch(/pictures in this terminal: It shows/);
  expect(before).toContain('tmux set -g allow-passthrough on');
  await terminal.run(`clear; ${bubbaloop} doctor --fix -c terminal-tmux; echo "then $?"`);
  const after = (await terminal.until(/then \d/)).replaceAll(/\s+/g, ' ');
  expect(after).toContain('✓ tmux settings: allow-passthrough is on');
  expect(after).toContain('then 0');
});
