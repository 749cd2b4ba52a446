import { parseCertificatePem } from './certificate.ts';

export {
  createAuthority,
  createRevocationList,
  issueIdentity,
  issueTls,
  type CertificateAuthority,
  type IssuedIdentity,
} from './authority.ts';
export {
  decodeMspConfig,
  encodeMspConfig,
  parseSerializedIdentity,
  serializeIdentity,
  wrapMspConfig,
} from './definition.ts';
export { createIdentityManager } from './manager.ts';
export { decodePrincipal, encodeIdentityPrincipal, encodeRolePrincipal } from './principal.ts';
export type { Identity, IdentityManager, NodeRole, Principal } from './types.ts';

/** The attributes of Fabric CA's extension in a PEM certificate; none when it has none. @throws LedgerError MALFORMED */
export function certificateAttributes(pem: string): Readonly<Record<string, string>> {
  return parseCertificatePem(pem).attributes;
}
