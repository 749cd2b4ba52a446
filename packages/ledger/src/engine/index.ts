export type { ChaincodeSource } from './chaincodes.ts';
export type { ConfigChange, NodeStatus, RebuildReport, RepairReport, RevocationRequest } from './control.ts';
export { decodeBlock, type DecodedBlock, type DecodedTransaction } from './decode-block.ts';
export { type NetworkDefinition } from './definition.ts';
export { startEngine, type Engine, type StartEngineOptions } from './engine.ts';
export { enroll, type EnrollOptions } from './enroll.ts';
export type { KeyPair } from './keys.ts';
export { createNetwork, openNetwork, type CreateNetworkOptions, type Network } from './network.ts';
export { openOfflineLedger, type OfflineLedger } from './offline.ts';
