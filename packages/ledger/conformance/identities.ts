import { X509Certificate } from 'node:crypto';
import { nativeSigner } from '../src/crypto/index.ts';
import { createAuthority, createRevocationList, issueIdentity } from '../src/msp/index.ts';
import type { CertificateAuthority, IssuedIdentity, NodeRole } from '../src/msp/index.ts';
import type { IdentityKind, MspId, Signing } from './target.ts';

const DAY_MS = 86_400_000;
/** Long enough to be used by a case, short enough to wait for. Certificates count whole seconds. */
export const EXPIRING_MS = 8_000;

/** The identity CA of an organisation, as a target's network has it. */
export type AuthorityOf = (mspId: MspId) => Promise<CertificateAuthority>;

/** A revocation list of the organisation's CA, dated as its certificate begins: lists from the future are no lists. */
export async function revocationList(
  authorityOf: AuthorityOf,
  mspId: MspId,
  certificates: readonly string[],
): Promise<Uint8Array> {
  const authority = await authorityOf(mspId);
  return createRevocationList(authority, { certificates, at: beginOf(authority) });
}

function beginOf({ certificate }: CertificateAuthority): Date {
  return new X509Certificate(certificate).validFromDate;
}

/** Identities by organisation and kind, each made once. */
export function identities(authorityOf: AuthorityOf): (mspId: MspId, kind: IdentityKind) => Promise<Signing> {
  const made = new Map<string, Promise<Signing>>();
  return (mspId, kind) => {
    const known = made.get(`${mspId} ${kind}`) ?? make(authorityOf, mspId, kind);
    made.set(`${mspId} ${kind}`, known);
    return known;
  };
}

async function make(authorityOf: AuthorityOf, mspId: MspId, kind: IdentityKind): Promise<Signing> {
  const authority = await authorityOf(mspId);
  const begins = beginOf(authority);
  const issue = async (by: CertificateAuthority, ou: string, from = begins, to = after(Date.now(), DAY_MS)) =>
    issueIdentity(by, { commonName: kind, ou: ou as NodeRole, notBefore: from, notAfter: to });
  switch (kind) {
    case 'stranger':
      return signing(mspId, await issue(await foreignAuthority(begins), 'client'));
    case 'outsider':
      return signing('NowhereMSP', await issue(await foreignAuthority(begins), 'client'));
    case 'expired':
      return signing(mspId, await issue(authority, 'client', begins, after(begins, 1_000)));
    case 'expiring':
      return signing(mspId, await issue(authority, 'client', begins, after(Date.now(), EXPIRING_MS)));
    case 'premature':
      return signing(mspId, await issue(authority, 'client', after(begins, -DAY_MS)));
    case 'revoked':
    case 'leaving':
      return signing(mspId, await issue(authority, 'client'));
    case 'unclassified':
      return signing(mspId, await issue(authority, 'visitor'));
    default:
      return signing(mspId, await issue(authority, kind));
  }
}

/** A CA that no target knows. */
export function foreignAuthority(notBefore: Date): Promise<CertificateAuthority> {
  const validity = { notBefore, notAfter: after(Date.now(), DAY_MS) };
  return createAuthority({ commonName: 'ca.nowhere', organization: 'nowhere', ...validity });
}

function after(time: Date | number, milliseconds: number): Date {
  return new Date(Number(time) + milliseconds);
}

/** A member of an organisation of the case's own. */
export async function memberOf(
  authority: CertificateAuthority,
  mspId: string,
  ou: NodeRole,
): Promise<Signing> {
  const validity = { notBefore: beginOf(authority), notAfter: after(Date.now(), DAY_MS) };
  return signing(mspId, await issueIdentity(authority, { commonName: ou, ou, ...validity }));
}

function signing(mspId: string, { certificate, privateKey }: IssuedIdentity): Signing {
  return {
    identity: { mspId, credentials: Buffer.from(certificate) },
    signer: nativeSigner(privateKey),
    certificate,
  };
}
