import type { KeyObject } from 'node:crypto';

/** A deserialized identity of one MSP. One object per certificate while it is cached, so outcomes can be kept on it. */
export interface Identity {
  readonly mspId: string;
  /** SHA-256 of the (low-S) certificate, hexadecimal; with mspId it identifies the signer. */
  readonly id: string;
  readonly pem: string;
  readonly der: Uint8Array;
  readonly publicKey: KeyObject;
  readonly commonName: string;
  readonly organizationalUnits: readonly string[];
  readonly serialNumber: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Of Fabric CA's extension 1.2.3.4.5.6.7.8.1; empty when absent. */
  readonly attributes: Readonly<Record<string, string>>;
}

export type NodeRole = 'client' | 'peer' | 'admin' | 'orderer';

/** An MSPPrincipal, decoded. */
export type Principal =
  | { readonly kind: 'role'; readonly mspId: string; readonly role: NodeRole | 'member' }
  | {
      readonly kind: 'unit';
      readonly mspId: string;
      readonly unit: string;
      readonly certifiersIdentifier: Uint8Array;
    }
  | { readonly kind: 'identity'; readonly serialized: Uint8Array }
  | { readonly kind: 'anonymity'; readonly nominal: boolean }
  | { readonly kind: 'combined'; readonly principals: readonly Principal[] }
  /** Cannot be decoded or is of no known class: nobody satisfies it. */
  | { readonly kind: 'unknown' };

/** The MSPs of one channel at one configuration. Reads no clock but the one handed in. */
export interface IdentityManager {
  readonly mspIds: readonly string[];
  /**
   * Refuses what Fabric's DeserializeIdentity refuses: unknown MSP, no PEM certificate, no chain to the MSP's roots.
   * @throws LedgerError IDENTITY_REFUSED
   */
  deserialize(serialized: Uint8Array): Identity;
  /**
   * Chain, CRL and NodeOU classification. Expiry counts only with `at` (endorser, orderer and deliver pass it, validation does not).
   * @throws LedgerError IDENTITY_REFUSED, IDENTITY_EXPIRED
   */
  validate(identity: Identity, at?: Date): void;
  satisfies(identity: Identity, principal: Principal): boolean;
}
