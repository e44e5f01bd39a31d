/**
 * A small certificate authority for one fleet. Its root signs central's certificate and, for each machine, an issuer of
 * that machine alone, whose key is thrown away once it has signed the machine's certificate. Zenoh reads no revocation
 * lists; but it trusts exactly the issuers that central lists, so a machine is shut out by taking its issuer off that list,
 * and no other machine needs a new certificate.
 */
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

/** All PEM. */
export interface Issued {
  /** What the other side must trust to believe `certificate`. */
  readonly issuer: string;
  /** Chain, own certificate first. */
  readonly certificate: string;
  /** PKCS #8. */
  readonly key: string;
}

export interface Authority {
  readonly certificate: string;
  readonly key: string;
}

export interface Validity {
  readonly fromMs: number;
  readonly toMs: number;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
/** A clock that is behind must not find a new certificate invalid: machines without a battery start in the past. */
export const BACKDATE_MS = 24 * 3_600_000;

export async function makeAuthority(validity: Validity): Promise<Authority> {
  const keys = await makeKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    // Unique: a machine that met two fleets must not take one's authority for the other's.
    name: nameOf(`bubbaloop fleet ${randomBytes(4).toString('hex')}`),
    ...datesOf(validity),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [new x509.BasicConstraintsExtension(true, 1, true), ...authorityUsage()],
  });
  return { certificate: certificate.toString('pem'), key: await exportKey(keys) };
}

/** For a router that listens under these names and addresses. */
export async function issueServer(
  authority: Authority,
  name: string,
  hosts: readonly string[],
  validity: Validity,
): Promise<Issued> {
  const root = await openAuthority(authority);
  const keys = await makeKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: nameOf(name),
    issuer: root.certificate.subjectName.toJSON(),
    ...datesOf(validity),
    publicKey: keys.publicKey,
    signingKey: root.key,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension(
        hosts.map((host) => ({ type: isIP(host) === 0 ? ('dns' as const) : ('ip' as const), value: host })),
      ),
    ],
  });
  return { issuer: authority.certificate, certificate: certificate.toString('pem'), key: await exportKey(keys) };
}

/** For a machine that connects; `name` becomes its common name, by which access control knows it. */
export async function issueMachine(authority: Authority, name: string, validity: Validity): Promise<Issued> {
  const root = await openAuthority(authority);
  const issuerKeys = await makeKeys();
  const issuer = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: nameOf(`${name} issuer ${randomBytes(4).toString('hex')}`),
    issuer: root.certificate.subjectName.toJSON(),
    ...datesOf(validity),
    publicKey: issuerKeys.publicKey,
    signingKey: root.key,
    signingAlgorithm: ALGORITHM,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true), ...authorityUsage()],
  });
  const keys = await makeKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: nameOf(name),
    issuer: issuer.subjectName.toJSON(),
    ...datesOf(validity),
    publicKey: keys.publicKey,
    signingKey: issuerKeys.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
    ],
  });
  const issuerPem = issuer.toString('pem');
  return {
    issuer: issuerPem,
    certificate: `${certificate.toString('pem')}\n${issuerPem}`,
    key: await exportKey(keys),
  };
}

interface OpenAuthority {
  readonly certificate: x509.X509Certificate;
  readonly key: webcrypto.CryptoKey;
}

async function openAuthority(authority: Authority): Promise<OpenAuthority> {
  const der = x509.PemConverter.decodeFirst(authority.key);
  return {
    certificate: new x509.X509Certificate(authority.certificate),
    key: await webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']),
  };
}

function authorityUsage(): x509.Extension[] {
  return [new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true)];
}

function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function exportKey(keys: webcrypto.CryptoKeyPair): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return x509.PemConverter.encode(der, 'PRIVATE KEY');
}

function nameOf(commonName: string): x509.JsonName {
  return [{ CN: [commonName] }];
}

/** Positive, as RFC 5280 asks. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

function datesOf(validity: Validity): { readonly notBefore: Date; readonly notAfter: Date } {
  return { notBefore: new Date(validity.fromMs), notAfter: new Date(validity.toMs) };
}
