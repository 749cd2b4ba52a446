import { concat, sha256 } from '@healthchain/core';
import { LedgerError } from '../error.ts';
import { parseCertificatePem, sanitized, type Certificate } from './certificate.ts';
import { sameCertificate, uniqueChain, type TrustAnchors } from './chain.ts';
import { decodeMspConfig, type FabricMspConfig } from './definition.ts';
import { isRevoked, parseRevocationList, type RevocationList } from './revocation.ts';
import type { NodeRole } from './types.ts';

/** An organisational unit that counts only below the given chain of authorities; below any when it names none. */
interface UnitRule {
  readonly unit: string;
  readonly certifiers: Uint8Array | undefined;
}

/** What an MSP configuration says, checked as Fabric's MSP setup does. */
export interface MspRules {
  readonly mspId: string;
  readonly anchors: TrustAnchors;
  /** Authorities that stand above another one; they sign no members. */
  readonly innerNodes: readonly Certificate[];
  readonly revocations: readonly RevocationList[];
  /** Units of which a member needs one, with the hashes of the chains that may certify them; empty: no such rule. */
  readonly units: ReadonlyMap<string, readonly Uint8Array[]>;
  readonly nodeUnits: ReadonlyMap<NodeRole, UnitRule>;
  readonly enforcesNodeUnits: boolean;
  readonly admins: readonly Certificate[];
}

/** @throws LedgerError MALFORMED, IDENTITY_REFUSED, BAD_CONFIG */
export function readMspRules(mspConfig: Uint8Array): MspRules {
  const config = decodeMspConfig(mspConfig);
  const anchors = trustAnchors(config);
  const revocations = config.getRevocationListList_asU8().map(parseRevocationList);
  checkAuthorities(anchors, revocations);
  checkTlsAuthorities(config);
  const nodeUnits = readNodeUnits(config, anchors);
  return {
    mspId: config.getName(),
    anchors,
    innerNodes: anchors.intermediates.flatMap((intermediate) => uniqueChain(intermediate, anchors).slice(1)),
    revocations,
    units: readUnits(config, anchors),
    nodeUnits,
    enforcesNodeUnits: config.getFabricNodeOus()?.getEnable() === true && nodeUnits.size > 0,
    admins: config.getAdminsList_asU8().map((pem) => sanitizedMember(parseCertificatePem(pem), anchors)),
  };
}

/**
 * The certificate in the form that it is compared and identified in.
 * @throws LedgerError IDENTITY_REFUSED when it has no chain to the anchors
 */
export function sanitizedMember(certificate: Certificate, anchors: TrustAnchors): Certificate {
  if (!certificate.isEcdsaSigned) return certificate;
  uniqueChain(certificate, anchors);
  return sanitized(certificate);
}

/** The certifiers identifier: SHA-256 over the certificates of a chain of authorities. */
export function chainHash(chain: readonly Certificate[]): Uint8Array {
  return sha256(concat(...chain.map(({ der }) => der)));
}

function trustAnchors(config: FabricMspConfig): TrustAnchors {
  const roots = config.getRootCertsList_asU8().map((pem) => sanitized(parseCertificatePem(pem)));
  const intermediates = config
    .getIntermediateCertsList_asU8()
    .map((pem) => sanitized(parseCertificatePem(pem)));
  if (roots.length === 0) throw unusable('there is no CA certificate');
  return { roots, intermediates };
}

function checkAuthorities(anchors: TrustAnchors, revocations: readonly RevocationList[]): void {
  for (const authority of [...anchors.roots, ...anchors.intermediates]) {
    if (!authority.isAuthority) throw unusable('a CA certificate is not marked as one');
    if (authority.subjectKeyIdentifier === undefined)
      throw unusable('a CA certificate has no key identifier');
    const [, issuer] = uniqueChain(authority, anchors);
    if (issuer !== undefined && isRevoked(authority, issuer, revocations))
      throw unusable('a CA certificate has been revoked');
  }
}

function checkTlsAuthorities(config: FabricMspConfig): void {
  const anchors: TrustAnchors = {
    roots: config.getTlsRootCertsList_asU8().map(parseCertificatePem),
    intermediates: config.getTlsIntermediateCertsList_asU8().map(parseCertificatePem),
  };
  for (const authority of [...anchors.roots, ...anchors.intermediates]) {
    if (!authority.isAuthority || authority.subjectKeyIdentifier === undefined)
      throw unusable('a TLS CA certificate is not fit to be one');
    uniqueChain(authority, anchors);
  }
}

function readUnits(config: FabricMspConfig, anchors: TrustAnchors): Map<string, Uint8Array[]> {
  const units = new Map<string, Uint8Array[]>();
  for (const unit of config.getOrganizationalUnitIdentifiersList()) {
    const name = unit.getOrganizationalUnitIdentifier();
    units.set(name, [...(units.get(name) ?? []), certifiersOf(unit.getCertificate_asU8(), anchors)]);
  }
  return units;
}

function readNodeUnits(config: FabricMspConfig, anchors: TrustAnchors): Map<NodeRole, UnitRule> {
  const ous = config.getFabricNodeOus();
  const identifiers = [
    ['client', ous?.getClientOuIdentifier()],
    ['peer', ous?.getPeerOuIdentifier()],
    ['admin', ous?.getAdminOuIdentifier()],
    ['orderer', ous?.getOrdererOuIdentifier()],
  ] as const;
  const rules = new Map<NodeRole, UnitRule>();
  for (const [role, identifier] of identifiers) {
    if (identifier === undefined) continue;
    const pem = identifier.getCertificate_asU8();
    const certifiers = pem.length === 0 ? undefined : certifiersOf(pem, anchors);
    rules.set(role, { unit: identifier.getOrganizationalUnitIdentifier(), certifiers });
  }
  return rules;
}

/** Of the chain that begins with one of the organisation's authorities. */
function certifiersOf(pem: Uint8Array, anchors: TrustAnchors): Uint8Array {
  const certificate = sanitized(parseCertificatePem(pem));
  const isKnown = [...anchors.roots, ...anchors.intermediates].some((known) =>
    sameCertificate(known, certificate),
  );
  if (!isKnown) throw unusable('an organisational unit names a CA that is none of the organisation');
  return chainHash(uniqueChain(certificate, anchors));
}

function unusable(why: string): LedgerError {
  return new LedgerError('BAD_CONFIG', `Unusable: ${why}`);
}
