/** `bubbaloop setup central` and `setup jetson`. */
import { lookup } from 'node:dns/promises';
import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import { findHome } from '../daemon/home.ts';
import { EXIT_FAILED, EXIT_OK, UserError, usageError } from '../errors.ts';
import { compareFiles, type FileOutcome, type PlannedFile, recordFileOf, writeFiles } from '../setup/planned-files.ts';
import { type RouterChoice, routerChoiceFile, routerChoiceText } from '../setup/router-choice.ts';
import { detectTailscale, type TailscaleState } from '../setup/tailscale.ts';
import { missingTlsFile, TLS_PORT, tlsConfig, tlsFiles } from '../setup/tls-files.ts';
import { type UnitName, unitFolder, unitText } from '../setup/units.ts';
import { machineId } from '../wire/names.ts';
import { booleanFlag, type Invocation, stringFlag } from './command.ts';
import { centralEndpoint, hostAndPort } from './router-config.ts';
import { configFile, readConfigFile } from './settings.ts';
import { isTold, sayOutcomes } from './setup-outcome.ts';

type Role = 'central' | 'jetson';

/** Where sessions on the machine itself connect. */
const LOCAL_ENDPOINT = 'tcp/127.0.0.1:7447';

export async function setUpMachine(role: Role, invocation: Invocation): Promise<number> {
  const home = findHome(stringFlag(invocation, 'home'), process.env).folder;
  const id = machineId(
    { BUBBALOOP_MACHINE_ID: stringFlag(invocation, 'machineId') ?? process.env.BUBBALOOP_MACHINE_ID },
    hostname(),
  );
  const tailscale = await detectTailscale();
  const isTls = booleanFlag(invocation, 'tls');
  const address = role === 'central' ? listenAddress(stringFlag(invocation, 'address'), tailscale) : undefined;
  const central = stringFlag(invocation, 'central');
  if (central !== undefined) await checkResolves(central);
  if (isTls) checkTlsFiles(home, role);
  const servers = { ...serverOf('websocket', invocation), ...serverOf('rest', invocation) };
  const choice = { ...chooseRouter({ role, home, address, central, isTls }), ...servers };

  const files: PlannedFile[] = [
    { path: routerChoiceFile(home), text: await routerChoiceText(choice), purpose: 'what `bubbaloop router` runs' },
    ...(await plannedSettings(home, id, invocation)),
  ];
  const units: UnitName[] =
    role === 'central' ? ['bubbaloop-router.service'] : ['bubbaloop-router.service', 'bubbaloop-daemon.service'];
  const isSystemd = booleanFlag(invocation, 'systemd');
  if (isSystemd) {
    const customHome = home === join(homedir(), '.bubbaloop') ? undefined : home;
    const folder = unitFolder(process.env, homedir());
    files.push(
      ...units.map((name) => ({
        path: join(folder, name),
        text: unitText(name, customHome),
        purpose: 'keeps it running, also over a restart of the machine',
      })),
    );
  }

  const isDry = booleanFlag(invocation, 'dryRun');
  const outcomes = compareFiles(files, recordFileOf(home), { force: booleanFlag(invocation, 'force') });
  if (!isDry) writeFiles(outcomes, recordFileOf(home));
  say(
    `${isDry ? 'Would set up' : 'Set up'} as ${role === 'central' ? 'the central server' : `a robot of ${central}`}: machine ${id}.`,
  );
  sayOutcomes(outcomes, isDry);
  offerTailscale(role, address, tailscale);
  if (address === '0.0.0.0' && !isTls) {
    say('Zenoh will be open to everyone who reaches this machine, without a password: see --address and --tls.');
  }
  if (!isTold(outcomes)) return EXIT_FAILED;
  if (isDry) return EXIT_OK;
  if (isSystemd) return (await import('./setup-systemd.ts')).startUnits(units, isAnyWritten(outcomes));
  say('Now start it, each in a terminal of its own, or again with --systemd:');
  say('  bubbaloop router');
  if (role === 'jetson') say('  bubbaloop daemon');
  say('Whether all is well: bubbaloop status');
  return EXIT_OK;
}

interface Wanted {
  readonly role: Role;
  readonly home: string;
  readonly address: string | undefined;
  readonly central: string | undefined;
  readonly isTls: boolean;
}

