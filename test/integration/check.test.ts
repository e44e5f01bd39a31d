import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSession } from '../../source/zenoh/open-session.ts';
import { runBubbaloop } from '../support/command-line.ts';
import { FakeMachine, makeNodeState } from '../support/fake-fleet.ts';
import { removeFolder } from '../support/remove-folder.ts';
import { startRouter, type TestRouter } from '../support/router.ts';

let router: TestRouter;
let home: string;
const machines: FakeMachine[] = [];

beforeAll(async () => {
  router = await startRouter();
  home = mkdtempSync(join(tmpdir(), 'bubbaloop-check-'));
});

afterAll(async () => {
  for (const machine of machines) await machine.stop();
  await router.stop();
  removeFolder(home);
});

/** A machine on a session of its own, as a daemon is. */
async function machine(id: string, ...nodes: readonly Parameters<typeof makeNodeState>[0][]): Promise<FakeMachine> {
  const session = openSession(router.endpoint, { shm: false });
  await session.connected({ timeoutMs: 10_000 });
  const started = await FakeMachine.on(session, { id, nodes: nodes.map((node) => makeNodeState(node)) });
  machines.push(started);
  return started;
}

function run(words: readonly string[]) {
  return runBubbaloop([...words, '--endpoint', router.endpoint], { env: { BUBBALOOP_HOME: home } });
}

function rulesFile(text: string): string {
  const file = join(home, 'other.json5');
  writeFileSync(file, text);
  return file;
}

test('one rule file decides what check says, what top --once says, and how both end', async () => {
  const jetson = await machine('jetson_1', { name: 'cam', outputs: 'flowing', outputRateHz: 4, onZenoh: true });
  const fine = await run(['check']);
  expect(fine).toMatchObject({ code: 0, stdout: 'ok: 1 machines, 1 nodes\n', stderr: '' });
  expect((await run(['top', '--once', '--json'])).code).toBe(0);

  // The user's own file, and one that is named.
  const rule = "{ rules: [{ when: 'rate', below: '5 Hz', severity: 'bad', for: '1h' }] }";
  writeFileSync(join(home, 'rules.json5'), rule);
  const slow = await run(['check']);
  expect(slow.code).toBe(1);
  expect(slow.stdout).toMatch(/^bad rate: jetson_1\/cam sends at 4\.0 Hz, under 5\.0 Hz/);
  const once = await run(['top', '--once', '--json']);
  expect(once.code).toBe(1);
  expect(JSON.parse(once.stdout)).toMatchObject({
    alerts: [{ when: 'rate', severity: 'bad', machine: 'jetson_1', node: 'cam', router: null }],
  });
  const lenient = rulesFile("{ rules: [{ when: 'rate', below: 3 }] }");
  expect((await run(['check', '--rules', lenient])).code).toBe(0);
  const silent = rulesFile("{ rules: [{ when: 'rate', below: 5, severity: 'bad' }], silence: [{ node: 'c*' }] }");
  const silenced = await run(['check', '--json', '--rules', silent]);
  expect(silenced.code).toBe(0);
  expect(JSON.parse(silenced.stdout)).toMatchObject({ ok: true, alerts: [], silenced: [{ node: 'cam' }] });
  // With --watch, `for` counts: an hour has not passed.
  expect((await run(['check', '--watch', '1'])).code).toBe(0);

  jetson.nodes = [makeNodeState({ name: 'cam', status: 'failed', lastExit: 'exit 7' })];
  const failed = await run(['check']);
  expect(failed).toMatchObject({ code: 1, stdout: 'bad node-down: jetson_1/cam failed: exit 7\n' });
  rmSync(join(home, 'rules.json5'));
});

test('a rule file with a mistake is said with its place, by check and by top, and nothing is judged', async () => {
  const file = rulesFile("{\n  rules: [{ when: 'node-dwon' }],\n}");
  for (const words of [['check'], ['top', '--once', '--json']]) {
    const result = await run([...words, '--rules', file]);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain(`${file}:2:19: "when" is "node-dwon" (did you mean "node-down"?); expected one of`);
  }
  expect(await run(['check', '--rules', join(home, 'none.json5')])).toMatchObject({ code: 2, stdout: '' });
});

test('no router is an alert, too', async () => {
  const result = await runBubbaloop(['check', '--json', '--endpoint', 'tcp/127.0.0.1:1', '--timeout', '2']);
  expect(result.code).toBe(1);
  expect(JSON.parse(result.stdout)).toMatchObject({ ok: false, alerts: [{ when: 'link', severity: 'bad' }] });
});

test('two daemons that answer for one machine id are told apart by their sessions', async () => {
  await machine('twin', { name: 'left' });
  await machine('twin', { name: 'right' });
  const result = await run(['check', '--json', '--watch', '6']);
  const { alerts } = JSON.parse(result.stdout) as { alerts: readonly { when: string; text: string }[] };
  const conflict = alerts.find(({ when }) => when === 'id-conflict');
  expect(conflict?.text).toMatch(/^twin is claimed by 2 computers: twin 10\.0\.0\.7 \(session [0-9a-f]+\) and twin /);
  expect(result.code).toBe(1);
});
