/** Services of systemd that router and daemon run as. */
import { execFile } from 'node:child_process';
import { userInfo } from 'node:os';
import { isLingering } from '../daemon/lingering.ts';
import { type Check, gravest, type Result, skipped } from './check.ts';
import type { Facts } from './facts.ts';

const LIMIT_MS = 3_000;
const SERVICES = /^bubbaloop-(router|daemon)\.service$/;

interface Unit {
  readonly id: string;
  readonly load: string;
  readonly loadError: string;
  readonly active: string;
  readonly result: string;
  readonly file: string;
  readonly needsReload: boolean;
}

export const systemdUnits: Check = {
  id: 'system-units',
  area: 'system',
  title: 'systemd units',
  async run(facts) {
    const tried = 'asked systemctl --user for bubbaloop-*';
    const units = await readUnits(facts.env);
    if (units === undefined) return skipped(tried, 'No user manager of systemd answers.');
    if (units.length === 0) return skipped(tried, 'There are none: router and daemon are started by hand.');
    const findings = units.flatMap(troubleOf);
    if (!isLingering() && units.some(({ id, file }) => SERVICES.test(id) && file === 'enabled')) {
      const { username } = userInfo();
      findings.push({
        outcome: 'warning',
        seen: `${username} does not linger.`,
        means: 'The services start when that user logs in, and end when the last session of it does.',
        remedy: `sudo loginctl enable-linger ${username}`,
      });
    }
    return gravest(tried, findings, `${units.map(({ id, active }) => `${id} is ${active}`).join(', ')}.`);
  },
  async fix(facts) {
    const done: string[] = [];
    const call = async (...words: string[]): Promise<void> => {
      await systemctl(words, facts.env);
      done.push(`systemctl --user ${words.join(' ')}`);
    };
    const units = (await readUnits(facts.env)) ?? [];
    if (units.some(({ needsReload }) => needsReload)) await call('daemon-reload');
    const services = units.filter(({ id }) => SERVICES.test(id));
    for (const { id, file } of services) if (file === 'disabled') await call('enable', id);
    for (const { id, active } of services) {
      if (active === 'failed') await call('reset-failed', id);
      if (active === 'failed' || active === 'inactive') await call('start', id);
    }
    return `Done: ${done.join('; ')}.`;
  },
};

function troubleOf({ id, load, loadError, active, result, file, needsReload }: Unit): Omit<Result, 'tried'>[] {
  const findings: Omit<Result, 'tried'>[] = [];
  const isService = SERVICES.test(id);
  if (load !== 'loaded' && load !== 'not-found' && load !== 'masked') {
    findings.push({
      outcome: 'problem',
      seen: `${id} cannot be loaded (${load}${loadError === '' ? '' : `: ${loadError}`}).`,
      means: 'systemd does not start it.',
      remedy: `systemd-analyze --user verify ${id}; bubbaloop setup writes it anew`,
    });
  }
  if (needsReload) {
    findings.push({
      outcome: 'warning',
      seen: `${id} was changed on disk, and systemd has the older text.`,
      means: 'What was changed does not count yet.',
      remedy: 'systemctl --user daemon-reload',
      isFixable: true,
    });
  }
  if (active === 'failed') {
    findings.push({
      outcome: 'problem',
      seen: `${id} has failed (${result}).`,
      means: isService ? 'systemd does not start it again by itself.' : 'This node does not run.',
      remedy: `journalctl --user -u ${id} -n 20; then: systemctl --user restart ${id}`,
      isFixable: isService,
    });
  } else if (isService && active === 'inactive' && load === 'loaded') {
    findings.push({
      outcome: 'problem',
      seen: `${id} does not run.`,
      means: 'It was stopped, or never started.',
      remedy: `systemctl --user start ${id}`,
      isFixable: true,
    });
  }
  if (isService && file === 'disabled') {
    findings.push({
      outcome: 'warning',
      seen: `${id} is not enabled.`,
      means: 'It is not started after a reboot.',
      remedy: `systemctl --user enable ${id}`,
      isFixable: true,
    });
  }
  return findings;
}

const PROPERTIES = 'Id,LoadState,LoadError,ActiveState,Result,UnitFileState,NeedDaemonReload';

/** Undefined where no user manager answers. */
async function readUnits(env: Facts['env']): Promise<Unit[] | undefined> {
  const lists = await Promise.all(
    ['list-units --all', 'list-unit-files'].map((words) =>
      systemctl([...words.split(' '), '--plain', '--no-legend', 'bubbaloop-*'], env).catch(() => undefined),
    ),
  );
  if (lists.every((list) => list === undefined)) return undefined;
  const names = new Set(
    lists.flatMap((list) => [...(list ?? '').matchAll(/^(bubbaloop-\S+\.service)\b/gm)].map(([, name = '']) => name)),
  );
  if (names.size === 0) return [];
  const text = await systemctl(['show', `--property=${PROPERTIES}`, ...names], env);
  return text.split('\n\n').flatMap((block): Unit[] => {
    const fields = new Map(block.split('\n').map((line) => [line.replace(/=.*$/s, ''), line.replace(/^[^=]*=/, '')]));
    const field = (name: string): string => fields.get(name) ?? '';
    if (field('Id') === '') return [];
    return [
      {
        id: field('Id'),
        load: field('LoadState'),
        loadError: /^\S+ "(.*)"$/.exec(field('LoadError'))?.[1] ?? '',
        active: field('ActiveState'),
        result: field('Result'),
        file: field('UnitFileState'),
        needsReload: field('NeedDaemonReload') === 'yes',
      },
    ];
  });
}

/** Its output; rejects with what it said. */
function systemctl(words: readonly string[], env: Facts['env']): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('systemctl', ['--user', ...words], { timeout: LIMIT_MS, env: { ...env } }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`systemctl --user ${words[0]}: ${stderr.trim() || error.message}`));
    });
  });
}
