export { certificateAttributes } from './attributes.ts';
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
