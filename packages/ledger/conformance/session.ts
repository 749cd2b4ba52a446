import { connect, GatewayError, hash } from '@hyperledger/fabric-gateway';
import type {
  ConnectOptions,
  Contract,
  Gateway,
  Network,
  Proposal,
  ProposalOptions,
  Status,
  SubmittedTransaction,
  Transaction,
} from '@hyperledger/fabric-gateway';
import { askFor } from './raw.ts';
import type { Step } from './script.ts';
import { CHANNELS, CONTRACTS, MEMBERS } from './target.ts';
import type { ChannelName, IdentityKind, MspId, Signing, Target } from './target.ts';

/** Every call of the suite ends within these. */
const CALL_MS = 10_000;
const COMMIT_MS = 20_000;

export interface SessionOptions {
  readonly as?: MspId;
  readonly kind?: IdentityKind;
  /** Whose peer's gateway serves the session; the identity's own organisation by default. */
  readonly at?: MspId;
  readonly channel?: ChannelName;
  readonly contract?: string;
  /** An identity that the target does not know, in place of `as` and `kind`. */
  readonly signing?: Signing;
}

interface CallOptions {
  readonly endorsers?: readonly MspId[];
  readonly transient?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

export interface Outcome {
  readonly result: unknown[];
  readonly status: Status;
}

/** One identity at one gateway, with the scripts of the suite's contract as its calls. */
export interface Session {
  readonly gateway: Gateway;
  readonly network: Network;
  readonly contract: Contract;
  readonly signing: Signing;
  proposal(script: readonly Step[], options?: CallOptions): Proposal;
  evaluate(script: readonly Step[], options?: CallOptions): Promise<unknown[]>;
  endorse(script: readonly Step[], options?: CallOptions): Promise<Transaction>;
  /** Endorses, submits and waits for the outcome, whatever it is. */
  submit(script: readonly Step[], options?: CallOptions): Promise<Outcome>;
  /** The same, failing unless the transaction is VALID; every peer of the channel has it when this returns. */
  commit(script: readonly Step[], options?: CallOptions): Promise<Outcome>;
}

export async function openSession(target: Target, options: SessionOptions = {}): Promise<Session> {
  const { as = 'NorthMSP', kind = 'client', channel = CHANNELS.main, contract = CONTRACTS.basic } = options;
  const signing = options.signing ?? (await target.identity(as, kind));
  const gateway = gatewayAt(target.client(options.at ?? as), signing);
  const network = gateway.getNetwork(channel);
  const session = sessionOver(gateway, network, network.getContract(contract), signing);
  return { ...session, commit: (script, call) => commitEverywhere(target, session, script, call) };
}

function gatewayAt(client: ConnectOptions['client'], { identity, signer }: Signing): Gateway {
  const call = () => ({ deadline: Date.now() + CALL_MS });
  return connect({
    client,
    identity,
    signer,
    hash: hash.none,
    evaluateOptions: call,
    endorseOptions: call,
    submitOptions: call,
    commitStatusOptions: () => ({ deadline: Date.now() + COMMIT_MS }),
  });
}

async function commitEverywhere(
  target: Target,
  session: Omit<Session, 'commit'>,
  ...call: Parameters<Session['submit']>
): Promise<Outcome> {
  const outcome = await session.submit(...call);
  if (!outcome.status.successful) throw new Error(`not committed: code ${outcome.status.code}`);
  await Promise.all(
    MEMBERS[session.network.getName() as ChannelName].map((at) =>
      askFor(
        { ...session, gateway: gatewayAt(target.client(at), session.signing) },
        outcome.status.transactionId,
      ).getStatus(),
    ),
  );
  return outcome;
}

function sessionOver(
  gateway: Gateway,
  network: Network,
  contract: Contract,
  signing: Signing,
): Omit<Session, 'commit'> {
  const proposal: Session['proposal'] = (script, options = {}) =>
    contract.newProposal('run', proposalOptions(script, options));
  const endorse: Session['endorse'] = async (script, options) => proposal(script, options).endorse();
  const submit: Session['submit'] = async (script, options) => outcomeOf(await endorse(script, options));
  return {
    gateway,
    network,
    contract,
    signing,
    proposal,
    endorse,
    submit,
    evaluate: async (script, options) => parse(await proposal(script, options).evaluate()),
  };
}

function proposalOptions(script: readonly Step[], options: CallOptions): ProposalOptions {
  return {
    arguments: [JSON.stringify(script), ...(options.args ?? [])],
    ...(options.transient === undefined ? {} : { transientData: options.transient }),
    ...(options.endorsers === undefined ? {} : { endorsingOrganizations: [...options.endorsers] }),
  };
}

export async function outcomeOf(transaction: Transaction): Promise<Outcome> {
  const submitted: SubmittedTransaction = await transaction.submit();
  return { result: parse(submitted.getResult()), status: await submitted.getStatus() };
}

/** Submits a transaction whose outcome is known once more; orderers may refuse it, and its outcome stays what it was. */
export async function submitAgain(session: Session, transaction: Transaction): Promise<Status> {
  await transaction.submit().catch((error: unknown) => {
    if (!(error instanceof GatewayError)) throw error;
  });
  return askFor(session, transaction.getTransactionId()).getStatus();
}

export function parse(bytes: Uint8Array): unknown[] {
  return JSON.parse(Buffer.from(bytes).toString()) as unknown[];
}

let counter = 0;

/** A key that no other case and no other run uses; it sorts among the suite's keys by time. */
export function freshKey(what: string): string {
  counter += 1;
  return `${what}-${Date.now().toString(36)}-${counter}-`;
}
