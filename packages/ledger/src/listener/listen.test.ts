import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import * as grpc from '@grpc/grpc-js';
import { common, orderer, peer } from '@hyperledger/fabric-protos';
import { connect, EndorseError, hash, type Gateway } from '@hyperledger/fabric-gateway';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { utf8 } from '@healthchain/core';
import { askFor } from '../../conformance/raw.ts';
import { nativeSigner } from '../crypto/index.ts';
import { signingIdentity } from '../engine/keys.ts';
import { text, type TestNetwork } from '../engine/testing.ts';
import { HeaderType, signedEnvelope } from '../ordering/index.ts';
import { listen, type Listener } from './index.ts';
import { MAX_CONCURRENT_CALLS } from './limits.ts';
import { converse, open, startListening, unary, type Listening } from './testing.ts';

/** Streams that a client opens and cancels together: Node ends a connection that cancels a thousand in a burst. */
const GIVEN_UP_AT_ONCE = 500;

let listening: Listening;
let network: TestNetwork;

beforeAll(async () => {
  listening = await startListening();
  ({ network } = listening);
});

afterAll(() => listening.close());

const clientOf: Listening['client'] = (...of) => listening.client(...of);

function gatewayOf(client: grpc.Client): Gateway {
  const admin = network.engine.network.admin('NorthMSP');
  return connect({
    client,
    identity: { mspId: 'NorthMSP', credentials: utf8(admin.certificate) },
    signer: nativeSigner(admin.privateKey),
    hash: hash.none,
  });
}

const contractAt = (client: grpc.Client) => gatewayOf(client).getNetwork('care').getContract('kv');

describe('the gateway of a peer over TLS', () => {
  it('evaluates, submits and tells events', async () => {
    const gateway = gatewayOf(clientOf('peer0.north'));
    const contract = gateway.getNetwork('care').getContract('kv');
    const events = await gateway.getNetwork('care').getChaincodeEvents('kv');
    await contract.submitTransaction('put', 'a', '1');
    expect(text(await contract.evaluateTransaction('get', 'a'))).toBe('"1"');
    await contract.submitTransaction('emit', 'told', 'of this');
    for await (const event of events) {
      expect([event.eventName, text(event.payload)]).toEqual(['told', 'of this']);
      break;
    }
    events.close();
  });

  it('passes what each endorser said', async () => {
    const failing = contractAt(clientOf('peer0.north')).submitTransaction('fail');
    const error = await failing.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(EndorseError);
    const [detail] = (error as EndorseError).details;
    expect(detail?.mspId).toBe('NorthMSP');
    expect(detail?.message).toContain('as asked');
  });

  it('ends a call at its deadline', async () => {
    const gateway = gatewayOf(clientOf('peer0.north'));
    const admin = network.engine.network.admin('NorthMSP');
    const signing = {
      identity: gateway.getIdentity(),
      signer: nativeSigner(admin.privateKey),
      certificate: admin.certificate,
    };
    const unknown = askFor({ gateway, network: gateway.getNetwork('care'), signing }, 'nothing');
    await expect(unknown.getStatus({ deadline: Date.now() + 200 })).rejects.toMatchObject({
      code: grpc.status.DEADLINE_EXCEEDED,
    });
  });

  it('is not there while its peer is stopped, though others go on', async () => {
    const contract = contractAt(clientOf('peer0.north'));
    await network.engine.stop('peer0.north');
    try {
      await expect(contract.evaluateTransaction('get', 'a')).rejects.toMatchObject({
        code: grpc.status.UNAVAILABLE,
      });
    } finally {
      await network.engine.start('peer0.north');
    }
    expect(text(await contract.evaluateTransaction('get', 'a'))).toBe('"1"');
  });
});

