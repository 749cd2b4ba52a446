import { X509Certificate, type KeyObject } from 'node:crypto';
import { equalBytes, fromUtf8, toHex, type Bytes } from '@healthchain/core';
import { toLowS } from '../crypto/index.ts';
import { LedgerError } from '../error.ts';
import { elementAt, elements, inside, readOid, sequence, TAG, writeBitString, type Element } from './der.ts';
import { decodePem } from './pem.ts';

export const OID = {
  commonName: '2.5.4.3',
  country: '2.5.4.6',
  organization: '2.5.4.10',
  organizationalUnit: '2.5.4.11',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  anyExtendedKeyUsage: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  /** Fabric CA's attributes: the JSON text `{"attrs":{…}}`. */
  fabricAttributes: '1.2.3.4.5.6.7.8.1',
} as const;

/** Critical extensions that are understood; any other makes a certificate unusable, as in Go's x509. */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  OID.keyUsage,
  OID.subjectAltName,
  OID.basicConstraints,
  OID.extendedKeyUsage,
  OID.subjectKeyIdentifier,
  OID.authorityKeyIdentifier,
]);
const KEY_CERT_SIGN = 0x04;
const ECDSA_SIGNATURE = '1.2.840.10045.4.';
const EXTENSIONS_TAG = 0xa3;
const EXPLICIT_VERSION_TAG = 0xa0;

interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
}

/** What the rules of an MSP read of a certificate. */
export interface Certificate {
  readonly der: Uint8Array;
  readonly x509: X509Certificate;
  readonly publicKey: KeyObject;
  readonly subject: Uint8Array;
  readonly issuer: Uint8Array;
  readonly commonName: string;
  readonly organizationalUnits: readonly string[];
  /** Upper-case hexadecimal without leading zeros. */
  readonly serialNumber: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly isAuthority: boolean;
  readonly maxPathLength: number | undefined;
  /** May sign certificates, as far as its key usage says. */
  readonly mayCertify: boolean;
  readonly extendedKeyUsages: readonly string[];
  readonly subjectKeyIdentifier: Uint8Array | undefined;
  readonly hasUnknownCritical: boolean;
  readonly isEcdsaSigned: boolean;
  readonly attributes: Readonly<Record<string, string>>;
}

/** @throws LedgerError MALFORMED */
export function parseCertificatePem(pem: Uint8Array | string): Certificate {
  return parseCertificate(decodePem(pem));
}

/** @throws LedgerError MALFORMED */
function parseCertificate(der: Uint8Array): Certificate {
  let x509: X509Certificate;
  try {
    x509 = new X509Certificate(der);
    return { der: new Uint8Array(x509.raw), x509, ...readFields(x509) };
  } catch (cause) {
    throw new LedgerError('MALFORMED', 'Not an X.509 certificate', { cause });
  }
}

/**
 * The certificate with its ECDSA signature in low-S form, which is how Fabric compares and identifies certificates whoever
 * signed them.
 */
export function sanitized(certificate: Certificate): Certificate {
  const [tbs, algorithm, signature] = inside(certificate.der, TAG.sequence);
  if (!certificate.isEcdsaSigned || tbs === undefined || algorithm === undefined || signature === undefined)
    return certificate;
  const original = signature.content.subarray(1);
  const low = toLowS(original);
  if (low === undefined) throw new LedgerError('MALFORMED', 'The signature of a certificate cannot be read');
  if (equalBytes(low, original)) return certificate;
  return parseCertificate(sequence(tbs.whole, algorithm.whole, writeBitString(low)));
}

