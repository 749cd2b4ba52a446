export { startFabric, type FabricNetwork } from './network.ts';
export type { Consensus } from './programs.ts';
