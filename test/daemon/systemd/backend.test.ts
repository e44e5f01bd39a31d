import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Backend, OutputSink, RunningProcess } from '../../../source/daemon/backend.ts';
import { HOME_MARKER } from '../../../source/daemon/family.ts';
import { NodeLog } from '../../../source/daemon/node-log.ts';
import { readProcessStat } from '../../../source/daemon/proc.ts';
import { openSystemdBackend } from '../../../source/daemon/systemd/open.ts';
import { startUserManager, type TestUserManager } from '../../support/user-manager.ts';

let manager: TestUserManager;
let folder: string;
const backends: Backend[] = [];
const started: RunningProcess[] = [];
const said: string[] = [];

beforeAll(async () => {
  manager = await startUserManager();
});
afterAll(() => manager?.stop());
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'bubbaloop-unit-')));
  said.length = 0;
});
afterEach(async () => {
  for (const process of started.splice(0)) {
    process.terminate();
    await process.ended;
  }
  for (const backend of backends.splice(0)) backend.close?.();
  rmSync(folder, { recursive: true });
});

/** What came, a line each. */
class Sink implements OutputSink {
  readonly lines: string[] = [];
  write(stream: 'out' | 'err', chunk: Uint8Array): boolean {
    this.lines.push(`${stream} ${Buffer.from(chunk).toString().trimEnd()}`);
    return true;
  }
  whenReady = (): Promise<void> => Promise.resolve();
  end = (): void => undefined;
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = this.lines.map((line) => pattern.exec(line)).find((found) => found !== null);
      if (match !== undefined && match !== null) return match;
      await sleep(20);
    }
  }
}

async function open(options: { graceMs?: number; homeFolder?: string } = {}): Promise<Backend> {
  const backend = await openSystemdBackend({
    homeFolder: options.homeFolder ?? folder,
    env: manager.env,
    journalSocket: manager.journalSocket,
    say: (message) => said.push(message),
    ...(options.graceMs === undefined ? {} : { graceMs: options.graceMs }),
  });
  backends.push(backend);
  return backend;
}

const keepOf = (output: OutputSink, name = 'tick') => ({ name, logFile: join(folder, `${name}.log`), output });

async function start(
  backend: Backend,
  words: readonly [string, ...string[]],
  options: { name?: string; env?: Record<string, string>; homeFolder?: string } = {},
) {
  const output = new Sink();
  const env = { PATH: process.env.PATH, [HOME_MARKER]: options.homeFolder ?? folder, ...options.env };
  const running = await backend.start({ words, cwd: folder, env, output, keep: keepOf(output, options.name) });
  started.push(running);
  return { running, output };
}

const shell = (script: string): [string, ...string[]] => ['sh', '-c', script];
const isAlive = (pid: number) => !['Z', 'X', undefined].includes(readProcessStat(pid)?.state);
const unitState = (name = 'tick') => {
  const text = manager.systemctl('show', '-P', 'LoadState', '-P', 'ActiveState', `bubbaloop-${name}.service`);
  return text.trim().split('\n').join(' ');
};

async function until(isDone: () => boolean): Promise<void> {
  while (!isDone()) await sleep(20);
}

it('runs it in a unit, in the folder and environment asked for, and tells output, streams and exit', async () => {
  const { running, output } = await start(await open(), shell('pwd; echo $X; echo oops >&2; exit 3'), {
    env: { X: 'a b' },
  });
  expect(await running.ended).toEqual({ code: 3, signal: null });
  expect(output.lines.toSorted()).toEqual(['err oops', `out ${folder}`, 'out a b'].toSorted());
  await until(() => unitState() === 'not-found inactive');
});

it.each([
  ['a good one', 'exit 0', { code: 0, signal: null }],
  ['a large one', 'exit 203', { code: 203, signal: null }],
  ['a signal', 'kill -KILL $$', { code: null, signal: 'SIGKILL' }],
  ['the signal that systemd takes for a good end', 'kill -TERM $$', { code: null, signal: 'SIGTERM' }],
])('tells an exit: %s', async (_label, script, end) => {
  const { running } = await start(await open(), shell(script));
  expect(await running.ended).toEqual(end);
});

