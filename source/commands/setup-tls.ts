/** `bubbaloop setup tls`: the fleet's certificates, made on the central server. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { findHome } from '../daemon/home.ts';
import { EXIT_FAILED, EXIT_OK, UserError, usageError } from '../errors.ts';
import {
  type Authority,
  BACKDATE_MS,
  issueMachine,
  issueServer,
  makeAuthority,
  type Validity,
} from '../setup/certificates.ts';
import { compareFiles, type FileOutcome, type PlannedFile, recordFileOf, writeFiles } from '../setup/planned-files.ts';
import { certificateProblem, dayOf, readCertificates } from '../setup/router-safety.ts';
import { detectTailscale } from '../setup/tailscale.ts';
import { type TlsFiles, tlsFiles } from '../setup/tls-files.ts';
import { isMachineId, machineId } from '../wire/names.ts';
import { booleanFlag, type Invocation, numberFlag, stringFlag } from './command.ts';
import { isTold, sayOutcomes } from './setup-outcome.ts';

const DAY_MS = 24 * 3_600_000;
/** What TLS clients accept of a server at most. */
const DEFAULT_DAYS = 825;
/** Longer than any certificate: renewing them must not change the authority. */
const AUTHORITY_DAYS = 20 * 365;
const SECRET_MODE = 0o600;
/** Beside the three files it names, so that programs on that machine can connect over TLS themselves. */
const CREDENTIALS = '{ "ca": "ca.pem", "certificate": "certificate.pem", "key": "key.pem" }\n';

export async function setUpTls(invocation: Invocation): Promise<number> {
  const home = findHome(stringFlag(invocation, 'home'), process.env).folder;
  const files = tlsFiles(home);
  const days = numberFlag(invocation, 'days') ?? DEFAULT_DAYS;
  if (!(days > 0 && days <= AUTHORITY_DAYS)) throw usageError(`--days lies between 1 and ${AUTHORITY_DAYS}.`);
  const nowMs = Date.now();
  const validity = { fromMs: nowMs - BACKDATE_MS, toMs: nowMs + days * DAY_MS };
  const revoked = namesOf(invocation, 'revoke');
  const machines = namesOf(invocation, 'machine');
  const known = listMachines(files);
  for (const name of revoked) {
    if (machines.includes(name)) throw usageError(`${name} cannot be both made and revoked.`);
    if (!known.includes(name)) {
      throw new UserError(`There is no certificate for ${JSON.stringify(name)}.`, {
        hint: known.length === 0 ? undefined : `There are: ${known.join(', ')}.`,
      });
    }
  }
  const isRenewed = booleanFlag(invocation, 'renew');
  const { authority, planned } = await planAuthority(files, nowMs);
  planned.push(...(await planCentral(files, authority, invocation, { validity, nowMs, isRenewed })));
  const issuers = known.filter((name) => !revoked.includes(name) && !(machines.includes(name) && isRenewed));
  const trusted = issuers.map((name) => issuerOf(machineFolder(files, name)));
  for (const name of machines) {
    if (known.includes(name) && !isRenewed) continue;
    const issued = await issueMachine(authority, name, validity);
    const folder = machineFolder(files, name);
    planned.push(
      { path: join(folder, 'ca.pem'), text: line(authority.certificate), purpose: `for ${name}` },
      { path: join(folder, 'certificate.pem'), text: line(issued.certificate), purpose: `for ${name}` },
      { path: join(folder, 'key.pem'), text: line(issued.key), mode: SECRET_MODE, purpose: `for ${name}, secret` },
      { path: join(folder, 'credentials.json'), text: CREDENTIALS, purpose: `what sessions of ${name} show` },
    );
    trusted.push(line(issued.issuer));
  }
  planned.push(await planTrusted(files, trusted, authority, validity));

  const isDry = booleanFlag(invocation, 'dryRun');
  // Nobody edits certificates: what differs is an older one, and needs no copy.
  const outcomes = compareFiles(planned, recordFileOf(home), { force: true }).map(
    (entry): FileOutcome => (entry.outcome === 'replaced' ? { ...entry, outcome: 'changed' } : entry),
  );
  if (!isDry) {
    writeFiles(outcomes, recordFileOf(home));
    for (const name of revoked) rmSync(machineFolder(files, name), { recursive: true, force: true });
  }
  sayOutcomes(outcomes, isDry);
  for (const name of revoked)
    say(`${name} is ${isDry ? 'to be ' : ''}shut out: its issuer is no longer in ${files.trusted}.`);
  const expired = sayMachines(files, nowMs);
  if (!isDry) sayNext(files, machines, revoked);
  return isTold(outcomes) && !expired ? EXIT_OK : EXIT_FAILED;
}

async function planAuthority(
  files: TlsFiles,
  nowMs: number,
): Promise<{ readonly authority: Authority; readonly planned: PlannedFile[] }> {
  if (existsSync(files.authority) && existsSync(files.authorityKey)) {
    const authority = { certificate: readText(files.authority), key: readText(files.authorityKey) };
    const [certificate] = readCertificates(files.authority);
    const problem = certificate === undefined ? undefined : certificateProblem(certificate, nowMs);
    if (problem !== undefined)
      throw new UserError(`${files.authority}: ${problem}.`, { hint: 'Remove the folder tls and make all anew.' });
    return { authority, planned: [] };
  }
  if (existsSync(files.authority)) {
    throw new UserError(`${files.authority} is here without its key: this is not the machine that made it.`, {
      hint: 'Run `bubbaloop setup tls` on the central server.',
    });
  }
  const authority = await makeAuthority({ fromMs: nowMs - BACKDATE_MS, toMs: nowMs + AUTHORITY_DAYS * DAY_MS });
  return {
    authority,
    planned: [
      { path: files.authority, text: line(authority.certificate), purpose: 'the fleet’s authority' },
      { path: files.authorityKey, text: line(authority.key), mode: SECRET_MODE, purpose: 'its key: keep it secret' },
    ],
  };
}

