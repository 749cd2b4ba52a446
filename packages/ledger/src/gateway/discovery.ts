import { equalBytes } from '@healthchain/core';
import { LedgerError } from '../error.ts';
import type { NamespaceInterest, Peer, PeerChannel } from '../peer/index.ts';
import { evaluateSignedData, type SignedData } from '../policy/index.ts';
import { fields, WireWriter } from '../wire/index.ts';
import type { CallContext } from './call.ts';
import { configResult, descriptor, membership } from './discovery-results.ts';
import { ledgerOf, peersOf, type GatewayNetwork } from './network.ts';
import { minimalSets, policiesFor } from './plan.ts';
import { Code, RpcError } from './status.ts';

export const DISCOVER = '/discovery.Discovery/Discover';

/** Ways to satisfy a policy that one answer names at most. */
const MAX_LAYOUTS = 100;

/** Fields of discovery.QueryResult. */
const RESULT = { error: 1, config: 2, endorsers: 3, members: 4 } as const;

interface Question {
  readonly network: GatewayNetwork;
  readonly context: CallContext;
  readonly channel: PeerChannel;
  /** The query's own message. */
  readonly query: Uint8Array;
}

/** What can be asked about a channel, by the query's field in discovery.Query. */
const CHANNEL_QUERIES: Readonly<Record<number, (question: Question) => Uint8Array>> = {
  2: ({ channel, network, context }) => {
    const orderers = network.orderers(channel.channelId);
    return new WireWriter().present(RESULT.config, configResult(channel.config, orderers, context)).finish();
  },
  3: (question) => {
    const { channel, network, context, query } = question;
    const wanted = interestOf(fields(query).bytes(1)).map(({ namespace }) => namespace);
    const peers = peersOf(network, channel.channelId).filter((peer) =>
      wanted.every((name) => peer.hasChaincode(name)),
    );
    return new WireWriter().present(RESULT.members, membership(peers, channel.channelId, context)).finish();
  },
  4: (question) => {
    const content = new WireWriter();
    for (const interest of fields(question.query).all(1)) content.present(1, endorsers(question, interest));
    return new WireWriter().present(RESULT.endorsers, content.finish()).finish();
  },
};
const LOCAL_PEERS_QUERY = 5;

/**
 * Fabric's Discovery.Discover: where orderers and peers are, the members' MSPs, and which peers' endorsements satisfy the
 * policies of a transaction; for who may write on the channel. @throws RpcError UNKNOWN, as errors without a code in Go
 */
export async function discover(
  network: GatewayNetwork,
  context: CallContext,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  const { signed, queries } = checked(context, bytes);
  const writer = new WireWriter();
  for (const query of queries) {
    const channelId = Buffer.from(fields(query).bytes(1)).toString();
    writer.present(1, await answer(network, context, { channelId, query, signed }));
  }
  return writer.finish();
}

function checked(context: CallContext, bytes: Uint8Array) {
  const refuse = (text: string) => new RpcError(Code.UNKNOWN, text);
  const request = fields(bytes);
  const payload = request.bytes(1);
  const parts = fields(payload);
  if (!parts.has(1)) throw refuse('access denied, no authentication info in request');
  const authentication = fields(parts.bytes(1));
  const identity = authentication.bytes(1);
  if (identity.length === 0) throw refuse("access denied, client identity wasn't supplied");
  const { clientCertificateHash } = context;
  if (clientCertificateHash !== undefined && !equalBytes(clientCertificateHash, authentication.bytes(2))) {
    throw refuse("client claimed TLS hash doesn't match computed TLS hash from gRPC stream");
  }
  const signed: SignedData = { data: payload, identity, signature: request.bytes(2) };
  return { signed, queries: parts.all(2) };
}

async function answer(
  network: GatewayNetwork,
  context: CallContext,
  asked: { readonly channelId: string; readonly query: Uint8Array; readonly signed: SignedData },
): Promise<Uint8Array> {
  const { channelId, query, signed } = asked;
  const channel = channelId === '' ? anyLedger(network) : ledgerOf(network, channelId);
  if (channel === undefined || !(await isEligible(network, channel, channelId, signed))) {
    return failure('access denied');
  }
  const parts = fields(query);
  try {
    if (channelId === '' && parts.has(LOCAL_PEERS_QUERY)) {
      return new WireWriter()
        .present(RESULT.members, membership(network.peers(), undefined, context))
        .finish();
    }
    const kind = Object.keys(CHANNEL_QUERIES).find((field) => channelId !== '' && parts.has(Number(field)));
    const ask = kind === undefined ? undefined : CHANNEL_QUERIES[Number(kind)];
    if (ask === undefined) return failure('unknown or missing request type');
    return ask({ network, context, channel, query: parts.bytes(Number(kind)) });
  } catch (error) {
    if (error instanceof LedgerError) return failure(error.message);
    throw error;
  }
}

function failure(text: string): Uint8Array {
  return new WireWriter().present(RESULT.error, new WireWriter().string(1, text).finish()).finish();
}

function anyLedger(network: GatewayNetwork): PeerChannel | undefined {
  const own = network
    .peers()
    .find(({ name, mspId }) => name === (network.peer ?? name) && mspId === network.mspId);
  return own === undefined ? undefined : [...own.channels][0];
}

/** Writers of the channel; without a channel the administrators of the peer's own organisation. */
async function isEligible(
  { verifier, mspId }: GatewayNetwork,
  { config }: PeerChannel,
  channelId: string,
  signed: SignedData,
): Promise<boolean> {
  const { identities, policies } = config;
  try {
    const identity = identities.deserialize(signed.identity);
    const job = { publicKey: identity.publicKey, message: signed.data, signature: signed.signature };
    const [holds] = await verifier.verifyAll([job]);
    if (holds !== true) return false;
    if (channelId === '') return identities.satisfies(identity, { kind: 'role', mspId, role: 'admin' });
    const writers = policies.policy('/Channel/Application/Writers');
    return evaluateSignedData({ identities, check: () => true }, writers, [signed]);
  } catch (error) {
    if (error instanceof LedgerError) return false;
    throw error;
  }
}

/** peer.ChaincodeInterest */
function interestOf(bytes: Uint8Array): NamespaceInterest[] {
  return fields(bytes)
    .all(1)
    .map((call) => {
      const parts = fields(call);
      if (parts.has(2)) throw new LedgerError('REFUSED', 'there are no private data collections');
      return {
        namespace: Buffer.from(parts.bytes(1)).toString(),
        keyPolicies: parts.all(5),
        needsChaincodePolicy: parts.number(6) !== 1,
      };
    });
}

/** discovery.EndorsementDescriptor. @throws LedgerError REFUSED when no peers can satisfy the policies */
function endorsers({ network, context, channel }: Question, interest: Uint8Array): Uint8Array {
  const calls = interestOf(interest);
  const chaincode = calls[0]?.namespace ?? '';
  const policies = policiesFor(channel, calls);
  const peers = peersOf(network, channel.channelId).filter((peer: Peer) =>
    calls.every(({ namespace }) => peer.hasChaincode(namespace)),
  );
  const layouts = policies && minimalSets(channel.config, policies, peers, MAX_LAYOUTS);
  if (layouts === undefined || layouts.length === 0) {
    throw new LedgerError('REFUSED', `failed constructing descriptor for chaincodes:<name:"${chaincode}" >`);
  }
  return descriptor(chaincode, layouts, channel.channelId, context);
}
