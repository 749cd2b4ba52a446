import { discovery, gossip, peer } from '@hyperledger/fabric-protos';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { utf8 } from '@healthchain/core';
import { signingIdentity } from '../engine/keys.ts';
import { startListening, unary, type Listening } from './testing.ts';

let listening: Listening;

beforeAll(async () => {
  listening = await startListening();
});

afterAll(() => listening.close());

function queryOf(channel: string): discovery.Query {
  const query = new discovery.Query();
  query.setChannel(channel);
  return query;
}

function peersQuery(channel = 'care'): discovery.Query {
  const query = queryOf(channel);
  query.setPeerQuery(new discovery.PeerMembershipQuery());
  return query;
}

function configQuery(): discovery.Query {
  const query = queryOf('care');
  query.setConfigQuery(new discovery.ConfigQuery());
  return query;
}

function endorsersQuery(chaincode: string): discovery.Query {
  const call = new peer.ChaincodeCall();
  call.setName(chaincode);
  const interest = new peer.ChaincodeInterest();
  interest.addChaincodes(call);
  const asked = new discovery.ChaincodeQuery();
  asked.addInterests(interest);
  const query = queryOf('care');
  query.setCcQuery(asked);
  return query;
}

/** Asks North's peer as North's administrator. */
async function ask(queries: discovery.Query[], { forged = false } = {}): Promise<discovery.QueryResult[]> {
  const admin = signingIdentity('NorthMSP', listening.network.engine.network.admin('NorthMSP'));
  const authentication = new discovery.AuthInfo();
  authentication.setClientIdentity(admin.serialized);
  const request = new discovery.Request();
  request.setAuthentication(authentication);
  request.setQueriesList(queries);
  const payload = request.serializeBinary();
  const signed = new discovery.SignedRequest();
  signed.setPayload(payload);
  signed.setSignature(admin.sign(forged ? utf8('something else') : payload));
  const client = listening.client('peer0.north');
  const answer = await unary(client, '/discovery.Discovery/Discover', signed.serializeBinary());
  return discovery.Response.deserializeBinary(answer ?? new Uint8Array()).getResultsList();
}

it('names peers with their heights and chaincodes, where the listener has them', async () => {
  const [answer] = await ask([peersQuery()]);
  const [south] = answer?.getMembers()?.getPeersByOrgMap().get('SouthMSP')?.getPeersList() ?? [];
  const message = (envelope: gossip.Envelope | undefined) =>
    gossip.GossipMessage.deserializeBinary(envelope?.getPayload_asU8() ?? new Uint8Array());
  const alive = message(south?.getMembershipInfo()).getAliveMsg();
  expect(alive?.getMembership()?.getEndpoint()).toBe(listening.listener.addresses.get('peer0.south'));
  const properties = message(south?.getStateInfo()).getStateInfo()?.getProperties();
  expect(properties?.getLedgerHeight()).toBeGreaterThan(1);
  expect(properties?.getChaincodesList().map((each) => each.getName())).toEqual(['kv']);
});

it('names orderers, where the listener has them, and the members’ MSPs', async () => {
  const [answer] = await ask([configQuery()]);
  const config = answer?.getConfigResult();
  const orderers = config?.getOrderersMap().get('NorthMSP')?.getEndpointList() ?? [];
  expect(orderers.map((each) => `${each.getHost()}:${each.getPort()}`)).toEqual([
    listening.listener.addresses.get('orderer0.north'),
  ]);
  expect(config?.getMspsMap().get('SouthMSP')?.getName()).toBe('SouthMSP');
});

it('names every smallest set of peers whose endorsements are enough: two of three', async () => {
  const [answer] = await ask([endorsersQuery('kv')]);
  const [descriptor] = answer?.getCcQueryRes()?.getContentList() ?? [];
  const layouts = descriptor?.getLayoutsList().map((each) => [...each.getQuantitiesByGroupMap().keys()]);
  expect(layouts?.map((groups) => groups.toSorted().join(' ')).toSorted()).toEqual([
    'peer0.authority peer0.north',
    'peer0.authority peer0.south',
    'peer0.north peer0.south',
  ]);
});

it('refuses a forged signature, an unknown channel and an unknown chaincode', async () => {
  const answers = await Promise.all([
    ask([peersQuery()], { forged: true }),
    ask([peersQuery('nowhere')]),
    ask([endorsersQuery('nothing')]),
  ]);
  expect(answers.map(([answer]) => answer?.getError()?.getContent())).toEqual([
    'access denied',
    'access denied',
    expect.stringContaining('nothing'),
  ]);
});
