export { FabricError, type FabricCode } from './errors.ts';
export { findPrograms, type Consensus, type FabricPrograms } from './programs.ts';
export { startFabric, type FabricNetwork, type FabricOptions } from './network.ts';
