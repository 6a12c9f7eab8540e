// The authority of the API: an adapter over @peculiar/x509 that signs serving and client certificates.

import { webcrypto, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

/** ECDSA P-256, which browsers, Go and Node all accept. */
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A certificate and its private key, PEM. */
export interface KeyedCertificate {
  readonly certificate: string;
  readonly key: string;
}

export interface Validity {
  /** Unix epoch, milliseconds. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Who a client certificate speaks for, as Kubernetes reads it: CN the user, each O a group. */
export interface ClientSubject {
  readonly user: string;
  readonly groups: readonly string[];
}

/** Clocks of peers may differ this much, or by a tenth of a life that is short. */
const backdateMs = 5 * 60_000;

export const validity = (nowMs: number, lifeMs: number): Validity => ({
  notBeforeMs: nowMs - Math.min(backdateMs, lifeMs / 10),
  notAfterMs: nowMs + lifeMs,
});

/** Whether a serving certificate (PEM) is for this host, a name or an address. */
export function isForHost(certificate: string, host: string): boolean {
  const parsed = new X509Certificate(certificate);
  return (isIP(host) === 0 ? parsed.checkHost(host) : parsed.checkIP(host)) !== undefined;
}

/** Of a certificate (PEM). Throws for what is none. */
export function periodOf(certificate: string): Validity {
  const { validFrom, validTo } = new X509Certificate(certificate);
  return { notBeforeMs: Date.parse(validFrom), notAfterMs: Date.parse(validTo) };
}

/** Loaded when first needed: the library costs 14 MB resident, and most peers never sign. */
async function library() {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  x509.cryptoProvider.set(webcrypto as never);
  return x509;
}

const newKeys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);

async function keyToPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  const lines = der.toString('base64').match(/.{1,64}/g)!;
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
}

function keyFromPem(pem: string): Promise<webcrypto.CryptoKey> {
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  return webcrypto.subtle.importKey('pkcs8', der, algorithm, true, ['sign']);
}

/** Escapes what RFC 4514 gives a meaning in a distinguished name. */
const escaped = (text: string): string => text.replace(/[\\",+<>;=#]/g, (sign) => `\\${sign}`);

const times = ({ notBeforeMs, notAfterMs }: Validity) => ({
  notBefore: new Date(notBeforeMs),
  notAfter: new Date(notAfterMs),
});

/** A new self-signed authority for the API of `cluster`. */
export async function createApiAuthority(
  cluster: string,
  period: Validity,
): Promise<KeyedCertificate> {
  const x509 = await library();
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=skein-${escaped(cluster)}`,
    keys,
    signingAlgorithm: algorithm,
    ...times(period),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pem(certificate), key: await keyToPem(keys.privateKey) };
}

const pem = (certificate: { toString(format: 'pem'): string }): string =>
  `${certificate.toString('pem')}\n`;

/** The public key of a certificate (SubjectPublicKeyInfo, DER): what a join token pins. */
export const apiKeyOf = (certificate: string): Uint8Array =>
  new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' });

/** A key for a certificate and the PKCS#10 request that proves it is held; the key never travels. */
export async function createRequest(
  name: string,
): Promise<{ readonly request: string; readonly key: string }> {
  const x509 = await library();
  const keys = await newKeys();
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: `CN=${escaped(name)}`,
    keys,
    signingAlgorithm: algorithm,
  });
  return { request: `${request.toString('pem')}\n`, key: await keyToPem(keys.privateKey) };
}

/** Names under which every peer's API may be reached, besides its own. */
const everyPeersNames = [
  'localhost',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  '127.0.0.1',
  '::1',
];

/** Signs a peer's request for serving its API under `hosts`. Throws when the request does not verify. */
export async function signServing(
  authority: KeyedCertificate,
  request: string,
  name: string,
  hosts: readonly string[],
  period: Validity,
): Promise<string> {
  const x509 = await library();
  const asked = new x509.Pkcs10CertificateRequest(request);
  if (!(await asked.verify())) throw new Error('the certificate request is not signed by its key');
  const all = [...new Set([name, ...everyPeersNames, ...hosts])].filter((host) => host !== '');
  return sign(
    authority,
    `CN=system:peer:${escaped(name)}, O=system:peers`,
    asked.publicKey,
    period,
    [
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.serverAuth,
        x509.ExtendedKeyUsage.clientAuth,
      ]),
      new x509.SubjectAlternativeNameExtension(
        all.map((host) => ({ type: isIP(host) === 0 ? 'dns' : 'ip', value: host }) as const),
      ),
    ],
  );
}

/** A client certificate with a new key. */
export async function issueClient(
  authority: KeyedCertificate,
  subject: ClientSubject,
  period: Validity,
): Promise<KeyedCertificate> {
  const { request, key } = await createRequest(subject.user);
  return { key, certificate: await signClient(authority, request, subject, period) };
}

/** Signs a request for a client certificate. Throws when the request does not verify. */
export async function signClient(
  authority: KeyedCertificate,
  request: string,
  subject: ClientSubject,
  period: Validity,
): Promise<string> {
  const x509 = await library();
  const asked = new x509.Pkcs10CertificateRequest(request);
  if (!(await asked.verify())) throw new Error('the certificate request is not signed by its key');
  const groups = subject.groups.map((group) => `, O=${escaped(group)}`).join('');
  return sign(authority, `CN=${escaped(subject.user)}${groups}`, asked.publicKey, period, [
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
  ]);
}

type Library = Awaited<ReturnType<typeof library>>;

async function sign(
  authority: KeyedCertificate,
  subject: string,
  publicKey: InstanceType<Library['PublicKey']>,
  period: Validity,
  extensions: InstanceType<Library['Extension']>[],
): Promise<string> {
  const x509 = await library();
  const issuer = new x509.X509Certificate(authority.certificate);
  const certificate = await x509.X509CertificateGenerator.create({
    subject,
    issuer: issuer.subject,
    publicKey,
    signingKey: await keyFromPem(authority.key),
    signingAlgorithm: algorithm,
    ...times(period),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      ...extensions,
    ],
  });
  return pem(certificate);
}
