import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openControlSocket } from '../../source/daemon/control-socket.ts';
import { writeFleetKey } from '../../source/daemon/fleet-key-file.ts';
import { tryLock } from '../../source/daemon/lock-file.ts';
import { FleetKey } from '../../source/wire/fleet-key.ts';
import { encodeNodeList } from '../../source/wire/node-state.ts';
import { DoctorHome, diagnose } from '../support/doctor.ts';
import { makeNodeState } from '../support/fake-fleet.ts';
import { SmallDisk, setReadOnly } from '../support/mounts.ts';

let rig: DoctorHome;
beforeEach(() => {
  rig = new DoctorHome();
});
afterEach(() => rig[Symbol.dispose]());

const look = (id: string, fix = false) => diagnose(id, { home: rig.home }, { fix });

function writeRegistry(text: string): void {
  writeFileSync(rig.home.registryFile, text);
  // Older than what an editor may still be writing.
  utimesSync(rig.home.registryFile, 1_700_000_000, 1_700_000_000);
}

test('registry: damaged is named; --fix sets it aside and keeps what is readable', async () => {
  expect(await look('nodes-registry')).toMatchObject({ outcome: 'skipped' });
  writeRegistry('{"nodes": []}');
  expect(await look('nodes-registry')).toMatchObject({ outcome: 'well' });
  writeRegistry('{"nodes": [{"path": "/opt/weather", "autostart": true}, ]}');
  const found = await look('nodes-registry');
  expect(found).toMatchObject({ outcome: 'problem', isFixable: true });
  expect(found.seen).toContain('nodes.json is not a registry');
  const mended = await look('nodes-registry', true);
  expect(mended).toMatchObject({ outcome: 'well', seen: '1 registered.' });
  expect(mended.fixed).toContain('1 nodes could be read of it');
  expect(JSON.parse(readFileSync(rig.home.registryFile, 'utf8'))).toMatchObject({
    nodes: [{ path: '/opt/weather', autostart: true }],
  });
  expect(readdirSync(rig.folder).some((name) => name.startsWith('nodes.json.damaged-'))).toBe(true);
});

test('registry: one that holds nothing readable is set aside all the same', async () => {
  writeRegistry('\u0000\u0000\u0000');
  expect(await look('nodes-registry', true)).toMatchObject({ outcome: 'skipped' });
  expect(existsSync(rig.home.registryFile)).toBe(false);
});

function addNode(name: string, yaml: string | undefined): string {
  const path = join(rig.folder, 'nodes', name);
  if (yaml !== undefined) {
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'node.yaml'), yaml);
  }
  return path;
}

test('node folders: gone, without a command, not built, and twins are named', async () => {
  const whole = addNode('whole', 'name: whole\ncommand: sleep 1\n');
  writeRegistry(JSON.stringify({ nodes: [{ path: whole }] }));
  expect(await look('nodes-folders')).toMatchObject({ outcome: 'well', seen: 'All complete: whole.' });
  const cases: readonly [string, string, string][] = [
    [addNode('gone', undefined), 'gone: its folder', 'bubbaloop node remove gone'],
    [addNode('bare', 'name: bare\n'), 'bare: node.yaml has no "command"', 'Mend'],
    [addNode('torn', 'name: [torn\n'), 'torn: ', 'Mend'],
    [
      addNode('unbuilt', 'name: unbuilt\nbuild: make\ncommand: ./out/unbuilt\n'),
      'its program (./out/unbuilt) is missing',
      'bubbaloop node build unbuilt',
    ],
    [whole, 'More than one node is called whole', 'bubbaloop node instance'],
  ];
  for (const [path, seen, remedy] of cases) {
    writeRegistry(JSON.stringify({ nodes: [{ path: whole }, { path }] }));
    const report = await look('nodes-folders');
    expect(report.outcome).toBe('problem');
    expect(report.seen).toContain(seen);
    expect(report.remedy).toContain(remedy);
  }
});

test('home: not writable, full, and writable by others are named; --fix closes it', async () => {
  expect(await look('daemon-home')).toMatchObject({ outcome: 'well' });
  chmodSync(rig.folder, 0o777);
  expect(await look('daemon-home')).toMatchObject({ outcome: 'warning', isFixable: true });
  expect(await look('daemon-home', true)).toMatchObject({ outcome: 'well' });
  expect(statSync(rig.folder).mode & 0o777).toBe(0o755);
  setReadOnly(rig.folder, true);
  try {
    expect((await look('daemon-home')).seen).toContain('It cannot be written: EROFS');
  } finally {
    setReadOnly(rig.folder, false);
  }
  const disk = new SmallDisk(rig.folder);
  try {
    expect((await look('daemon-home')).seen).toContain('MiB left');
  } finally {
    disk.unmount();
  }
});

