import { CodedError } from '@healthchain/core';

/** What can go wrong between this project and Fabric's programs. */
export type FabricCode =
  | 'FABRIC_MISSING' // a program or a configuration file of the release was not found
  | 'FABRIC_VERSION' // the programs found are too old for what was asked
  | 'FABRIC_CONFIG' // a configuration file of the release has not the expected form
  | 'FABRIC_DEFINITION' // the network asked for cannot be built
  | 'FABRIC_COMMAND' // a command of Fabric's ended with an error
  | 'FABRIC_NODE' // a node or chaincode process ended by itself
  | 'FABRIC_TIMEOUT'; // a condition was not reached within its limit

export class FabricError extends CodedError<FabricCode> {}
