import { equalBytes, sha256, toHex } from '@healthchain/core';
import { LedgerError } from '../error.ts';
import { parseCertificatePem, type Certificate } from './certificate.ts';
import { sameCertificate, uniqueChain } from './chain.ts';
import { parseSerializedIdentity } from './definition.ts';
import { encodePem } from './pem.ts';
import { isRevoked } from './revocation.ts';
import { chainHash, readMspRules, sanitizedMember, type MspRules } from './rules.ts';
import type { Identity, NodeRole, Principal } from './types.ts';

/** An identity with what its MSP has found out about it. */
export interface MspIdentity extends Identity {
  readonly certificate: Certificate;
  /** Absent until asked for; null: valid. */
  refusal?: LedgerError | null;
  readonly satisfied: WeakMap<Principal, boolean>;
}

export interface MspOptions {
  /** Keys of this kind are accepted from capability V3_0 on. */
  readonly ed25519: boolean;
}

/**
 * One organisation's membership at one configuration: Fabric's bccspmsp of version 1.4.3 (and 3.0). Roles come from NodeOUs or
 * the list of administrators; nothing depends on today's date.
 */
export class Msp {
  readonly mspId: string;
  readonly #rules: MspRules;
  readonly #options: MspOptions;

  /** @throws LedgerError BAD_CONFIG when the configuration does not hold together */
  constructor(mspConfig: Uint8Array, options: MspOptions) {
    this.#options = options;
    try {
      this.#rules = readMspRules(mspConfig);
      this.mspId = this.#rules.mspId;
      this.#checkAdmins();
    } catch (cause) {
      if (!(cause instanceof LedgerError)) throw cause;
      throw new LedgerError('BAD_CONFIG', `An MSP does not hold together: ${cause.message}`, { cause });
    }
  }

  /** @throws LedgerError IDENTITY_REFUSED */
  deserialize(pem: string): MspIdentity {
    const certificate = this.#member(pem);
    return {
      mspId: this.mspId,
      id: toHex(sha256(certificate.der)),
      pem: encodePem('CERTIFICATE', certificate.der),
      der: certificate.der,
      publicKey: certificate.publicKey,
      commonName: certificate.commonName,
      organizationalUnits: certificate.organizationalUnits,
      serialNumber: certificate.serialNumber,
      notBefore: certificate.notBefore,
      notAfter: certificate.notAfter,
      attributes: certificate.attributes,
      certificate,
      satisfied: new WeakMap(),
    };
  }

  /** @throws LedgerError IDENTITY_REFUSED, the same each time */
  validate(identity: MspIdentity): void {
    if (!this.#isValid(identity)) throw identity.refusal as LedgerError;
  }

  satisfies(identity: MspIdentity, principal: Principal): boolean {
    let outcome = identity.satisfied.get(principal);
    if (outcome === undefined) {
      outcome = this.#satisfies(identity, principal);
      identity.satisfied.set(principal, outcome);
    }
    return outcome;
  }

  #member(pem: string): Certificate {
    try {
      return sanitizedMember(parseCertificatePem(pem), this.#rules.anchors);
    } catch (cause) {
      if (cause instanceof LedgerError && cause.code === 'MALFORMED')
        throw refused('it cannot be read', cause);
      throw cause;
    }
  }

  #satisfies(identity: MspIdentity, principal: Principal): boolean {
    switch (principal.kind) {
      case 'role':
        return principal.mspId === this.mspId && this.#hasRole(identity, principal.role);
      case 'unit':
        return (
          principal.mspId === this.mspId && this.#isValid(identity) && this.#hasUnit(identity, principal)
        );
      case 'identity':
        return this.#isNamed(identity, principal.serialized) && this.#isValid(identity);
      case 'combined':
        return principal.principals.every((inner) => this.satisfies(identity, inner));
      default:
        return principal.kind === 'anonymity' && principal.nominal;
    }
  }

