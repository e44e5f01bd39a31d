/** What the machines of the fleet must agree on: versions, clocks, ids. */
import { type Check, gravest, skipped } from './check.ts';

/** Signed commands count for so long; see command-guard. */
const REFUSED_FROM_MS = 30_000;
const WARN_FROM_MS = 2_000;

export const versions: Check = {
  id: 'fleet-versions',
  area: 'fleet',
  title: 'versions',
  async run(facts) {
    const tried = 'compared the versions of routers and daemons';
    const [routers, daemons] = await Promise.all([facts.routers(), facts.daemons()]);
    if (routers.length === 0 && daemons.length === 0) return skipped(tried, 'Nobody answered.');
    const zenoh = routers.map((router): Version => [router.name ?? router.zid, router.version]);
    const findings = [];
    if (new Set(zenoh.map(([, version]) => version)).size > 1) {
      findings.push({
        outcome: 'warning' as const,
        seen: `Routers run different versions of zenoh: ${listed(zenoh)}.`,
        means: 'Versions 1.x talk to each other, but newer features and some fields are missing on the older ones.',
        remedy: 'Bring all machines to one version of bubbaloop, and start their routers again',
      });
    }
    const others = daemons
      .map(({ machine, manifest }): Version => [machine, manifest.version])
      .filter(([, version]) => version !== facts.version);
    if (others.length > 0) {
      findings.push({
        outcome: 'warning' as const,
        seen: `This is bubbaloop ${facts.version}; daemons of other versions: ${listed(others)}.`,
        means: 'They may lack commands and fields that this program uses.',
        remedy: 'Bring them to one version, then on each: systemctl --user restart bubbaloop-daemon',
      });
    }
    const seen = [...new Set(zenoh.map(([, version]) => version))].map((version) => `zenoh ${version}`);
    return gravest(
      tried,
      findings,
      `Routers: ${routers.length} (${seen.join(', ') || 'none'}); daemons: ${daemons.length}, all of version ${facts.version}.`,
    );
  },
};

/** Of whom, and which. */
type Version = readonly [name: string, version: string];

function listed(versions: readonly Version[]): string {
  return versions.map(([name, version]) => `${name} ${version === '' ? 'of no known version' : version}`).join(', ');
}

export const clocks: Check = {
  id: 'fleet-clocks',
  area: 'fleet',
  title: 'clocks',
  async run(facts) {
    const tried = 'asked each daemon for its time';
    const clocks = await facts.clocks();
    if (clocks.length === 0) return skipped(tried, 'No daemon answered.');
    const findings = clocks
      .filter(({ aheadMs, uncertainMs }) => Math.abs(aheadMs) - uncertainMs > WARN_FROM_MS)
      .map(({ machine, aheadMs, uncertainMs }) => {
        const isRefused = Math.abs(aheadMs) - uncertainMs > REFUSED_FROM_MS;
        return {
          outcome: isRefused ? ('problem' as const) : ('warning' as const),
          seen: `The clock of ${machine} is ${(Math.abs(aheadMs) / 1_000).toFixed(1)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} this one.`,
          means: isRefused
            ? 'Signed commands are refused between the two, and times of logs and samples do not fit together.'
            : 'Times of logs and samples do not fit together.',
          remedy: 'On the machine whose clock is wrong: sudo timedatectl set-ntp true',
        };
      });
    const worstMs = Math.max(...clocks.map(({ aheadMs, uncertainMs }) => Math.abs(aheadMs) + uncertainMs));
    return gravest(tried, findings, `Machines: ${clocks.length}, at most ${(worstMs / 1_000).toFixed(1)} s apart.`);
  },
};

export const identities: Check = {
  id: 'fleet-ids',
  area: 'fleet',
  title: 'machine ids',
  async run(facts) {
    const tried = 'looked for machines that share an id';
    const [daemons, routers] = await Promise.all([facts.daemons(), facts.routers()]);
    if (daemons.length === 0 && routers.length === 0) return skipped(tried, 'Nobody answered.');
    const twins = doubled(daemons.map(({ machine }) => machine));
    const twinRouters = doubled(routers.flatMap(({ name }) => name ?? []));
    const remedy = 'Give each its own: bubbaloop daemon --machine-id ID, bubbaloop router --name ID';
    return gravest(
      tried,
      [
        ...twins.map((machine) => ({
          outcome: 'problem' as const,
          seen: `More than one daemon answers as ${machine}.`,
          means: 'Both carry out what is meant for one, and the screen shows now the one, now the other.',
          remedy,
        })),
        ...twinRouters.map((name) => ({
          outcome: 'warning' as const,
          seen: `More than one router is called ${name}.`,
          means: 'They cannot be told apart on the screen.',
          remedy,
        })),
      ],
      `Machines: ${daemons.length}, each with an id of its own.`,
    );
  },
};

function doubled(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

export const fleetKey: Check = {
  id: 'key-fleet',
  area: 'key',
  title: 'one key in the fleet',
  async run(facts) {
    const tried = 'compared the fingerprints of the daemons’ fleet keys';
    const daemons = (await facts.daemons()).filter(({ manifest }) => manifest.fleetKey !== undefined);
    if (daemons.length === 0) return skipped(tried, 'No daemon told its own.');
    const by = (wanted: (key: string) => boolean): string[] =>
      daemons.filter(({ manifest }) => wanted(manifest.fleetKey ?? '')).map(({ machine }) => machine);
    const without = by((key) => key === 'none');
    const unusable = by((key) => key === 'unusable');
    const prints = [
      ...new Set(daemons.flatMap(({ manifest: { fleetKey = '' } }) => (isWord(fleetKey) ? [] : fleetKey))),
    ];
    const findings = [];
    if (prints.length > 1) {
      const groups = prints.map((print) => `${print} on ${by((key) => key === print).join(', ')}`);
      findings.push({
        outcome: 'problem' as const,
        seen: `The fleet has ${prints.length} keys: ${groups.join('; ')}.`,
        means: 'Commands signed with one are refused where the other is.',
        remedy: 'bubbaloop key show --secret | ssh MACHINE bubbaloop key import --force',
      });
    }
    if (prints.length > 0 && without.length > 0) {
      findings.push({
        outcome: 'problem' as const,
        seen: `${without.join(', ')} ${without.length === 1 ? 'has' : 'have'} no key, others have one.`,
        means: 'There, whoever reaches a router can start and stop nodes.',
        remedy: 'bubbaloop key show --secret | ssh MACHINE bubbaloop key import',
      });
    }
    if (unusable.length > 0) {
      findings.push({
        outcome: 'problem' as const,
        seen: `The key of ${unusable.join(', ')} cannot be used.`,
        means: 'No command over zenoh is taken there.',
        remedy: `On ${unusable[0]}: bubbaloop doctor -c key`,
      });
    }
    if (prints.length === 0 && unusable.length === 0) {
      return {
        outcome: 'hint',
        tried,
        seen: 'No machine has a fleet key.',
        means: 'Whoever reaches a router can start and stop nodes.',
        remedy: 'bubbaloop key create',
      };
    }
    return gravest(tried, findings, `Machines: ${daemons.length}, all with key ${prints[0] ?? ''}.`);
  },
};

function isWord(key: string): boolean {
  return key === 'none' || key === 'unusable' || key === '';
}