function readFields(x509: X509Certificate): Omit<Certificate, 'der' | 'x509'> {
  const [tbs, algorithm] = inside(new Uint8Array(x509.raw), TAG.sequence) as [Element, Element];
  const fields = elements(tbs.content).filter(({ tag }) => tag !== EXPLICIT_VERSION_TAG) as [
    Element,
    Element,
    Element,
    Element,
    Element,
  ];
  const [serial, , issuer, , subject] = fields;
  const extensions = readExtensions(fields);
  const find = (oid: string): Uint8Array | undefined =>
    extensions.find((extension) => extension.oid === oid)?.value;
  const names = readName(subject);
  return {
    publicKey: x509.publicKey,
    subject: subject.whole,
    issuer: issuer.whole,
    commonName: names.filter(([oid]) => oid === OID.commonName).at(-1)?.[1] ?? '',
    organizationalUnits: names.filter(([oid]) => oid === OID.organizationalUnit).map(([, text]) => text),
    serialNumber: serialText(serial.content),
    notBefore: x509.validFromDate,
    notAfter: x509.validToDate,
    ...readConstraints(find(OID.basicConstraints)),
    mayCertify: mayCertify(find(OID.keyUsage)),
    extendedKeyUsages: readUsages(find(OID.extendedKeyUsage)),
    subjectKeyIdentifier: readOctets(find(OID.subjectKeyIdentifier)),
    hasUnknownCritical: extensions.some(({ oid, critical }) => critical && !UNDERSTOOD.has(oid)),
    isEcdsaSigned: readOid(elementAt(algorithm.content, 0).content).startsWith(ECDSA_SIGNATURE),
    attributes: readAttributes(find(OID.fabricAttributes)),
  };
}

export function serialText(content: Uint8Array): string {
  return toHex(content)
    .replace(/^0+(?=.)/, '')
    .toUpperCase();
}

function readExtensions(fields: readonly Element[]): Extension[] {
  const holder = fields.find(({ tag }) => tag === EXTENSIONS_TAG);
  if (holder === undefined) return [];
  return inside(holder.content, TAG.sequence).map(({ whole }) => readExtension(whole));
}

/** An Extension of a certificate or of a revocation list. */
export function readExtension(bytes: Uint8Array): Extension {
  const [oid, ...rest] = inside(bytes, TAG.sequence);
  return {
    oid: readOid(oid?.content ?? new Uint8Array()),
    critical: rest[0]?.tag === TAG.boolean && rest[0].content[0] !== 0,
    value: rest.at(-1)?.content ?? new Uint8Array(),
  };
}

function readName(name: Element): [string, string][] {
  return elements(name.content).flatMap((set) =>
    elements(set.content).map((pair): [string, string] => {
      const [oid, text] = elements(pair.content);
      return [readOid(oid?.content ?? new Uint8Array()), Buffer.from(text?.content ?? []).toString()];
    }),
  );
}

function readConstraints(value: Uint8Array | undefined): {
  isAuthority: boolean;
  maxPathLength: number | undefined;
} {
  const parts = value === undefined ? [] : inside(value, TAG.sequence);
  const length = parts.find(({ tag }) => tag === TAG.integer)?.content;
  return {
    isAuthority: parts.some(({ tag, content }) => tag === TAG.boolean && content[0] !== 0),
    maxPathLength: length === undefined ? undefined : Number.parseInt(toHex(length), 16),
  };
}

function mayCertify(value: Uint8Array | undefined): boolean {
  return value === undefined || ((elementAt(value, 0).content[1] ?? 0) & KEY_CERT_SIGN) !== 0;
}

function readUsages(value: Uint8Array | undefined): string[] {
  return value === undefined ? [] : inside(value, TAG.sequence).map(({ content }) => readOid(content));
}

function readOctets(value: Uint8Array | undefined): Uint8Array | undefined {
  return value === undefined ? undefined : elementAt(value, 0).content;
}

/** Anything but text attributes is left out, as Fabric's client identity library does with what it cannot read. */
function readAttributes(value: Uint8Array | undefined): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  try {
    const { attrs } = JSON.parse(fromUtf8(value)) as { attrs?: Record<string, unknown> };
    return Object.fromEntries(
      Object.entries(attrs ?? {}).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
    );
  } catch {
    return {};
  }
}

/** The tbs part and the signature of a certificate or revocation list, for checking who signed it. */
export function signedPart(der: Uint8Array): { readonly signed: Bytes; readonly signature: Bytes } {
  const [tbs, , signature] = inside(der, TAG.sequence);
  if (tbs === undefined || signature === undefined)
    throw new LedgerError('MALFORMED', 'Not a signed structure');
  return { signed: new Uint8Array(tbs.whole), signature: new Uint8Array(signature.content.subarray(1)) };
}
