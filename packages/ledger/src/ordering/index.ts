export { Status } from './admission.ts';
export {
  decodeBlock,
  encodeBlock,
  partsWithoutData,
  MetadataIndex,
  withMetadata,
  type DeliveredBlock,
  type RawBlock,
} from './block.ts';
export { BlockStore, cutBlocks } from './block-store.ts';
export { checkOrdering } from './council.ts';
export { encodeEnvelope, HeaderType, NONCE_BYTES, signedEnvelope, type SigningIdentity } from './envelope.ts';
export type { Message } from './messages.ts';
export { ChannelOrderer } from './orderer.ts';
export type { OrdererSettings, OrderingNetwork } from './orderer-settings.ts';
export { parsedOnce } from './parsed.ts';
export { quorumOf } from './quorum.ts';
export { SigningLog } from './signing-log.ts';
