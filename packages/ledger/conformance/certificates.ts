import { webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

cryptoProvider.set(webcrypto as unknown as Crypto);

export interface Pair {
  readonly certificate: string;
  readonly privateKey: string;
}

export interface OddCertificate {
  readonly commonName: string;
  /** Organisational units as written into the subject; none is allowed here, unlike in a proper identity. */
  readonly units: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** Certificates that a proper CA would not issue: without a NodeOU, with two, already expired. */
export async function issueOdd(authority: Pair, odd: OddCertificate): Promise<Pair> {
  const issuer = new X509Certificate(authority.certificate);
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const signingKey = await importKey(authority.privateKey);
  const certificate = await X509CertificateGenerator.create({
    subject: [...odd.units.map((unit) => `OU=${unit}`), `CN=${odd.commonName}`].join(', '),
    issuer: issuer.subject,
    notBefore: odd.notBefore,
    notAfter: odd.notAfter,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const privateKey = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { certificate: certificate.toString('pem'), privateKey: PemConverter.encode(privateKey, 'PRIVATE KEY') };
}

async function importKey(pem: string): Promise<CryptoKey> {
  const der = PemConverter.decodeFirst(pem);
  return webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']);
}
