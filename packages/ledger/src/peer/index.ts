export { checkAccess } from './access.ts';
export type { Chaincode, ChaincodeResponse } from './chaincode.ts';
export { PeerChannel } from './channel.ts';
export type { CommittedBlock } from './committer.ts';
export type { Endorsed } from './endorsed.ts';
export { BlockFeed } from './feed.ts';
export { Peer } from './peer.ts';
export { decodeSignedProposal, type DecodedProposal } from './proposal.ts';
export { ProposalRefused } from './proposal-checks.ts';
export {
  encodeEndorsement,
  encodeEvent,
  encodeProposalResponse,
  encodeResponse,
} from './proposal-response.ts';
export type { NamespaceInterest } from './simulator.ts';
export { isSystemChaincode } from './system-chaincodes.ts';