it('gives words and variables as they are', async () => {
  const words = ['a b', '', '$HOME', `$\{X}`, '$$', '%n %%', '"', "'", '\\', 'ä→🤖', 'two\nlines', '-x', ';', '*'];
  const script =
    'import json,os,sys; print(json.dumps([sys.argv[1:], os.environ["ODD"], "BASH_FUNC_f%%" in os.environ]))';
  const odd = `%h $X "q" 'ä' \\n ${'\t'}tab\nline`;
  const { output } = await start(await open(), ['python3', '-c', script, ...words], {
    env: { ODD: odd, 'BASH_FUNC_f%%': '() { :; }', X: 'no' },
  });
  const [, json = ''] = await output.until(/^out (\[\[.*)/);
  expect(JSON.parse(json)).toEqual([words, odd, false]);
});

it.each([
  ['no such program', ['/nowhere/x'], /was not found/],
  ['no such program on PATH', ['no-such-program'], /no-such-program was not found/],
  ['a file that is no program', ['/etc/passwd'], /may not be executed/],
] as const)('says why: %s', async (_label, words, reason) => {
  await expect(start(await open(), words)).rejects.toThrow(reason);
  expect(unitState()).toBe('not-found inactive');
});

it('says why: a folder that is gone', async () => {
  const output = new Sink();
  const request = { words: ['true'] as const, cwd: '/nowhere', env: process.env, output, keep: keepOf(output) };
  await expect((await open()).start(request)).rejects.toThrow(/folder \/nowhere is missing/);
});

it('ends the whole family, who left its group, its session and its environment too', async () => {
  const { running, output } = await start(
    await open(),
    shell('env -i setsid sh -c "echo out \\$\\$; exec sleep 1000" & sleep 1000 & echo in $!; wait'),
  );
  const [, inside = ''] = await output.until(/in (\d+)/);
  const [, outside = ''] = await output.until(/out (\d+)/);
  running.terminate();
  expect(await running.ended).toEqual({ code: null, signal: 'SIGTERM' });
  expect([running.pid, Number(inside), Number(outside)].filter(isAlive)).toEqual([]);
});

it('kills who does not listen, when the time is over', async () => {
  const { running, output } = await start(
    await open({ graceMs: 300 }),
    shell('trap "echo heard" TERM; echo ready; while :; do sleep 0.05; done'),
  );
  await output.until(/ready/);
  running.terminate();
  expect(await running.ended).toEqual({ code: null, signal: 'SIGKILL' });
  expect(output.lines).toContain('out heard');
});

it('ends what a node leaves behind when it ends by itself', async () => {
  const { running, output } = await start(await open(), shell('sleep 1000 & echo in $!'));
  expect(await running.ended).toEqual({ code: 0, signal: null });
  const [, inside = ''] = await output.until(/in (\d+)/);
  expect(isAlive(Number(inside))).toBe(false);
});

it('starts again at once, as often as asked', async () => {
  const backend = await open();
  for (let round = 0; round < 8; round += 1) {
    const { running } = await start(backend, shell('exit 1'));
    expect(await running.ended).toEqual({ code: 1, signal: null });
  }
});

it('takes over what an earlier daemon started, by name, folder and home, and its log from where that ends', async () => {
  const first = await open();
  const log = new NodeLog(join(folder, 'tick.log'));
  const script = 'n=0; while :; do n=$((n+1)); echo $n; sleep 0.02; done';
  const env = { PATH: process.env.PATH, [HOME_MARKER]: folder };
  const keep = keepOf(log);
  const running = await first.start({ words: shell(script), cwd: folder, env, output: log, keep });
  started.push(running);
  const numbers = () =>
    [...readFileSync(keep.logFile, 'utf8').matchAll(/ out (\d+)$/gm)].map(([, number]) => Number(number));
  await until(() => existsSync(keep.logFile) && readFileSync(keep.logFile, 'utf8').includes(' out 10\n'));
  // As a kill does, but for the bus that it would close.
  first.close?.();
  await log.flush();
  const before = numbers().length;
  await sleep(300);

  const stranger = await open({ homeFolder: '/another/home' });
  expect(stranger.adopt?.(keep, folder)).toBeUndefined();
  const second = await open();
  expect(second.adopt?.(keep, '/elsewhere')).toBeUndefined();
  expect(second.adopt?.(keepOf(log, 'other'), folder)).toBeUndefined();
  const next = new NodeLog(keep.logFile);
  const adopted = second.adopt?.(keepOf(next), folder);
  expect(adopted?.pid).toBe(running.pid);
  expect(Math.abs((adopted?.startedAtMs ?? 0) - Date.now())).toBeLessThan(60_000);
  expect(second.runIds?.({ everyone: false }).size).toBe(1);
  await until(() => numbers().length > before + 20);
  adopted?.terminate();
  expect(await adopted?.ended).toEqual({ code: null, signal: 'SIGTERM' });
  await next.flush();
  // Nothing twice, nothing missing, also of the time when nobody read.
  expect(numbers()).toEqual(numbers().map((_number, index) => index + 1));
});

it.each([
  ['badly', 'exit 7', { code: 7, signal: null }],
  ['well', 'exit 0', { code: 0, signal: null }],
])('is told of an end while there was no daemon: %s', async (_label, script, end) => {
  const first = await open();
  const { running } = await start(first, shell(`sleep 0.2; ${script}`));
  started.length = 0;
  first.close?.();
  await until(() => !isAlive(running.pid));
  const adopted = (await open()).adopt?.(keepOf(new Sink()), folder);
  expect(await adopted?.ended).toEqual(end);
  await until(() => unitState() === 'not-found inactive');
});

it('tells that somebody stopped it through systemd', async () => {
  const { running, output } = await start(await open(), shell('echo ready; sleep 1000'));
  await output.until(/ready/);
  manager.systemctl('stop', 'bubbaloop-tick.service');
  expect(await running.ended).toEqual({ code: null, signal: 'SIGTERM', wasAsked: true });
});

it('leaves the unit of another home alone', async () => {
  const other = await open({ homeFolder: '/another/home' });
  const { running } = await start(other, ['sleep', '1000'], { homeFolder: '/another/home' });
  await expect(start(await open(), ['sleep', '1000'])).rejects.toThrow(/another daemon, whose home is \/another\/home/);
  expect(isAlive(running.pid)).toBe(true);
});

it('takes over the unit of a unit file, and puts the file aside for its own', async () => {
  const units = join(manager.folder, 'home', '.config', 'systemd', 'user');
  mkdirSync(units, { recursive: true });
  const file = join(units, 'bubbaloop-tick.service');
  const service = `[Service]\nExecStart=/bin/sleep 1000\nRestart=always\nWorkingDirectory=${folder}\n`;
  writeFileSync(file, `${service}[Install]\nWantedBy=default.target\n`);
  manager.systemctl('daemon-reload');
  manager.systemctl('enable', '--now', 'bubbaloop-tick.service');
  const backend = await open();
  const adopted = backend.adopt?.(keepOf(new Sink()), folder);
  expect(isAlive(adopted?.pid ?? 0)).toBe(true);
  adopted?.terminate();
  expect(await adopted?.ended).toEqual({ code: null, signal: 'SIGTERM' });
  const { running } = await start(backend, ['sleep', '1000']);
  expect(isAlive(running.pid)).toBe(true);
  expect(said.join()).toContain('bubbaloop-tick.service.replaced');
  expect(readFileSync(`${file}.replaced`, 'utf8')).toContain('sleep 1000');
  expect(manager.systemctl('show', '-P', 'Transient', 'bubbaloop-tick.service').trim()).toBe('yes');
});

it('touches no unit of that name that is not the node’s', async () => {
  const units = join(manager.folder, 'home', '.config', 'systemd', 'user');
  mkdirSync(units, { recursive: true });
  const file = join(units, 'bubbaloop-daemon.service');
  writeFileSync(file, '[Service]\nExecStart=/bin/sleep 1000\n');
  manager.systemctl('daemon-reload');
  manager.systemctl('start', 'bubbaloop-daemon.service');
  const backend = await open();
  expect(backend.adopt?.(keepOf(new Sink(), 'daemon'), folder)).toBeUndefined();
  await expect(start(backend, ['sleep', '1000'], { name: 'daemon' })).rejects.toThrow(/another unit .*another name/);
  expect(unitState('daemon')).toBe('loaded active');
  expect(existsSync(file)).toBe(true);
  manager.systemctl('stop', 'bubbaloop-daemon.service');
});

it('is the same after systemd has read all units again, in a folder with an odd name', async () => {
  const odd = join(folder, 'a b %n $x "ä"');
  mkdirSync(odd);
  const output = new Sink();
  const env = { PATH: process.env.PATH, [HOME_MARKER]: folder };
  const words = shell('pwd; echo "%n"; sleep 1000');
  const running = await (await open()).start({ words, cwd: odd, env, output, keep: keepOf(output) });
  started.push(running);
  await output.until(/out %n/);
  expect(output.lines).toEqual([`out ${odd}`, 'out %n']);
  manager.systemctl('daemon-reload');
  const second = await open();
  const adopted = second.adopt?.(keepOf(new Sink()), odd);
  expect(adopted?.pid).toBe(running.pid);
  adopted?.terminate();
  expect(await adopted?.ended).toEqual({ code: null, signal: 'SIGTERM' });
});

it('says that a unit is masked', async () => {
  manager.systemctl('mask', 'bubbaloop-masked.service');
  const wanted = start(await open(), ['sleep', '1000'], { name: 'masked' });
  await expect(wanted).rejects.toThrow(/masked; systemctl --user unmask/);
  manager.systemctl('unmask', 'bubbaloop-masked.service');
});

it.each([
  ['bus', { XDG_RUNTIME_DIR: '/nowhere', DBUS_SESSION_BUS_ADDRESS: '' }, /no bus of the user/],
  ['answer', { XDG_RUNTIME_DIR: '/nowhere', DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nowhere/bus' }, /no user manager/],
  ['programs', { PATH: '/nowhere' }, /systemd-cat or journalctl/],
])('says what is missing: %s', async (_label, env, reason) => {
  const { journalSocket } = manager;
  const wanted = openSystemdBackend({
    homeFolder: folder,
    env: { ...manager.env, ...env },
    journalSocket,
    say: () => {},
  });
  await expect(wanted).rejects.toThrow(reason);
});
