export { benchLedger, type BenchOptions, type BenchReport } from './bench/index.ts';
export { channelConfigFromBlock as channelConfigFrom, type ChannelConfig } from './config/index.ts';
export { nativeSigner } from './crypto/index.ts';
export {
  createNetwork,
  decodeBlock,
  enroll,
  openNetwork,
  openOfflineLedger,
  startEngine,
  type ChaincodeSource,
  type ConfigChange,
  type CreateNetworkOptions,
  type DecodedBlock,
  type DecodedTransaction,
  type Engine,
  type EnrollOptions,
  type KeyPair,
  type Network,
  type NetworkDefinition,
  type NodeStatus,
  type OfflineLedger,
  type RebuildReport,
  type RepairReport,
  type RevocationRequest,
  type StartEngineOptions,
} from './engine/index.ts';
export { LedgerError, type LedgerErrorCode } from './error.ts';
export { playByteFlips, playPowerCuts, type ByteFlipReport, type PowerCutReport } from './faults/index.ts';
export type { GatewayClient } from './gateway/index.ts';
export { listen, writeConnectionFolder, type Listener, type ListenOptions } from './listener/index.ts';
export {
  certificateAttributes,
  serializeIdentity,
  type Identity,
  type IdentityManager,
} from './msp/index.ts';
export { checkOrdering } from './ordering/index.ts';
export type { Chaincode, ChaincodeResponse } from './peer/index.ts';
export {
  COUNCIL_SIZES,
  FAULTY_RULE_NAMES,
  simulate,
  type CouncilSize,
  type SimulateOptions,
  type SimulationReport,
} from './simulation/index.ts';
export { ValidationCode } from './validation/index.ts';
export {
  blockProof,
  checkBlockProof,
  verifyChain,
  type ChainReport,
  type ChainToVerify,
  type Finding,
} from './verify/index.ts';
