import type { Verifier } from '../crypto/index.ts';
import type { SigningIdentity } from '../ordering/envelope.ts';
import { judgeAccess } from './access.ts';
import { refusal, textOf, type Endorsed } from './endorsed.ts';
import { ERROR, ERROR_THRESHOLD, type Chaincode, type ChaincodeResponse } from './chaincode.ts';
import type { PeerChannel } from './channel.ts';
import type { DecodedProposal } from './proposal.ts';
import { mustBeNew, mustBeOwn, mustBeSound, mustBeTimely, ProposalRefused } from './proposal-checks.ts';
import { encodeProposalResponsePayload } from './proposal-response.ts';
import {
  EXECUTE_TIMEOUT_MS,
  execute,
  TOTAL_QUERY_LIMIT,
  type Execution,
  type ExecutionContext,
} from './runtime.ts';
import { SimulationError, Simulator } from './simulator.ts';
import {
  invokeCscc,
  invokeLifecycleOver,
  invokeQscc,
  isSystemChaincode,
  readsLedgerDirectly,
  SYSTEM_VERSION,
  type SystemCall,
} from './system-chaincodes.ts';
import { LIFECYCLE } from '../lifecycle/index.ts';

export interface EndorserSettings {
  readonly signer: SigningIdentity;
  readonly verifier: Verifier;
  readonly clock: () => Date;
  readonly chaincodes: ReadonlyMap<string, Chaincode>;
  channel(channelId: string): PeerChannel | undefined;
  channels(): readonly string[];
  readonly executeTimeoutMs?: number;
  readonly queryLimit?: number;
}

/** A call from chaincode to chaincode; `running` are those that it stands in. A transaction enters none of them twice. */
interface Callee {
  readonly name: string;
  readonly channelId: string;
  readonly args: readonly Uint8Array[];
  readonly running: readonly string[];
}

const placeOf = (name: string, channelId: string): string => `${channelId}/${name}`;

/** Fabric's Endorser service: checks a proposal, simulates it and signs what came out. */
export class Endorser {
  readonly #settings: EndorserSettings;

  constructor(settings: EndorserSettings) {
    this.#settings = settings;
  }

  /**
   * Answers of status 500 without payload are the peer's own; with a payload, or below 500, the chaincode's.
   * @throws ProposalRefused
   */
  async process(proposal: DecodedProposal): Promise<Endorsed> {
    const { clock, verifier } = this.#settings;
    mustBeTimely(proposal, clock());
    if (proposal.channelId === '') return this.#processWithoutChannel(proposal);
    const channel = this.#settings.channel(proposal.channelId);
    if (channel === undefined) return refusal(`channel '${proposal.channelId}' not found`);
    await mustBeSound(channel.config.identities, proposal, { verifier, now: clock() });
    mustBeNew(channel, proposal);
    this.#mustBeAllowed(channel, proposal);
    const { damagesMet } = channel.store;
    const endorsed = await (readsLedgerDirectly(proposal.extensionName)
      ? this.#runDirectly(channel, proposal)
      : this.#runOnState(channel, proposal));
    const isOfDamage = endorsed.response.status >= ERROR && channel.store.damagesMet > damagesMet;
    return isOfDamage ? refusal(textOf(channel.store.damage), endorsed.height) : endorsed;
  }

  /** What a contract makes of damage that it meets is no answer: another peer has a better one. */
  async #runOnState(channel: PeerChannel, proposal: DecodedProposal): Promise<Endorsed> {
    const view = channel.store.view();
    const simulator = new Simulator(view, proposal.txId);
    try {
      const endorsed = await this.#simulate(channel, proposal, simulator);
      if (view.damage !== undefined) throw view.damage;
      return endorsed;
    } catch (error) {
      return refusal(textOf(error), view.height);
    } finally {
      await simulator.close();
    }
  }

