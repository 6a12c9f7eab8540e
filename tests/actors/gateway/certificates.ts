// An authority, and certificates it signs, for tests on loopback.

import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const VALID_MS = 3_600_000;

/** PEM texts. */
export interface Issued {
  readonly key: string;
  readonly certificate: string;
}

export interface TestAuthority {
  readonly certificate: string;
  readonly issue: (
    subject: string,
    use: 'server' | 'client',
    addresses?: string[],
  ) => Promise<Issued>;
}

const pemOf = async (key: webcrypto.CryptoKey): Promise<string> => {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  return `-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----\n`;
};

const validity = (): { notBefore: Date; notAfter: Date } => ({
  notBefore: new Date(Date.now() - VALID_MS),
  notAfter: new Date(Date.now() + VALID_MS),
});

const generate = async (): Promise<webcrypto.CryptoKeyPair> =>
  await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);

export async function createAuthority(name = 'CN=test-authority'): Promise<TestAuthority> {
  x509.cryptoProvider.set(webcrypto as never);
  const keys = await generate();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name,
    ...validity(),
    keys: keys as never,
    signingAlgorithm: ALGORITHM,
    extensions: [new x509.BasicConstraintsExtension(true, 1, true)],
  });
  let serial = 1;
  return {
    certificate: root.toString('pem'),
    issue: async (subject, use, addresses = []) => {
      const own = await generate();
      const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: (++serial).toString(16).padStart(2, '0'),
        subject,
        issuer: root.subject,
        ...validity(),
        publicKey: own.publicKey as never,
        signingKey: keys.privateKey as never,
        signingAlgorithm: ALGORITHM,
        extensions: [
          new x509.ExtendedKeyUsageExtension([
            use === 'server' ? '1.3.6.1.5.5.7.3.1' : '1.3.6.1.5.5.7.3.2',
          ]),
          new x509.SubjectAlternativeNameExtension(
            addresses.map((value) => ({ type: 'ip', value }) as const),
          ),
        ],
      });
      return { key: await pemOf(own.privateKey), certificate: certificate.toString('pem') };
    },
  };
}
