export type { Identity, IdentityManager, NodeRole, Principal } from './types.ts';
import type { IdentityManager, NodeRole } from './types.ts';

export interface CertificateAuthority {
  readonly certificate: string;
  readonly privateKey: string;
}
export interface IssuedIdentity {
  readonly certificate: string;
  readonly privateKey: string;
}
export declare function createAuthority(options: {
  readonly commonName: string;
  readonly organization: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}): Promise<CertificateAuthority>;
/** A signing certificate with its NodeOU; `attributes` become Fabric CA's extension. */
export declare function issueIdentity(
  authority: CertificateAuthority,
  options: {
    readonly commonName: string;
    readonly ou: NodeRole;
    readonly notBefore: Date;
    readonly notAfter: Date;
    readonly attributes?: Readonly<Record<string, string>>;
  },
): Promise<IssuedIdentity>;
export declare function issueTls(
  authority: CertificateAuthority,
  options: {
    readonly commonName: string;
    readonly hosts: readonly string[];
    readonly notBefore: Date;
    readonly notAfter: Date;
  },
): Promise<IssuedIdentity>;
/** A DER CRL listing the given certificates, signed by the authority. */
export declare function createRevocationList(
  authority: CertificateAuthority,
  options: {
    readonly certificates: readonly string[];
    readonly at: Date;
  },
): Promise<Uint8Array>;

/** What an organisation's FabricMSPConfig says. */
export interface MspDefinition {
  readonly mspId: string;
  readonly rootCerts: readonly string[];
  readonly tlsRootCerts: readonly string[];
  readonly admins?: readonly string[];
  readonly revocationLists?: readonly Uint8Array[];
}
/** An MSPConfig message (type FABRIC, NodeOUs enabled), as configtxgen writes it. */
export declare function encodeMspConfig(definition: MspDefinition): Uint8Array;
/** From MSPConfig messages (bytes, one per organisation). @throws LedgerError BAD_CONFIG */
export declare function createIdentityManager(mspConfigs: readonly Uint8Array[]): IdentityManager;
export declare function serializeIdentity(mspId: string, certificatePem: string): Uint8Array;
export declare function parseSerializedIdentity(serialized: Uint8Array): {
  readonly mspId: string;
  readonly certificate: string;
};
/** The attributes of Fabric CA's extension in a PEM certificate. */
export declare function certificateAttributes(pem: string): Readonly<Record<string, string>>;
