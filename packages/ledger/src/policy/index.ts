export type { Policy, PolicyContext, PolicyManager, SignatureCheck, SignedData } from './types.ts';
import type { Identity } from '../msp/index.ts';
import type { Policy, PolicyContext, SignedData } from './types.ts';

/** "OutOf(2, 'A.peer', 'B.peer')" → SignaturePolicyEnvelope. @throws LedgerError POLICY_SYNTAX */
export declare function parsePolicy(text: string): Uint8Array;
/** An ApplicationPolicy holding a signature policy: what a chaincode definition's validation parameter is. */
export declare function applicationPolicy(text: string): Uint8Array;
/** The distinct signers whose signatures hold, in order. */
export declare function validSigners(context: PolicyContext, signed: readonly SignedData[]): Identity[];
export declare function evaluateSignedData(
  context: PolicyContext,
  policy: Policy,
  signed: readonly SignedData[],
): boolean;
