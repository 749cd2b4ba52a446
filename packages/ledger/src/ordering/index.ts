export { isRefusal, Status } from './admission.ts';
export {
  decodeBlock,
  emptyMetadata,
  encodeBlock,
  MetadataIndex,
  withMetadata,
  type RawBlock,
} from './block.ts';
export { BlockStore } from './block-store.ts';
export { checkFinality, checkOrdering, councilOf } from './council.ts';
export {
  encodeChannelHeader,
  encodeEnvelope,
  encodeHeader,
  encodeSignatureHeader,
  HeaderType,
  NONCE_BYTES,
  signedEnvelope,
  type SigningIdentity,
} from './envelope.ts';
export { finalityClaims, mustBeFinal, type Council, type SignatureClaim } from './finality.ts';
export type { FinalBlock, Message, ProposalId } from './messages.ts';
export { ChannelOrderer, type OrdererSettings, type OrderingNetwork } from './orderer.ts';
export { parsedOnce } from './parsed.ts';
export { quorumOf, toleratedFaults } from './quorum.ts';
export { roundRobin, type Schedule } from './schedule.ts';
export { SigningLog } from './signing-log.ts';
export { decodeOrderingValue, openBlock } from './turn-metadata.ts';
