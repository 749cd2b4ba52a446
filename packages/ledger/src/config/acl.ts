/** Fabric's default policies of resources on a channel (core/aclmgmt); a channel's ACLs come before them. */
const READERS = '/Channel/Application/Readers';
const WRITERS = '/Channel/Application/Writers';

const CHANNEL_RESOURCES: Readonly<Record<string, string>> = {
  '_lifecycle/CommitChaincodeDefinition': WRITERS,
  '_lifecycle/QueryChaincodeDefinition': WRITERS,
  '_lifecycle/QueryChaincodeDefinitions': WRITERS,
  '_lifecycle/CheckCommitReadiness': WRITERS,
  'lscc/ChaincodeExists': READERS,
  'lscc/GetDeploymentSpec': READERS,
  'lscc/GetChaincodeData': READERS,
  'lscc/GetInstantiatedChaincodes': READERS,
  'lscc/GetCollectionsConfig': READERS,
  'qscc/GetChainInfo': READERS,
  'qscc/GetBlockByNumber': READERS,
  'qscc/GetBlockByHash': READERS,
  'qscc/GetTransactionByID': READERS,
  'qscc/GetBlockByTxID': READERS,
  'cscc/GetConfigBlock': READERS,
  'cscc/GetChannelConfig': READERS,
  'peer/Propose': WRITERS,
  'peer/ChaincodeToChaincode': WRITERS,
  'event/Block': READERS,
  'event/FilteredBlock': READERS,
  'gateway/CommitStatus': READERS,
  'gateway/ChaincodeEvents': READERS,
};

/** Resources that only members of the peer's own organisation may use, whatever a channel's ACLs say. */
const LOCAL_RESOURCES: Readonly<Record<string, 'admin' | 'member'>> = {
  '_lifecycle/InstallChaincode': 'admin',
  '_lifecycle/QueryInstalledChaincode': 'admin',
  '_lifecycle/GetInstalledChaincodePackage': 'admin',
  '_lifecycle/QueryInstalledChaincodes': 'admin',
  '_lifecycle/ApproveChaincodeDefinitionForMyOrg': 'admin',
  '_lifecycle/QueryApprovedChaincodeDefinition': 'admin',
  '_lifecycle/QueryApprovedChaincodeDefinitions': 'admin',
  'snapshot/submitrequest': 'admin',
  'snapshot/cancelrequest': 'admin',
  'snapshot/listpending': 'admin',
  'lscc/Install': 'admin',
  'lscc/GetInstalledChaincodes': 'admin',
  'cscc/JoinChain': 'admin',
  'cscc/JoinChainBySnapshot': 'admin',
  'cscc/JoinBySnapshotStatus': 'admin',
  'cscc/GetChannels': 'member',
};

/** The role in the peer's own organisation that a resource asks for; undefined: the channel decides. */
export function localResourceRole(resource: string): 'admin' | 'member' | undefined {
  return LOCAL_RESOURCES[resource];
}

/** The path of the policy that guards a resource of a channel; undefined: no such resource, to be refused. */
export function resourcePolicy(acls: ReadonlyMap<string, string>, resource: string): string | undefined {
  if (LOCAL_RESOURCES[resource] !== undefined) return undefined;
  const reference = acls.get(resource);
  if (reference === undefined || reference === '') return CHANNEL_RESOURCES[resource];
  return reference.startsWith('/') ? reference : `/Channel/Application/${reference}`;
}
