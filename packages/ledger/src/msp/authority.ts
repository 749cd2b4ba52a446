import { createHash, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import { utf8, type Bytes } from '@healthchain/core';
import { importPrivateKey, signDigestless } from '../crypto/index.ts';
import { LedgerError } from '../error.ts';
import { OID, parseCertificatePem, type Certificate } from './certificate.ts';
import {
  elementAt,
  elements,
  sequence,
  TAG,
  writeBitString,
  writeElement,
  writeInteger,
  writeOid,
  writeText,
  writeTime,
} from './der.ts';
import { encodePem } from './pem.ts';
import type { NodeRole } from './types.ts';

/** PEM: a certificate and its PKCS #8 key. */
export interface CertificateAuthority {
  readonly certificate: string;
  readonly privateKey: string;
}

export interface IssuedIdentity {
  readonly certificate: string;
  readonly privateKey: string;
}

interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

interface Request extends Validity {
  readonly subject: Uint8Array;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Uint8Array[];
}

const SERIAL_BYTES = 16;
const USAGE = { digitalSignature: 0x80, keyEncipherment: 0x20, certSign: 0x04, crlSign: 0x02 } as const;
const ALGORITHM = sequence(writeOid(OID.ecdsaWithSha256));
const VERSION_3 = writeElement(0xa0, writeInteger(Uint8Array.of(2)));
const VERSION_2 = writeInteger(Uint8Array.of(1));

/** A self-signed root of one organisation, with the extensions that cryptogen and Fabric's MSP ask for. */
export async function createAuthority(
  options: Validity & { readonly commonName: string; readonly organization: string },
): Promise<CertificateAuthority> {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = name([OID.organization, options.organization], [OID.commonName, options.commonName]);
  const certificate = certify(
    {
      ...options,
      subject,
      publicKey: keys.publicKey,
      extensions: [
        keyUsage(USAGE.digitalSignature | USAGE.keyEncipherment | USAGE.certSign | USAGE.crlSign),
        extension(OID.basicConstraints, sequence(writeElement(TAG.boolean, Uint8Array.of(0xff))), true),
        extension(OID.subjectKeyIdentifier, writeElement(TAG.octetString, keyIdentifier(keys.publicKey))),
      ],
    },
    subject,
    keys.privateKey,
  );
  return { certificate, privateKey: exportKey(keys.privateKey) };
}

/** A signing certificate classified by its organisational unit; `attributes` become Fabric CA's extension. */
export async function issueIdentity(
  authority: CertificateAuthority,
  options: Validity & {
    readonly commonName: string;
    readonly ou: NodeRole;
    readonly attributes?: Readonly<Record<string, string>>;
  },
): Promise<IssuedIdentity> {
  const attributes = options.attributes ?? {};
  const holder =
    Object.keys(attributes).length === 0
      ? []
      : [extension(OID.fabricAttributes, utf8(JSON.stringify({ attrs: attributes })))];
  return issue(authority, {
    ...options,
    subject: name([OID.organizationalUnit, options.ou], [OID.commonName, options.commonName]),
    extensions: [keyUsage(USAGE.digitalSignature), notAnAuthority(), ...holder],
  });
}

/** A certificate for TLS as server and as client under the given host names and addresses. */
export async function issueTls(
  authority: CertificateAuthority,
  options: Validity & { readonly commonName: string; readonly hosts: readonly string[] },
): Promise<IssuedIdentity> {
  return issue(authority, {
    ...options,
    subject: name([OID.commonName, options.commonName]),
    extensions: [
      keyUsage(USAGE.digitalSignature | USAGE.keyEncipherment),
      extension(OID.extendedKeyUsage, sequence(writeOid(OID.serverAuth), writeOid(OID.clientAuth))),
      notAnAuthority(),
      extension(OID.subjectAltName, sequence(...options.hosts.map(alternativeName))),
    ],
  });
}

/** A DER list of the given certificates (PEM), signed by the authority that issued them; it replaces earlier lists. */
export async function createRevocationList(
  authority: CertificateAuthority,
  options: { readonly certificates: readonly string[]; readonly at: Date },
): Promise<Uint8Array> {
  const issuer = parseCertificatePem(authority.certificate);
  const at = writeTime(options.at);
  const entries = options.certificates.map((pem) =>
    sequence(writeInteger(Buffer.from(evenHex(parseCertificatePem(pem).serialNumber), 'hex')), at),
  );
  const tbs = sequence(
    VERSION_2,
    ALGORITHM,
    issuer.subject,
    at,
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    writeElement(0xa0, sequence(authorityKey(issuer))),
  );
  return signed(tbs, importPrivateKey(authority.privateKey));
}

function issue(authority: CertificateAuthority, request: Omit<Request, 'publicKey'>): IssuedIdentity {
  const issuer = parseCertificatePem(authority.certificate);
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const extensions = [...request.extensions, authorityKey(issuer)];
  const certificate = certify(
    { ...request, publicKey: keys.publicKey, extensions },
    issuer.subject,
    importPrivateKey(authority.privateKey),
  );
  return { certificate, privateKey: exportKey(keys.privateKey) };
}

function certify(request: Request, issuer: Uint8Array, key: KeyObject): string {
  const tbs = sequence(
    VERSION_3,
    writeInteger(serialNumber()),
    ALGORITHM,
    issuer,
    sequence(writeTime(request.notBefore), writeTime(request.notAfter)),
    request.subject,
    request.publicKey.export({ type: 'spki', format: 'der' }),
    writeElement(0xa3, sequence(...request.extensions)),
  );
  return encodePem('CERTIFICATE', signed(tbs, key));
}

function signed(tbs: Uint8Array, key: KeyObject): Bytes {
  return sequence(tbs, ALGORITHM, writeBitString(signDigestless(key, tbs)));
}

/** Positive and never beginning with a zero byte. */
function serialNumber(): Uint8Array {
  const bytes = randomBytes(SERIAL_BYTES);
  bytes[0] = ((bytes[0] as number) & 0x7f) | 0x40;
  return bytes;
}

function name(...parts: readonly (readonly [string, string])[]): Bytes {
  return sequence(
    ...parts.map(([oid, text]) =>
      writeElement(TAG.set, sequence(writeOid(oid), writeText(TAG.utf8String, text))),
    ),
  );
}

function extension(oid: string, value: Uint8Array, critical = false): Bytes {
  const flag = critical ? [writeElement(TAG.boolean, Uint8Array.of(0xff))] : [];
  return sequence(writeOid(oid), ...flag, writeElement(TAG.octetString, value));
}

function keyUsage(bits: number): Bytes {
  const unused = 31 - Math.clz32(bits & -bits);
  return extension(OID.keyUsage, writeBitString(Uint8Array.of(bits), unused), true);
}

function notAnAuthority(): Bytes {
  return extension(OID.basicConstraints, sequence(), true);
}

function authorityKey(issuer: Certificate): Bytes {
  if (issuer.subjectKeyIdentifier === undefined)
    throw new LedgerError('MALFORMED', 'The authority has no key identifier');
  return extension(OID.authorityKeyIdentifier, sequence(writeElement(0x80, issuer.subjectKeyIdentifier)));
}

/** SHA-256 of the public point, as cryptogen's. */
function keyIdentifier(publicKey: KeyObject): Uint8Array {
  const [, point] = elements(elementAt(publicKey.export({ type: 'spki', format: 'der' }), 0).content);
  return createHash('sha256')
    .update(point?.content.subarray(1) ?? '')
    .digest();
}

function alternativeName(host: string): Bytes {
  if (isIP(host) === 0) return writeElement(0x82, utf8(host));
  if (isIP(host) === 4) return writeElement(0x87, Uint8Array.from(host.split('.'), Number));
  throw new LedgerError('MALFORMED', `Certificates are issued for names and IPv4 addresses, not for ${host}`);
}

function exportKey(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function evenHex(hex: string): string {
  return hex.length % 2 === 0 ? hex : `0${hex}`;
}
