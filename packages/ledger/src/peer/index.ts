export { checkAccess } from './access.ts';
export type { Chaincode, ChaincodeResponse } from './chaincode.ts';
export { ERROR_THRESHOLD } from './chaincode.ts';
export { PeerChannel } from './channel.ts';
export type { CommittedBlock } from './committer.ts';
export { ProposalRefused, type Endorsed } from './endorser.ts';
export { BlockFeed, type BlockSource, type DeliveredBlock } from './feed.ts';
export { Peer, type PeerSettings } from './peer.ts';
export { decodeSignedProposal, type DecodedProposal } from './proposal.ts';
export {
  encodeEndorsement,
  encodeEvent,
  encodeProposalResponse,
  encodeResponse,
} from './proposal-response.ts';
export type { NamespaceInterest } from './simulator.ts';
export { isSystemChaincode } from './system-chaincodes.ts';