  #hasRole(identity: MspIdentity, role: NodeRole | 'member'): boolean {
    const { admins, enforcesNodeUnits } = this.#rules;
    if (role === 'admin' && admins.some((admin) => sameCertificate(admin, identity.certificate))) return true;
    if (role === 'member') return this.#isValid(identity);
    return enforcesNodeUnits && this.#isValid(identity) && this.#hasNodeUnit(identity.certificate, role);
  }

  #hasUnit(identity: MspIdentity, principal: Principal & { kind: 'unit' }): boolean {
    return (
      identity.organizationalUnits.includes(principal.unit) &&
      equalBytes(this.#certifiers(identity.certificate), principal.certifiersIdentifier)
    );
  }

  #isNamed(identity: MspIdentity, serialized: Uint8Array): boolean {
    try {
      const { mspId, certificate } = parseSerializedIdentity(serialized);
      return mspId === this.mspId && sameCertificate(this.#member(certificate), identity.certificate);
    } catch (error) {
      if (error instanceof LedgerError) return false;
      throw error;
    }
  }

  #isValid(identity: MspIdentity): boolean {
    if (identity.refusal === undefined) identity.refusal = this.#refusal(identity.certificate);
    return identity.refusal === null;
  }

  #refusal(certificate: Certificate): LedgerError | null {
    try {
      this.#checkKey(certificate);
      const [, issuer] = this.#chainOfMember(certificate);
      if (isRevoked(certificate, issuer as Certificate, this.#rules.revocations))
        throw refused('it has been revoked');
      this.#checkUnits(certificate);
      this.#checkNodeUnit(certificate);
      return null;
    } catch (error) {
      if (error instanceof LedgerError) return error;
      throw error;
    }
  }

  /** P-256 only: Fabric allows other curves, whose signatures this program does not judge. */
  #checkKey({ publicKey }: Certificate): void {
    const isP256 = publicKey.asymmetricKeyDetails?.namedCurve === 'prime256v1';
    const isEd25519 = this.#options.ed25519 && publicKey.asymmetricKeyType === 'ed25519';
    if (!isP256 && !isEd25519) throw refused('its kind of key is not supported');
  }

  #chainOfMember(certificate: Certificate): Certificate[] {
    if (certificate.isAuthority) throw refused('an authority is no member');
    const chain = uniqueChain(certificate, this.#rules.anchors);
    const issuer = chain[1];
    if (issuer === undefined) throw refused('nobody else has signed it');
    if (this.#rules.innerNodes.some((inner) => sameCertificate(inner, issuer)))
      throw refused('its issuer only certifies authorities');
    return chain;
  }

  #certifiers(certificate: Certificate): Uint8Array {
    return chainHash(this.#chainOfMember(certificate).slice(1));
  }

  /** One of the organisation's units, if it names any. */
  #checkUnits(certificate: Certificate): void {
    const { units } = this.#rules;
    if (units.size === 0) return;
    const certifiers = this.#certifiers(certificate);
    const isKnown = certificate.organizationalUnits.some((unit) =>
      units.get(unit)?.some((allowed) => equalBytes(allowed, certifiers)),
    );
    if (!isKnown) throw refused('none of its organisational units is one of the organisation');
  }

  /** Exactly one of the four roles, if they are enforced. */
  #checkNodeUnit(certificate: Certificate): void {
    if (!this.#rules.enforcesNodeUnits) return;
    const rules = new Map([...this.#rules.nodeUnits.values()].map((rule) => [rule.unit, rule]));
    const matching = certificate.organizationalUnits.flatMap((unit) => rules.get(unit) ?? []);
    if (matching.length !== 1) throw refused('it has to be exactly one of client, peer, admin and orderer');
    const certifiers = matching[0]?.certifiers;
    if (certifiers !== undefined && !equalBytes(certifiers, this.#certifiers(certificate))) {
      throw refused('its role is certified by another authority');
    }
  }

  #hasNodeUnit(certificate: Certificate, role: NodeRole): boolean {
    const rule = this.#rules.nodeUnits.get(role);
    return rule !== undefined && certificate.organizationalUnits.includes(rule.unit);
  }

  #checkAdmins(): void {
    const { admins, enforcesNodeUnits, nodeUnits } = this.#rules;
    if (admins.length === 0 && !(enforcesNodeUnits && nodeUnits.has('admin')))
      throw refused('nobody is an administrator');
    for (const admin of admins) {
      const isFit = enforcesNodeUnits
        ? this.#hasNodeUnit(admin, 'client') || this.#hasNodeUnit(admin, 'admin')
        : this.#refusal(admin) === null;
      if (!isFit) throw refused('an administrator is no valid member');
    }
  }
}

function refused(why: string, cause?: unknown): LedgerError {
  return new LedgerError('IDENTITY_REFUSED', `The certificate is not valid for its organisation: ${why}`, {
    cause,
  });
}