test('configuration files: no JSON5 is named with line and column', async () => {
  expect(await look('daemon-config')).toMatchObject({ outcome: 'skipped' });
  writeFileSync(join(rig.folder, 'router.json5'), "{ profile: 'jetson' }\n");
  expect(await look('daemon-config')).toMatchObject({ outcome: 'well' });
  writeFileSync(join(rig.folder, 'config.json5'), '{\n  BUBBALOOP_MACHINE_ID: !\n}\n');
  const report = await look('daemon-config');
  expect(report.outcome).toBe('problem');
  expect(report.seen).toMatch(/config\.json5:2:\d+: /);
});

test('key: open to others is named and closed by --fix; damaged is named', async () => {
  expect(await look('key-files')).toMatchObject({ outcome: 'skipped' });
  const key = FleetKey.generate();
  writeFleetKey(rig.home.fleetKeyFile, key, { overwrite: false });
  expect(await look('key-files')).toMatchObject({ outcome: 'well', seen: `The fleet key here is ${key.fingerprint}.` });
  chmodSync(rig.home.fleetKeyFile, 0o644);
  const open = await look('key-files');
  expect(open).toMatchObject({ outcome: 'problem', isFixable: true });
  expect(open.seen).toContain('mode 644');
  expect(await look('key-files', true)).toMatchObject({ outcome: 'well' });
  expect(statSync(rig.home.fleetKeyFile).mode & 0o777).toBe(0o600);
  writeFileSync(rig.home.fleetKeyFile, 'bfk1_1234\n');
  const damaged = await look('key-files');
  expect(damaged.outcome).toBe('problem');
  expect(damaged.seen).toContain('does not hold a fleet key');
  expect(JSON.stringify(damaged)).not.toContain(key.reveal());
});

test('a lock that a killed daemon left, with nodes registered: no daemon runs', async () => {
  writeRegistry('{"nodes": []}');
  symlinkSync('4194000 1 doctor_1 0', rig.home.lockFile);
  const report = await look('daemon-process');
  expect(report).toMatchObject({ outcome: 'problem' });
  expect(report.seen).toContain('The last one was killed');
  expect(report.remedy).toContain('bubbaloop daemon');
});

test('what a daemon tells: heartbeats that are missing, nodes that send nothing; and one that does not answer', async () => {
  const socketOf = (answer: () => Promise<Uint8Array>) => openControlSocket(rig.home.socketFile, answer);
  const lists = (change: Parameters<typeof makeNodeState>[0]) =>
    socketOf(async () =>
      encodeNodeList({ nodes: [makeNodeState(change)], timestampMs: Date.now(), machineId: 'doctor_1' }),
    );
  const cases = [
    [{ name: 'a', health: 'unhealthy' }, 'problem', 'a runs, and its heartbeat is missing.'],
    [{ name: 'b', outputs: 'quiet' }, 'warning', 'b runs, and sends no data.'],
    [{ name: 'c' }, 'well', '1 of 1 run'],
  ] as const;
  for (const [change, outcome, seen] of cases) {
    const close = await lists(change);
    expect(await look('nodes-states')).toMatchObject({ outcome, seen: expect.stringContaining(seen) });
    await close();
  }
  // As a daemon that hangs: it holds the home and the socket, and says nothing.
  const lock = tryLock(rig.home.lockFile, 'doctor_1 0');
  const close = await socketOf(() => new Promise(() => undefined));
  expect(await look('daemon-process')).toMatchObject({
    outcome: 'problem',
    seen: expect.stringContaining(`(process ${process.pid}) runs, and does not answer`),
    remedy: expect.stringContaining(`kill ${process.pid}`),
  });
  await close();
  if (lock.isTaken) lock.giveBack();
});

test('shared memory: little room, and a small file system, are named', async () => {
  const full = new SmallDisk(join(rig.folder, 'shm'), 300 * 1024 * 1024);
  try {
    const options = { home: rig.home, shmFolder: full.folder };
    expect(await diagnose('shm-space', options)).toMatchObject({ outcome: 'well' });
    full.fill();
    expect(await diagnose('shm-space', options)).toMatchObject({
      outcome: 'problem',
      seen: '0 MiB of 300 MiB are free.',
    });
  } finally {
    full.unmount();
  }
  const small = new SmallDisk(join(rig.folder, 'small'), 64 * 1024 * 1024);
  try {
    expect(await diagnose('shm-space', { home: rig.home, shmFolder: small.folder })).toMatchObject({
      outcome: 'warning',
    });
  } finally {
    small.unmount();
  }
});

test('locale: not UTF-8 is named', async () => {
  expect(await diagnose('terminal-locale', { home: rig.home, env: { LANG: 'C.UTF-8' } })).toMatchObject({
    outcome: 'well',
  });
  expect(await diagnose('terminal-locale', { home: rig.home, env: { LANG: 'de_DE' } })).toMatchObject({
    outcome: 'hint',
  });
});