  /** Queries of the peer itself, and of channels that their arguments name: answered, never endorsed. */
  async #processWithoutChannel(proposal: DecodedProposal): Promise<Endorsed> {
    const { clock, verifier, signer } = this.#settings;
    const [joined] = this.#settings.channels();
    const local = joined === undefined ? undefined : this.#settings.channel(joined)?.config.identities;
    if (local === undefined) return refusal('the peer has not joined a channel');
    mustBeOwn(local, proposal, signer.mspId);
    await mustBeSound(local, proposal, { verifier, now: clock() });
    const name = proposal.extensionName;
    if (!readsLedgerDirectly(name)) {
      return refusal(
        `make sure the chaincode ${name} has been successfully defined on channel  and try again: it needs a channel`,
      );
    }
    const response = await this.#query(proposal);
    return { response, payload: undefined, endorsement: undefined, interest: [], height: 0 };
  }

  #query(proposal: DecodedProposal): Promise<ChaincodeResponse> {
    const call = this.#systemCall(proposal, proposal.args);
    return proposal.extensionName === 'qscc' ? invokeQscc(call) : invokeCscc(call);
  }

  /** System chaincodes ask for a resource of their own. */
  #mustBeAllowed(channel: PeerChannel, proposal: DecodedProposal): void {
    if (isSystemChaincode(proposal.extensionName)) return;
    const denied = this.#access(channel, 'peer/Propose', proposal);
    if (denied !== undefined) throw new ProposalRefused(denied);
  }

  async #simulate(channel: PeerChannel, proposal: DecodedProposal, simulator: Simulator): Promise<Endorsed> {
    const name = proposal.extensionName;
    const version = isSystemChaincode(name) ? SYSTEM_VERSION : definitionVersion(channel, simulator, name);
    const { response, event, simulation } = await this.#execution(channel, proposal, simulator);
    const { txId, proposalHash } = proposal;
    const payload = encodeProposalResponsePayload({
      proposalHash,
      txId,
      results: simulation.results,
      response,
      event: response.status >= ERROR_THRESHOLD ? undefined : event,
      chaincode: { name, version },
    });
    const interest = simulation.interest.filter(({ namespace }) => !isSystemChaincode(namespace));
    const base = { response, interest, endorsement: undefined, height: simulator.height };
    if (response.status >= ERROR) return { ...base, payload };
    if (response.status >= ERROR_THRESHOLD) return { ...base, payload: undefined };
    return { ...base, payload, endorsement: this.#endorse(payload) };
  }

  async #execution(channel: PeerChannel, proposal: DecodedProposal, simulator: Simulator) {
    const running = [placeOf(proposal.extensionName, channel.channelId)];
    const context = this.#context(channel, proposal, simulator, running);
    try {
      const ran = this.#runOn(context, proposal.extensionName, proposal.args, proposal.isInit);
      const { response, event } = await ran;
      return { response, event, simulation: simulator.finish() };
    } catch (error) {
      throw new SimulationError(`error in simulation: ${textOf(error)}`);
    }
  }

  #runOn(
    context: ExecutionContext,
    name: string,
    args: readonly Uint8Array[],
    isInit: boolean,
  ): Promise<Execution> {
    return isSystemChaincode(name)
      ? this.#runSystem(context, name, args)
      : execute(context, name, args, isInit);
  }

  async #runSystem(context: ExecutionContext, name: string, args: readonly Uint8Array[]): Promise<Execution> {
    const channel = this.#settings.channel(context.channelId);
    if (channel === undefined || name !== LIFECYCLE) {
      throw new SimulationError(`chaincode ${name} cannot be invoked here`);
    }
    const call = this.#systemCall(context.proposal, args);
    const response = await invokeLifecycleOver(
      context.simulator,
      { mspId: context.mspId, config: channel.config },
      call,
    );
    return { response, event: undefined };
  }

  #context(
    channel: PeerChannel,
    proposal: DecodedProposal,
    simulator: Simulator,
    running: readonly string[],
  ): ExecutionContext {
    return {
      proposal,
      channelId: channel.channelId,
      mspId: this.#settings.signer.mspId,
      simulator,
      history: channel,
      definitions: channel.definitions,
      chaincode: (name) => this.#settings.chaincodes.get(name),
      call: (name, channelId, args) =>
        this.#call(channel, proposal, simulator, { name, channelId, args, running }),
      queryLimit: this.#settings.queryLimit ?? TOTAL_QUERY_LIMIT,
      executeTimeoutMs: this.#settings.executeTimeoutMs ?? EXECUTE_TIMEOUT_MS,
      running,
    };
  }

  /** Chaincode to chaincode: one transaction on the same channel, read-only on another. */
  async #call(
    from: PeerChannel,
    proposal: DecodedProposal,
    simulator: Simulator,
    callee: Callee,
  ): Promise<ChaincodeResponse> {
    const channel = this.#settings.channel(callee.channelId);
    if (channel === undefined) throw new Error(`failed to find ledger for channel: ${callee.channelId}`);
    const denied = isSystemChaincode(callee.name)
      ? undefined
      : this.#access(channel, 'peer/ChaincodeToChaincode', proposal);
    if (denied !== undefined) throw new Error(denied);
    const place = placeOf(callee.name, channel.channelId);
    if (callee.running.includes(place))
      throw new Error(`execute failed: error sending: txid: ${proposal.txId}(${channel.channelId}) exists`);
    const isSame = channel.channelId === from.channelId;
    const view = isSame ? undefined : channel.store.view();
    const inner = view === undefined ? simulator : new Simulator(view, proposal.txId);
    try {
      const context = this.#context(channel, proposal, inner, [...callee.running, place]);
      return (await this.#runOn(context, callee.name, callee.args, false)).response;
    } catch (error) {
      throw new Error(`execute failed: ${textOf(error)}`, { cause: error });
    } finally {
      if (view?.damage !== undefined) simulator.noteDamage(view.damage);
      if (view !== undefined) await inner.close();
    }
  }

  async #runDirectly(channel: PeerChannel, proposal: DecodedProposal): Promise<Endorsed> {
    const { height } = channel;
    const response = await this.#query(proposal);
    const payload = encodeProposalResponsePayload({
      proposalHash: proposal.proposalHash,
      txId: proposal.txId,
      results: new Uint8Array(),
      response,
      event: undefined,
      chaincode: { name: proposal.extensionName, version: SYSTEM_VERSION },
    });
    const endorsement = response.status < ERROR_THRESHOLD ? this.#endorse(payload) : undefined;
    return { response, payload, endorsement, interest: [], height };
  }

  #systemCall(proposal: DecodedProposal, args: readonly Uint8Array[]): SystemCall {
    return {
      args,
      channel: (channelId) => this.#settings.channel(channelId),
      channels: () => this.#settings.channels(),
      access: (resource, channelId) => {
        const channel = this.#settings.channel(channelId);
        if (channel === undefined) return `channel ${channelId} not found`;
        return this.#access(channel, resource, proposal);
      },
    };
  }

  /** Of a proposal that is sound: its signature holds. */
  #access(
    { config }: PeerChannel,
    resource: string,
    { proposalBytes, creator, signature }: DecodedProposal,
  ): string | undefined {
    const signed = { data: proposalBytes, identity: creator, signature };
    return judgeAccess({ config, mspId: this.#settings.signer.mspId }, resource, signed, true);
  }

  #endorse(payload: Uint8Array): { endorser: Uint8Array; signature: Uint8Array } {
    const { signer } = this.#settings;
    return {
      endorser: signer.serialized,
      signature: signer.sign(Buffer.concat([payload, signer.serialized])),
    };
  }
}

function definitionVersion(channel: PeerChannel, simulator: Simulator, name: string): string {
  try {
    return channel.definitions.forTransaction(simulator, name).version;
  } catch (error) {
    if (!(error instanceof SimulationError)) throw error;
    throw new SimulationError(
      `make sure the chaincode ${name} has been successfully defined on channel ${channel.channelId} and try again: ${error.message}`,
    );
  }
}
