import { connect, hash, type Contract } from '@hyperledger/fabric-gateway';
import { peer } from '@hyperledger/fabric-protos';
import { utf8 } from '@healthchain/core';
import { nativeSigner } from '../crypto/index.ts';
import type { GatewayClient } from '../gateway/index.ts';
import { LIFECYCLE } from '../lifecycle/index.ts';
import { LedgerError } from '../error.ts';
import type { Network } from './network.ts';

const { lifecycle } = peer;
/** A transaction of `_lifecycle` that is not done by then has failed. */
const DEADLINE_MS = 30_000;

/** A definition to be approved and committed. */
export interface Definition {
  readonly name: string;
  readonly version: string;
  readonly sequence: number;
  /** peer.ApplicationPolicy */
  readonly policy: Uint8Array;
  readonly initRequired: boolean;
}

interface CommittedDefinition extends Definition {
  readonly approvals: Readonly<Record<string, boolean>>;
}

/** `_lifecycle` of one channel as one organisation's administrator calls it: real transactions. */
export class LifecycleClient {
  readonly #contract: Contract;
  readonly #mspId: string;

  constructor(contract: Contract, mspId: string) {
    this.#contract = contract;
    this.#mspId = mspId;
  }

  /** With who has approved it, by MSP id. @throws LedgerError REFUSED */
  async committed(name: string): Promise<CommittedDefinition | undefined> {
    const query = new lifecycle.QueryChaincodeDefinitionArgs();
    query.setName(name);
    try {
      const answer = await this.#evaluate('QueryChaincodeDefinition', query);
      const result = lifecycle.QueryChaincodeDefinitionResult.deserializeBinary(answer);
      return {
        name,
        version: result.getVersion(),
        sequence: result.getSequence(),
        policy: result.getValidationParameter_asU8(),
        initRequired: result.getInitRequired(),
        approvals: Object.fromEntries(result.getApprovalsMap().toArray()),
      };
    } catch (error) {
      if (textOf(error).includes('404')) return undefined;
      throw refused('QueryChaincodeDefinition', error);
    }
  }

  /** Names of all contracts that are defined. @throws LedgerError REFUSED */
  async names(): Promise<string[]> {
    try {
      const answer = await this.#evaluate(
        'QueryChaincodeDefinitions',
        new lifecycle.QueryChaincodeDefinitionsArgs(),
      );
      const result = lifecycle.QueryChaincodeDefinitionsResult.deserializeBinary(answer);
      return result.getChaincodeDefinitionsList().map((definition) => definition.getName());
    } catch (error) {
      throw refused('QueryChaincodeDefinitions', error);
    }
  }

  /** For the own organisation. @throws LedgerError REFUSED */
  async approve(definition: Definition): Promise<void> {
    const args = new lifecycle.ApproveChaincodeDefinitionForMyOrgArgs();
    fill(args, definition);
    const source = new lifecycle.ChaincodeSource();
    const local = new lifecycle.ChaincodeSource.Local();
    local.setPackageId(packageId(definition));
    source.setLocalPackage(local);
    args.setSource(source);
    await this.#submit('ApproveChaincodeDefinitionForMyOrg', args, [this.#mspId]);
  }

  /** Who has approved exactly this definition, by MSP id. @throws LedgerError REFUSED */
  async readiness(definition: Definition): Promise<Readonly<Record<string, boolean>>> {
    const args = new lifecycle.CheckCommitReadinessArgs();
    fill(args, definition);
    try {
      const answer = await this.#evaluate('CheckCommitReadiness', args);
      const result = lifecycle.CheckCommitReadinessResult.deserializeBinary(answer);
      return Object.fromEntries(result.getApprovalsMap().toArray());
    } catch (error) {
      throw refused('CheckCommitReadiness', error);
    }
  }

  /** @throws LedgerError REFUSED, also when LifecycleEndorsement is not satisfied by those who endorse */
  async commit(definition: Definition, endorsers: readonly string[]): Promise<void> {
    const args = new lifecycle.CommitChaincodeDefinitionArgs();
    fill(args, definition);
    await this.#submit('CommitChaincodeDefinition', args, endorsers);
  }

  #evaluate(name: string, argument: { serializeBinary(): Uint8Array }): Promise<Uint8Array> {
    return this.#contract.evaluate(name, { arguments: [argument.serializeBinary()] });
  }

  async #submit(
    name: string,
    argument: { serializeBinary(): Uint8Array },
    endorsingOrganizations: readonly string[],
  ): Promise<void> {
    try {
      await this.#contract.submit(name, {
        arguments: [argument.serializeBinary()],
        endorsingOrganizations: [...endorsingOrganizations],
      });
    } catch (error) {
      throw refused(name, error);
    }
  }
}

/** Lends clients of one channel, signed by the organisations' administrators, for as long as `work` runs. */
export async function withLifecycle<T>(
  network: Network,
  clientOf: (mspId: string) => GatewayClient,
  channelId: string,
  work: (of: (mspId: string) => LifecycleClient) => Promise<T>,
): Promise<T> {
  const opened: { close(): void }[] = [];
  const clients = new Map<string, LifecycleClient>();
  const open = (mspId: string): LifecycleClient => {
    const { certificate, privateKey } = network.admin(mspId);
    const deadline = () => ({ deadline: Date.now() + DEADLINE_MS });
    const gateway = connect({
      client: clientOf(mspId),
      identity: { mspId, credentials: utf8(certificate) },
      signer: nativeSigner(privateKey),
      hash: hash.none,
      evaluateOptions: deadline,
      endorseOptions: deadline,
      submitOptions: deadline,
      commitStatusOptions: deadline,
    });
    opened.push(gateway);
    return new LifecycleClient(gateway.getNetwork(channelId).getContract(LIFECYCLE), mspId);
  };
  const of = (mspId: string): LifecycleClient => {
    const client = clients.get(mspId) ?? open(mspId);
    clients.set(mspId, client);
    return client;
  };
  try {
    return await work(of);
  } finally {
    for (const gateway of opened) gateway.close();
  }
}

function fill(
  args:
    | InstanceType<typeof lifecycle.ApproveChaincodeDefinitionForMyOrgArgs>
    | InstanceType<typeof lifecycle.CheckCommitReadinessArgs>
    | InstanceType<typeof lifecycle.CommitChaincodeDefinitionArgs>,
  { name, version, sequence, policy, initRequired }: Definition,
): void {
  args.setName(name);
  args.setVersion(version);
  args.setSequence(sequence);
  args.setEndorsementPlugin('escc');
  args.setValidationPlugin('vscc');
  args.setValidationParameter(policy);
  args.setInitRequired(initRequired);
}

/** The code is part of the program, so a package is known by name and version alone. */
function packageId({ name, version }: Definition): string {
  return `${name}_${version}:${Buffer.from(utf8(`${name}@${version}`)).toString('hex')}`;
}

function refused(name: string, error: unknown): LedgerError {
  return new LedgerError('REFUSED', `${name} was refused: ${textOf(error)}`, { cause: error });
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const details = (error as { details?: unknown }).details;
  const messages = Array.isArray(details)
    ? details.map((detail: { message?: string }) => detail.message)
    : [];
  return [error.message, ...messages].join('; ');
}
