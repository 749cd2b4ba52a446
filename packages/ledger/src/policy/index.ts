export { compileApplicationPolicy } from './application-policy.ts';
export { createPolicyManager, type PolicyGroup } from './manager.ts';
export { applicationPolicy, channelPolicyReference, nOutOfPrincipals, parsePolicy } from './parse.ts';
export { compileSignaturePolicy } from './signature-policy.ts';
export { evaluateSignedData, isSatisfiedBySigner, validSigners } from './signers.ts';
export type { Policy, PolicyManager, SignatureCheck, SignedData } from './types.ts';