interface Plan {
  readonly validity: Validity;
  readonly nowMs: number;
  readonly isRenewed: boolean;
}

/** None where the certificate that is there serves. */
async function planCentral(
  files: TlsFiles,
  authority: Authority,
  invocation: Invocation,
  plan: Plan,
): Promise<PlannedFile[]> {
  const hosts = await centralHosts(namesOf(invocation, 'host'));
  if (existsSync(files.certificate) && !plan.isRenewed) {
    const [certificate] = readCertificates(files.certificate);
    const isNamed = namesOf(invocation, 'host').every(
      (host) => (isIP(host) === 0 ? certificate?.checkHost(host) : certificate?.checkIP(host)) !== undefined,
    );
    if (certificate !== undefined && isNamed && certificateProblem(certificate, plan.nowMs) === undefined) return [];
  }
  const name = machineId(process.env, hostname());
  const issued = await issueServer(authority, name, hosts, plan.validity);
  return [
    { path: files.certificate, text: line(issued.certificate), purpose: `central’s own, for ${hosts.join(', ')}` },
    { path: files.key, text: line(issued.key), mode: SECRET_MODE, purpose: 'its key, secret' },
  ];
}

/** Names and addresses that this machine has, and those given. */
async function centralHosts(given: readonly string[]): Promise<string[]> {
  const { dnsName } = await detectTailscale();
  const addresses = Object.values(networkInterfaces()).flatMap((all = []) =>
    // Link-local addresses mean nothing without an interface.
    all.filter(({ address }) => !address.startsWith('fe80:')).map(({ address }) => address),
  );
  return [...new Set([hostname(), 'localhost', ...(dnsName === undefined ? [] : [dnsName]), ...addresses, ...given])];
}

/** An empty list would keep the router from starting: then it holds an issuer that has signed nothing. */
async function planTrusted(
  files: TlsFiles,
  issuers: readonly string[],
  authority: Authority,
  validity: Validity,
): Promise<PlannedFile> {
  const all = issuers.length > 0 ? issuers : [line((await issueMachine(authority, 'nobody', validity)).issuer)];
  return { path: files.trusted, text: all.join(''), purpose: 'the machines that central lets in' };
}

function listMachines(files: TlsFiles): string[] {
  if (!existsSync(files.machines)) return [];
  return readdirSync(files.machines)
    .filter((name) => existsSync(join(files.machines, name, 'certificate.pem')))
    .sort();
}

function machineFolder(files: TlsFiles, name: string): string {
  return join(files.machines, name);
}

/** The second of its chain. */
function issuerOf(folder: string): string {
  const file = join(folder, 'certificate.pem');
  const issuer = readCertificates(file)[1];
  if (issuer === undefined)
    throw new UserError(`${file} holds no issuer.`, { hint: 'Make it anew: --machine ID --renew' });
  return line(issuer.toString());
}

function namesOf(invocation: Invocation, flag: 'machine' | 'revoke' | 'host'): string[] {
  const value = invocation.flags[flag];
  const names = Array.isArray(value) ? [...new Set(value as readonly string[])] : [];
  for (const name of names) {
    const isGood =
      flag === 'host'
        ? /^[A-Za-z0-9.:-]+$/.test(name)
        : isMachineId(name) && /^[\w.]+$/.test(name) && !name.startsWith('.');
    if (!isGood)
      throw usageError(
        `--${flag}: ${JSON.stringify(name)} is no ${flag === 'host' ? 'name or address' : 'machine id'}.`,
      );
  }
  return names;
}

/** A line for each machine; true where one has expired. */
function sayMachines(files: TlsFiles, nowMs: number): boolean {
  let isExpired = false;
  for (const name of listMachines(files)) {
    const [certificate] = readCertificates(join(machineFolder(files, name), 'certificate.pem'));
    if (certificate === undefined) continue;
    const problem = certificateProblem(certificate, nowMs);
    isExpired ||= problem !== undefined;
    say(
      problem === undefined
        ? `${name}: valid until ${dayOf(certificate.validToDate)}`
        : `${name}: ${problem}; --machine ${name} --renew`,
    );
  }
  return isExpired;
}

function sayNext(files: TlsFiles, machines: readonly string[], revoked: readonly string[]): void {
  for (const name of machines) {
    const folder = machineFolder(files, name);
    say(`To ${name}: tar -C ${folder} -c . | ssh ${name} 'mkdir -p .bubbaloop/tls && tar -C .bubbaloop/tls -x'`);
  }
  if (machines.length > 0) say('There: bubbaloop setup jetson --central HOST --tls');
  if (machines.length + revoked.length > 0)
    say('Central’s router takes it up when it is started again: bubbaloop setup central --tls');
}

function line(text: string): string {
  return `${text.trimEnd()}\n`;
}

function readText(path: string): string {
  return readFileSync(path, 'utf8');
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