describe('a connection', () => {
  it('is refused by who trusts another TLS CA', async () => {
    const client = clientOf('peer0.north', network.engine.network.tlsRoot('SouthMSP'));
    const refused = contractAt(client).evaluate('get', {
      arguments: ['a'],
    });
    await expect(refused).rejects.toMatchObject({ code: grpc.status.UNAVAILABLE });
  });

  it.each(['/gateway.Gateway/Undo', '/nothing.Nothing/Nothing'])('has no %s', async (method) => {
    await expect(unary(clientOf('peer0.north'), method, new Uint8Array())).rejects.toMatchObject({
      code: grpc.status.UNIMPLEMENTED,
    });
  });

  it('gives no private data', async () => {
    const refused = converse(clientOf('peer0.north'), '/protos.Deliver/DeliverWithPrivateData', seek(0, 0));
    await expect(refused).rejects.toMatchObject({
      code: grpc.status.UNIMPLEMENTED,
      details: expect.stringContaining('private data') as string,
    });
  });

  it('has no gateway at an orderer', async () => {
    const wrong = unary(clientOf('orderer0.north'), '/gateway.Gateway/Evaluate', new Uint8Array());
    await expect(wrong).rejects.toMatchObject({ code: grpc.status.UNIMPLEMENTED });
  });
});

describe('ports', () => {
  it('are those that are asked for, and none is open when one is taken', async () => {
    const { engine } = network;
    const portOf = (address: string | undefined) => Number(address?.split(':')[1]);
    const taken = portOf(listening.listener.addresses.get('peer0.north'));
    const other = await listen(engine);
    const free = portOf(other.addresses.get('peer0.north'));
    await other.close();
    const ports = { 'peer0.north': free, 'orderer0.authority': taken };
    await expect(listen(engine, { ports })).rejects.toThrow(String(taken));
    const again = await listen(engine, { ports: { 'peer0.north': free } });
    expect(again.addresses.get('peer0.north')).toBe(`127.0.0.1:${free}`);
    await again.close();
  });
});

describe('the deliver services', () => {
  it.each([
    ['peer0.north', '/protos.Deliver/Deliver'],
    ['orderer0.north', '/orderer.AtomicBroadcast/Deliver'],
  ])('give the blocks of %s', async (node, method) => {
    const [first, second, last] = await converse(clientOf(node), method, seek(0, 1));
    const blocks = [first, second].map((bytes) =>
      peer.DeliverResponse.deserializeBinary(bytes ?? new Uint8Array()),
    );
    expect(blocks.map((answer) => answer.getBlock()?.getHeader()?.getNumber())).toEqual([0, 1]);
    expect(blocks.every((answer) => (answer.getBlock()?.getData()?.getDataList().length ?? 0) > 0)).toBe(
      true,
    );
    expect(peer.DeliverResponse.deserializeBinary(last ?? new Uint8Array()).getStatus()).toBe(
      common.Status.SUCCESS,
    );
  });

  it('forget streams that clients have given up', async () => {
    const method = '/protos.Deliver/DeliverFiltered';
    const giveUp = async (client: grpc.Client) => {
      const call = open(client, method);
      call.on('error', () => undefined);
      call.write(seek(0, 1_000_000));
      await once(call, 'data');
      call.cancel();
    };
    const limit = MAX_CONCURRENT_CALLS['/protos.Deliver'] ?? 0;
    for (let given = 0; given <= limit; given += GIVEN_UP_AT_ONCE) {
      const client = clientOf('peer0.north');
      await Promise.all(Array.from({ length: GIVEN_UP_AT_ONCE }, () => giveUp(client)));
    }
    expect(await converse(clientOf('peer0.north'), method, seek(0, 0))).toHaveLength(2);
  });

  it('leave out data when only headers are asked for, but not of a configuration', async () => {
    const asked = seek(0, 1, orderer.SeekInfo.SeekContentType.HEADER_WITH_SIG);
    const answers = await converse(clientOf('orderer0.north'), '/orderer.AtomicBroadcast/Deliver', asked);
    const blocks = answers
      .slice(0, 2)
      .map((bytes) => orderer.DeliverResponse.deserializeBinary(bytes).getBlock());
    expect(blocks.map((block) => block?.hasData())).toEqual([true, false]);
  });

  it('refuse an unknown channel and a start beyond what is next', async () => {
    const statuses = [seek(1_000, 1_000), seek(0, 0, undefined, 'nowhere')].map(async (request) => {
      const [answer] = await converse(clientOf('peer0.north'), '/protos.Deliver/Deliver', request);
      return peer.DeliverResponse.deserializeBinary(answer ?? new Uint8Array()).getStatus();
    });
    expect(await Promise.all(statuses)).toEqual([common.Status.NOT_FOUND, common.Status.NOT_FOUND]);
  });
});

