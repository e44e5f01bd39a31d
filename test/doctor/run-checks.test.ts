import { expect, test } from 'vitest';
import { AREAS, type Check, well } from '../../source/doctor/check.ts';
import { checks } from '../../source/doctor/checks.ts';
import { makeReport, reportText } from '../../source/doctor/report.ts';
import { runChecks } from '../../source/doctor/run-checks.ts';
import { DoctorHome, NO_ROUTER } from '../support/doctor.ts';

const base = { area: 'system', title: 'a check' } as const;

async function run(list: readonly Check[], options: Parameters<typeof runChecks>[2] = {}) {
  using home = new DoctorHome();
  const facts = { env: {}, home: home.home, machineId: 'm', endpoint: NO_ROUTER, version: '0.1.0' };
  return await runChecks(list, facts, options);
}

test('a check that throws, at once or later, is a finding, and the others go on', async () => {
  const reports = await run([
    {
      ...base,
      id: 'throws',
      run: () => {
        throw new Error('no such \u001b[31mfile');
      },
    },
    { ...base, id: 'rejects', run: () => Promise.reject(new Error('denied')) },
    { ...base, id: 'well', run: () => well('looked', 'fine') },
  ]);
  expect(reports).toMatchObject([
    { id: 'throws', outcome: 'problem', seen: 'It could not be looked at: no such file' },
    { id: 'rejects', outcome: 'problem', seen: 'It could not be looked at: denied' },
    { id: 'well', outcome: 'well', seen: 'fine' },
  ]);
});

test('a check that hangs is cut off, and others do not wait for it one after the other', async () => {
  const hang: Check = { ...base, id: 'hangs', run: () => new Promise(() => undefined) };
  const startedAtMs = performance.now();
  const reports = await run(
    Array.from({ length: 50 }, () => hang),
    { limitMs: 200 },
  );
  expect(reports.every(({ outcome, seen }) => outcome === 'problem' && seen === 'Nothing came of it in 0.2 s.')).toBe(
    true,
  );
  // One after the other it were 10 s.
  expect(performance.now() - startedAtMs).toBeLessThan(8_000);
});

test('what is fixable is mended once and looked at again; what cannot be mended says why', async () => {
  let isBroken = true;
  let fixes = 0;
  const broken = (seen: string) => ({ outcome: 'problem', tried: 't', seen, isFixable: true }) as const;
  const list: readonly Check[] = [
    {
      ...base,
      id: 'mends',
      run: () => (isBroken ? broken('broken') : well('t', 'whole')),
      fix: () => {
        isBroken = false;
        fixes += 1;
        return 'mended';
      },
    },
    { ...base, id: 'refuses', run: () => broken('stuck'), fix: () => Promise.reject(new Error('not allowed')) },
  ];
  expect(await run(list)).toMatchObject([{ seen: 'broken' }, { seen: 'stuck' }]);
  expect(fixes).toBe(0);
  expect(await run(list, { fix: true })).toMatchObject([
    { outcome: 'well', seen: 'whole', fixed: 'mended' },
    { outcome: 'problem', seen: 'stuck', fixed: 'It could not be mended: not allowed' },
  ]);
  expect(fixes).toBe(1);
});

test('ids are unique, areas are known, and what says it is fixable can be fixed', () => {
  expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length);
  for (const { area } of checks) expect(AREAS).toContain(area);
});

test('the report tells what was tried, seen, meant and to do; hints do not count as trouble', async () => {
  const hint: Check = {
    ...base,
    id: 'hints',
    run: () => ({ outcome: 'hint', tried: 'tried it', seen: 'seen it', remedy: 'do it' }),
  };
  const bad: Check = {
    ...base,
    id: 'bad',
    run: () => ({
      outcome: 'problem',
      tried: 'tried it',
      seen: 'seen it',
      means: 'means it',
      remedy: 'do it',
      isFixable: true,
    }),
  };
  const well = makeReport('m', 'e', await run([hint]));
  expect(well.ok).toBe(true);
  const ill = makeReport('m', 'e', await run([hint, bad]));
  expect(ill).toMatchObject({ ok: false, counts: { hint: 1, problem: 1, warning: 0, well: 0, skipped: 0 } });
  const text = reportText(ill);
  for (const line of [
    'tried:  tried it',
    'means:  means it',
    'remedy: do it',
    'bubbaloop doctor --fix -c bad',
    '1 problem: ',
  ]) {
    expect(text).toContain(line);
  }
});
