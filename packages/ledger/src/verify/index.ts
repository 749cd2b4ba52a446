import type { ChannelConfig } from '../config/index.ts';
import { decodeBlockMessage } from '../validation/block.ts';
import { checkBlockSignatures } from './block-signatures.ts';

export { blockProof, checkBlockProof } from './block-proof.ts';
export type { StateRow } from './replay-state.ts';
export type { ChainReport, ChainToVerify, Finding, FindingCode } from './types.ts';
export { verifyChain } from './verify-chain.ts';

/** checkBlockSignatures for a marshalled common.Block. @throws LedgerError BAD_BLOCK */
export function verifyBlockSignatures(config: ChannelConfig, block: Uint8Array): void {
  checkBlockSignatures(config, decodeBlockMessage(block));
}