function chooseRouter({ role, home, address, central, isTls }: Wanted): RouterChoice {
  const cfg = isTls ? { cfg: tlsConfig(tlsFiles(home), role) } : {};
  if (role === 'jetson') return { profile: 'jetson', central: centralOf(central ?? '', isTls), ...cfg };
  const host = address?.includes(':') === true ? `[${address}]` : address;
  if (isTls) return { profile: 'central', listen: [LOCAL_ENDPOINT, `tls/${host}:${TLS_PORT}`], ...cfg };
  if (address === '0.0.0.0') return { profile: 'central' };
  // Loopback too: `top` on central itself.
  return { profile: 'central', listen: [LOCAL_ENDPOINT, `tcp/${host}:7447`] };
}

function serverOf(flag: 'websocket' | 'rest', invocation: Invocation): Partial<RouterChoice> {
  const value = stringFlag(invocation, flag);
  return value === undefined ? {} : { [flag]: hostAndPort(`--${flag}`, value) };
}

/** As it was given, where no encryption changes port and protocol. */
function centralOf(central: string, isTls: boolean): string {
  const endpoint = centralEndpoint(central);
  if (!isTls || central.includes('/')) return central;
  const hasPort = /:\d+$/.test(central);
  return endpoint.replace(/^tcp\//, 'tls/').replace(/:\d+$/, (port) => (hasPort ? port : `:${TLS_PORT}`));
}

function listenAddress(given: string | undefined, tailscale: TailscaleState): string {
  if (given === undefined) return '0.0.0.0';
  if (given === 'tailscale') {
    if (tailscale.address !== undefined) return tailscale.address;
    const state = tailscale.backendState === undefined ? '' : ` Tailscale says: ${tailscale.backendState}.`;
    throw new UserError(`This machine has no Tailscale address.${state}`, { hint: 'Bring it up with `tailscale up`.' });
  }
  if (!/^(?:[A-Za-z0-9.-]+|[0-9A-Fa-f:.]+)$/.test(given)) {
    throw usageError(`--address wants one address of this machine, not ${JSON.stringify(given)}.`);
  }
  return given;
}

/** A name that does not resolve now is more often misspelt than not yet there. */
async function checkResolves(central: string): Promise<void> {
  const host = centralEndpoint(central)
    .replace(/^[a-z-]+\//, '')
    .replace(/[?#].*$/, '')
    .replace(/:\d+$/, '')
    .replaceAll(/[[\]]/g, '');
  try {
    await lookup(host);
  } catch (error) {
    throw new UserError(`The address of ${JSON.stringify(host)} is not known: ${(error as Error).message}.`, {
      hint: 'Nothing was written. An IP address needs no looking up: --central 100.64.0.1',
      cause: error,
    });
  }
}

function checkTlsFiles(home: string, role: Role): void {
  const missing = missingTlsFile(tlsFiles(home), role);
  if (missing === undefined) return;
  throw new UserError(`${missing} is missing.`, {
    hint:
      role === 'central'
        ? 'Make the certificates first: bubbaloop setup tls --machine ID …'
        : `Make it on central (bubbaloop setup tls --machine ID) and copy its folder tls/machines/ID to ${tlsFiles(home).folder}`,
  });
}

/** None where the file says the same already: then it is the user's own. */
async function plannedSettings(home: string, id: string, invocation: Invocation): Promise<PlannedFile[]> {
  const file = configFile(stringFlag(invocation, 'home') ?? home, process.env);
  const { default: JSON5 } = await import('json5');
  const text = [
    '// Settings of bubbaloop on this machine; the environment and flags go before them. See: bubbaloop config',
    '{',
    `  BUBBALOOP_MACHINE_ID: ${JSON5.stringify(id)},`,
    `  BUBBALOOP_ZENOH_ENDPOINT: '${LOCAL_ENDPOINT}',`,
    '}',
    '',
  ].join('\n');
  const values = await readConfigFile(file);
  const isSame = values?.BUBBALOOP_MACHINE_ID === id && values.BUBBALOOP_ZENOH_ENDPOINT === LOCAL_ENDPOINT;
  return isSame ? [] : [{ path: file, text, purpose: 'this machine’s id and router, for every command' }];
}

function offerTailscale(role: Role, address: string | undefined, tailscale: TailscaleState): void {
  if (tailscale.address === undefined || address === tailscale.address) return;
  const name = tailscale.dnsName ?? tailscale.address;
  if (role === 'central') {
    say(`Tailscale: this machine is ${tailscale.address} (${tailscale.interfaceName}). To listen there only:`);
    say('  bubbaloop setup central --address tailscale');
  } else {
    say(`Tailscale: this machine is ${name}.`);
  }
}

function isAnyWritten(outcomes: readonly FileOutcome[]): boolean {
  return outcomes.some(({ outcome }) => ['new', 'changed', 'replaced'].includes(outcome));
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
