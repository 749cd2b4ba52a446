import { verify } from 'node:crypto';
import { equalBytes } from '@healthchain/core';
import { toLowS } from '../crypto/index.ts';
import { LedgerError } from '../error.ts';
import { OID, readExtension, serialText, signedPart, type Certificate } from './certificate.ts';
import { elements, inside, TAG } from './der.ts';
import { decodePem } from './pem.ts';

const PEM_PREFIX = '-----BEGIN X509 CRL';
const EXTENSIONS_TAG = 0xa0;
const KEY_IDENTIFIER_TAG = 0x80;

/** A certificate revocation list, in the form that an MSP looks into it. */
export interface RevocationList {
  readonly authorityKeyIdentifier: Uint8Array | undefined;
  /** As Certificate.serialNumber. */
  readonly serialNumbers: ReadonlySet<string>;
  signedBy(authority: Certificate): boolean;
}

/** DER or PEM. @throws LedgerError MALFORMED */
export function parseRevocationList(bytes: Uint8Array): RevocationList {
  const isPem = Buffer.from(bytes.subarray(0, PEM_PREFIX.length)).toString('latin1') === PEM_PREFIX;
  const der = isPem ? decodePem(bytes) : bytes;
  const [tbs] = inside(der, TAG.sequence);
  if (tbs === undefined) throw new LedgerError('MALFORMED', 'Not a revocation list');
  const fields = elements(tbs.content);
  return {
    authorityKeyIdentifier: readAuthorityKey(fields.find(({ tag }) => tag === EXTENSIONS_TAG)?.content),
    serialNumbers: new Set(readSerials(fields)),
    signedBy: memoized((authority) => isSignedBy(der, authority)),
  };
}

/**
 * Whether one of the lists revokes a certificate that `issuer` signed. Revocation counts from the configuration that carries
 * the list, whatever date the list names.
 * @throws LedgerError IDENTITY_REFUSED when issuer or list cannot be matched
 */
export function isRevoked(
  certificate: Certificate,
  issuer: Certificate,
  lists: readonly RevocationList[],
): boolean {
  if (issuer.subjectKeyIdentifier === undefined) throw unmatched('the issuer has no key identifier');
  const key = issuer.subjectKeyIdentifier;
  return lists.some((list) => {
    if (list.authorityKeyIdentifier === undefined) throw unmatched('a revocation list has no key identifier');
    return (
      equalBytes(list.authorityKeyIdentifier, key) &&
      list.serialNumbers.has(certificate.serialNumber) &&
      list.signedBy(issuer)
    );
  });
}

/** Version, signature algorithm, issuer, this update, then optionally next update, the revoked ones, and extensions. */
function readSerials(fields: ReturnType<typeof elements>): string[] {
  const afterVersion = fields[0]?.tag === TAG.integer ? 1 : 0;
  const revoked = fields.slice(afterVersion + 2).find(({ tag }) => tag === TAG.sequence);
  return elements(revoked?.content ?? new Uint8Array()).map(({ content }) =>
    serialText(elements(content)[0]?.content ?? new Uint8Array()),
  );
}

function readAuthorityKey(extensions: Uint8Array | undefined): Uint8Array | undefined {
  if (extensions === undefined) return undefined;
  const found = inside(extensions, TAG.sequence)
    .map(({ whole }) => readExtension(whole))
    .find(({ oid }) => oid === OID.authorityKeyIdentifier);
  if (found === undefined) return undefined;
  return (
    inside(found.value, TAG.sequence).find(({ tag }) => tag === KEY_IDENTIFIER_TAG)?.content ??
    new Uint8Array()
  );
}

function isSignedBy(der: Uint8Array, authority: Certificate): boolean {
  const { signed, signature } = signedPart(der);
  const low = toLowS(signature);
  return low !== undefined && verify('sha256', signed, authority.publicKey, low);
}

function memoized(decide: (authority: Certificate) => boolean): (authority: Certificate) => boolean {
  const known = new WeakMap<Certificate, boolean>();
  return (authority) => {
    const outcome = known.get(authority) ?? decide(authority);
    known.set(authority, outcome);
    return outcome;
  };
}

function unmatched(why: string): LedgerError {
  return new LedgerError('IDENTITY_REFUSED', `The certificate cannot be matched with revocations: ${why}`);
}
