import { GatewayError, type Contract, type Proposal } from '@hyperledger/fabric-gateway';
import { contractErrorOf, registry, type FunctionName } from '@healthchain/contracts';
import type { CallOptions, CastLedger, Executed } from '@healthchain/contracts/testing';
import { fromUtf8 } from '@healthchain/core';
import { ENDORSERS, MEMBERS, type ContractNetwork, type Identity } from './contract-network.ts';

type Signer = Parameters<CastLedger['call']>[0];

/** The cast's ledger on a real engine: every signer has a certificate, every call goes through fabric-gateway. */
export class GatewayLedger implements CastLedger {
  readonly channel: string;
  readonly #network: ContractNetwork;
  readonly #identities = new Map<string, Promise<Identity>>();
  readonly #contracts = new Map<string, Contract>();

  constructor(network: ContractNetwork, channel: string) {
    this.#network = network;
    this.channel = channel;
  }

  get now(): string {
    return new Date().toISOString();
  }

  readonly call: CastLedger['call'] = async (signer, name, argument, options) =>
    (await this.execute(signer, name, argument, options)).result;

  /** Without `evaluate` the transaction is committed, and every peer has it on return. */
  readonly execute: CastLedger['execute'] = async (signer, name, argument, options = {}) => {
    const contract = await this.#contractOf(signer);
    const proposal = propose(contract, name, JSON.stringify(argument), options);
    try {
      return options.evaluate === true ? await simulated(proposal, name) : await this.#committed(proposal);
    } catch (error) {
      throw refusalIn(error) ?? error;
    }
  };

  async #committed<Result>(proposal: Proposal): Promise<Executed<Result>> {
    const transaction = await proposal.endorse();
    const submitted = await transaction.submit();
    const { code, blockNumber, transactionId } = await submitted.getStatus();
    if (code !== 0) throw new Error(`transaction ${transactionId} has code ${code}`);
    await this.#atEveryPeer(Number(blockNumber));
    return { result: decoded(submitted.getResult()) as Result, transactionId };
  }

  async #atEveryPeer(block: number): Promise<void> {
    for (;;) {
      const nodes = (await this.#network.engine.status()).filter(({ kind }) => kind === 'peer');
      const heights = nodes.map(({ channels }) => channels.find(({ name }) => name === this.channel)?.height);
      if (heights.every((height) => (height ?? 0) > block)) return;
      await new Promise(setImmediate);
    }
  }

  async #contractOf(signer: Signer): Promise<Contract> {
    const { mspId, role, userId } = signer;
    const key = [mspId, role, userId].join();
    const enrolling =
      this.#identities.get(key) ?? this.#network.enroll({ mspId, attributes: { role, userId } });
    this.#identities.set(key, enrolling);
    const identity = await enrolling;
    const known =
      this.#contracts.get(key) ??
      this.#network.gateway(identity).getNetwork(this.channel).getContract('health');
    this.#contracts.set(key, known);
    return known;
  }
}

/** Who is given transient values has to be named, as on Fabric. */
function propose(contract: Contract, name: FunctionName, json: string, { transient }: CallOptions): Proposal {
  return contract.newProposal(name, {
    arguments: [json],
    ...(transient === undefined
      ? {}
      : { transientData: transient, endorsingOrganizations: MEMBERS.slice(0, ENDORSERS) }),
  });
}

/** A query is evaluated; a command is endorsed as it would be to be committed, and goes no further. */
async function simulated<Result>(proposal: Proposal, name: FunctionName): Promise<Executed<Result>> {
  const transactionId = proposal.getTransactionId();
  const isQuery = registry[name].kind === 'query';
  const payload = isQuery ? await proposal.evaluate() : (await proposal.endorse()).getResult();
  return { result: decoded(payload) as Result, transactionId };
}

function decoded(payload: Uint8Array): unknown {
  return JSON.parse(fromUtf8(payload));
}

/** The contract's refusal in what the gateway says. */
function refusalIn(error: unknown): ReturnType<typeof contractErrorOf> {
  if (!(error instanceof GatewayError)) return undefined;
  const texts = [...error.details.map(({ message }) => message), error.message];
  return texts.map((text) => contractErrorOf(text)).find((refusal) => refusal !== undefined);
}
