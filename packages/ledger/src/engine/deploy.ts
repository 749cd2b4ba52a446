import {
  connect,
  hash,
  type Contract,
  type Gateway,
  type Network as FabricNetwork,
} from '@hyperledger/fabric-gateway';
import { peer } from '@hyperledger/fabric-protos';
import { equalBytes, utf8 } from '@healthchain/core';
import { nativeSigner } from '../crypto/index.ts';
import type { GatewayClient } from '../gateway/index.ts';
import { LIFECYCLE } from '../lifecycle/index.ts';
import { LedgerError } from '../error.ts';
import { applicationPolicy } from '../policy/index.ts';
import type { ChannelDefinition } from './definition.ts';
import type { Network } from './network.ts';

const { lifecycle } = peer;
type ContractDefinition = ChannelDefinition['contracts'][number];
/** A deployment that is not done by then has failed. */
const DEADLINE_MS = 30_000;

interface Deployment {
  readonly channel: ChannelDefinition;
  readonly contract: ContractDefinition;
  readonly sequence: number;
  readonly policy: Uint8Array;
}

/**
 * Brings the channels' contracts to the definition: each member approves, then one commits, all of it transactions signed by
 * the organisations' administrators. What is committed already is left alone. `settled`: the channel's peers have the same height. @throws LedgerError REFUSED
 */
export async function deploy(
  network: Network,
  clientOf: (mspId: string) => GatewayClient,
  settled: (channel: string) => Promise<void>,
): Promise<void> {
  const gateways = new Map(
    network.definition.organisations.map(({ mspId }) => [
      mspId,
      adminGateway(network, mspId, clientOf(mspId)),
    ]),
  );
  try {
    for (const channel of network.definition.channels) {
      for (const contract of channel.contracts) await deployContract(gateways, channel, contract, settled);
    }
  } finally {
    for (const gateway of gateways.values()) gateway.close();
  }
}

async function deployContract(
  gateways: ReadonlyMap<string, Gateway>,
  channel: ChannelDefinition,
  contract: ContractDefinition,
  settled: (channel: string) => Promise<void>,
): Promise<void> {
  const [first] = channel.members;
  const policy = applicationPolicy(contract.endorsement);
  const committed = await committedDefinition(lifecycleOf(gateways, first, channel), contract.name);
  if (committed !== undefined && isSame(committed, contract, policy)) return;
  const deployment = { channel, contract, policy, sequence: (committed?.getSequence() ?? 0) + 1 };
  for (const member of channel.members)
    await approve(lifecycleOf(gateways, member, channel), member, deployment);
  await settled(channel.name);
  await commit(lifecycleOf(gateways, first, channel), deployment);
  await settled(channel.name);
}

async function committedDefinition(contract: Contract, name: string) {
  const query = new lifecycle.QueryChaincodeDefinitionArgs();
  query.setName(name);
  try {
    const answer = await contract.evaluate('QueryChaincodeDefinition', {
      arguments: [query.serializeBinary()],
    });
    return lifecycle.QueryChaincodeDefinitionResult.deserializeBinary(answer);
  } catch (error) {
    if (textOf(error).includes('404')) return undefined;
    throw new LedgerError('REFUSED', `The definition of ${name} cannot be read: ${textOf(error)}`, {
      cause: error,
    });
  }
}

function isSame(
  committed: InstanceType<typeof lifecycle.QueryChaincodeDefinitionResult>,
  contract: ContractDefinition,
  policy: Uint8Array,
): boolean {
  return (
    committed.getVersion() === contract.version &&
    committed.getInitRequired() === contract.initRequired &&
    equalBytes(committed.getValidationParameter_asU8(), policy)
  );
}

async function approve(contract: Contract, member: string, deployment: Deployment): Promise<void> {
  const args = new lifecycle.ApproveChaincodeDefinitionForMyOrgArgs();
  fill(args, deployment);
  const source = new lifecycle.ChaincodeSource();
  const local = new lifecycle.ChaincodeSource.Local();
  local.setPackageId(packageId(deployment.contract));
  source.setLocalPackage(local);
  args.setSource(source);
  await submit(contract, 'ApproveChaincodeDefinitionForMyOrg', args.serializeBinary(), [member]);
}

async function commit(contract: Contract, deployment: Deployment): Promise<void> {
  const args = new lifecycle.CommitChaincodeDefinitionArgs();
  fill(args, deployment);
  await submit(contract, 'CommitChaincodeDefinition', args.serializeBinary(), deployment.channel.members);
}

function fill(
  args:
    | InstanceType<typeof lifecycle.ApproveChaincodeDefinitionForMyOrgArgs>
    | InstanceType<typeof lifecycle.CommitChaincodeDefinitionArgs>,
  { contract, sequence, policy }: Deployment,
): void {
  args.setName(contract.name);
  args.setVersion(contract.version);
  args.setSequence(sequence);
  args.setEndorsementPlugin('escc');
  args.setValidationPlugin('vscc');
  args.setValidationParameter(policy);
  args.setInitRequired(contract.initRequired);
}

async function submit(
  contract: Contract,
  name: string,
  argument: Uint8Array,
  endorsingOrganizations: readonly string[],
): Promise<void> {
  try {
    await contract.submit(name, {
      arguments: [argument],
      endorsingOrganizations: [...endorsingOrganizations],
    });
  } catch (error) {
    throw new LedgerError('REFUSED', `${name} was refused: ${textOf(error)}`, { cause: error });
  }
}

/** The code is part of the program, so a package is known by name and version alone. */
function packageId({ name, version }: ContractDefinition): string {
  return `${name}_${version}:${Buffer.from(utf8(`${name}@${version}`)).toString('hex')}`;
}

function adminGateway(network: Network, mspId: string, client: GatewayClient): Gateway {
  const { certificate, privateKey } = network.admin(mspId);
  const deadline = () => ({ deadline: Date.now() + DEADLINE_MS });
  return connect({
    client,
    identity: { mspId, credentials: utf8(certificate) },
    signer: nativeSigner(privateKey),
    hash: hash.none,
    evaluateOptions: deadline,
    endorseOptions: deadline,
    submitOptions: deadline,
    commitStatusOptions: deadline,
  });
}

function lifecycleOf(
  gateways: ReadonlyMap<string, Gateway>,
  mspId: string | undefined,
  channel: ChannelDefinition,
): Contract {
  const gateway = mspId === undefined ? undefined : gateways.get(mspId);
  if (gateway === undefined) throw new LedgerError('BAD_NETWORK', `No gateway of ${mspId}`);
  const onChannel: FabricNetwork = gateway.getNetwork(channel.name);
  return onChannel.getContract(LIFECYCLE);
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const details = (error as { details?: unknown }).details;
  const messages = Array.isArray(details)
    ? details.map((detail: { message?: string }) => detail.message)
    : [];
  return [error.message, ...messages].join('; ');
}