describe('an orderer’s Broadcast', () => {
  it('answers each envelope, and ends with the first that it refuses', async () => {
    const refused = envelope('nowhere', HeaderType.endorserTransaction, new Uint8Array());
    const method = '/orderer.AtomicBroadcast/Broadcast';
    const answers = await converse(clientOf('orderer0.north'), method, refused, refused);
    expect(answers.map((bytes) => orderer.BroadcastResponse.deserializeBinary(bytes).toObject())).toEqual([
      { status: common.Status.BAD_REQUEST, info: 'channel does not exist' },
    ]);
  });
});

describe('mutual TLS', () => {
  let strict: Listener;
  beforeAll(async () => {
    strict = await listen(network.engine, { clientAuthRequired: true });
  });
  afterAll(() => strict.close());

  const strictClient = (...pair: Buffer[]) => {
    const root = Buffer.from(network.engine.network.tlsRoot('NorthMSP'));
    const credentials = grpc.credentials.createSsl(root, ...pair);
    return listening.clientAt(strict.addresses.get('peer0.north') ?? '', credentials);
  };
  const DELIVER = '/protos.Deliver/Deliver';

  it('refuses who shows no certificate', async () => {
    await expect(converse(strictClient(), DELIVER, seek(0, 0))).rejects.toMatchObject({
      code: grpc.status.UNAVAILABLE,
    });
  });

  it('binds a deliver request to the certificate of its connection', async () => {
    const { cert, key } = network.engine.network.tlsIdentity('NorthMSP');
    const client = strictClient(Buffer.from(key), Buffer.from(cert));
    const own = createHash('sha256').update(new X509Certificate(cert).raw).digest();
    const other = createHash('sha256').update('another certificate').digest();
    const answers = [bound(seek(0, 0), own), bound(seek(0, 0), other), seek(0, 0)].map(async (request) => {
      const [first] = await converse(client, DELIVER, request);
      const answer = peer.DeliverResponse.deserializeBinary(first ?? new Uint8Array());
      return answer.getBlock()?.getHeader()?.getNumber() ?? answer.getStatus();
    });
    expect(await Promise.all(answers)).toEqual([0, common.Status.BAD_REQUEST, common.Status.BAD_REQUEST]);
  });
});

/** The envelope with a TLS certificate's hash in its channel header, signed again. */
function bound(bytes: Uint8Array, certificateHash: Uint8Array): Buffer {
  const original = common.Envelope.deserializeBinary(bytes);
  const payload = common.Payload.deserializeBinary(original.getPayload_asU8());
  const header = payload.getHeader() ?? new common.Header();
  const channelHeader = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
  channelHeader.setTlsCertHash(certificateHash);
  header.setChannelHeader(channelHeader.serializeBinary());
  payload.setHeader(header);
  const admin = signingIdentity('NorthMSP', network.engine.network.admin('NorthMSP'));
  original.setPayload(payload.serializeBinary());
  original.setSignature(admin.sign(payload.serializeBinary()));
  return Buffer.from(original.serializeBinary());
}

/** orderer.SeekInfo from `first` to `last`, signed by North's administrator. */
function seek(first: number, last: number, contentType = 0 as ContentType, channelId = 'care'): Buffer {
  const at = (number: number) => {
    const position = new orderer.SeekPosition();
    position.setSpecified(new orderer.SeekSpecified());
    position.getSpecified()?.setNumber(number);
    return position;
  };
  const info = new orderer.SeekInfo();
  info.setStart(at(first));
  info.setStop(at(last));
  info.setContentType(contentType);
  return envelope(channelId, HeaderType.deliverSeekInfo, info.serializeBinary());
}

type ContentTypes = typeof orderer.SeekInfo.SeekContentType;
type ContentType = ContentTypes[keyof ContentTypes];

function envelope(channelId: string, type: number, data: Uint8Array): Buffer {
  const admin = signingIdentity('NorthMSP', network.engine.network.admin('NorthMSP'));
  return Buffer.from(signedEnvelope(admin, { type, channelId, at: new Date() }, data));
}
