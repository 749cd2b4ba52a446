import { equalBytes } from '@healthchain/core';
import { LedgerError } from '../error.ts';
import { OID, type Certificate } from './certificate.ts';

const MAX_CHAIN = 10;
const A_SECOND = 1000;

/** The certificates that an MSP trusts. */
export interface TrustAnchors {
  readonly roots: readonly Certificate[];
  readonly intermediates: readonly Certificate[];
}

/**
 * The only chain from `leaf` to a root, leaf first, by the rules of Go's x509.Certificate.Verify at one second after the
 * leaf's beginning: an MSP judges a certificate without regard to today's date.
 * @throws LedgerError IDENTITY_REFUSED when there is none, or more than one
 */
export function uniqueChain(leaf: Certificate, anchors: TrustAnchors): Certificate[] {
  if (leaf.hasUnknownCritical) throw refused('it has a critical extension of unknown meaning');
  const at = leaf.notBefore.getTime() + A_SECOND;
  const chains = anchors.roots.some((root) => sameCertificate(root, leaf))
    ? [[leaf]]
    : extend([leaf], anchors, at);
  const usable = chains.filter(servesAnyUse);
  if (usable.length !== 1)
    throw refused(usable.length === 0 ? 'no chain leads to a root' : 'several chains lead to roots');
  return usable[0] as Certificate[];
}

export function sameCertificate(a: Certificate, b: Certificate): boolean {
  return equalBytes(a.der, b.der);
}

function extend(chain: readonly Certificate[], anchors: TrustAnchors, at: number): Certificate[][] {
  if (chain.length >= MAX_CHAIN) return [];
  const child = chain.at(-1) as Certificate;
  const isParent = (candidate: Certificate): boolean =>
    issued(candidate, child) && mayStandAbove(candidate, chain, at);
  const ended = anchors.roots.filter(isParent).map((root) => [...chain, root]);
  const further = anchors.intermediates
    .filter((candidate) => !chain.some((member) => sameCertificate(member, candidate)) && isParent(candidate))
    .flatMap((candidate) => extend([...chain, candidate], anchors, at));
  return [...ended, ...further];
}

function issued(parent: Certificate, child: Certificate): boolean {
  return (
    equalBytes(parent.subject, child.issuer) &&
    parent.isAuthority &&
    parent.mayCertify &&
    child.x509.verify(parent.publicKey)
  );
}

function mayStandAbove(parent: Certificate, chain: readonly Certificate[], at: number): boolean {
  const below = chain.length - 1;
  return (
    !parent.hasUnknownCritical &&
    parent.notBefore.getTime() <= at &&
    at <= parent.notAfter.getTime() &&
    (parent.maxPathLength === undefined || below <= parent.maxPathLength)
  );
}

/** Go asks for server authentication where a certificate limits its uses. */
function servesAnyUse(chain: readonly Certificate[]): boolean {
  return chain.every(
    ({ extendedKeyUsages: uses }) =>
      uses.length === 0 || uses.includes(OID.anyExtendedKeyUsage) || uses.includes(OID.serverAuth),
  );
}

function refused(why: string): LedgerError {
  return new LedgerError('IDENTITY_REFUSED', `The certificate is not valid for its organisation: ${why}`);
}
