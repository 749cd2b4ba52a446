import { randomBytes } from 'node:crypto';
import { concat, sha256, utf8 } from '@healthchain/core';
import {
  channelConfigFromBlock,
  createGenesisBlock,
  encodePair,
  HEADER_TYPE,
  type ChannelConfig,
  type Consenter,
} from '../config/index.ts';
import { importPrivateKey, signDigestless } from '../crypto/index.ts';
import {
  createAuthority,
  encodeMspConfig,
  issueIdentity,
  issueTls,
  serializeIdentity,
  type CertificateAuthority,
  type NodeRole,
} from '../msp/index.ts';
import { applicationPolicy } from '../policy/index.ts';
import { ReadWriteSetBuilder } from '../rwset/index.ts';
import { transactionId } from '../validation/index.ts';
import { WireWriter } from '../wire/index.ts';

/** For unit tests: a consortium's identities, its genesis block, and transactions that its members made. */

export const VALID = {
  notBefore: new Date('2026-01-01T00:00:00Z'),
  notAfter: new Date('2046-01-01T00:00:00Z'),
};
const MSP_IDS = ['NorthMSP', 'SouthMSP', 'AuthorityMSP'] as const;
export type MspId = (typeof MSP_IDS)[number];

export interface Member {
  readonly mspId: string;
  readonly certificate: string;
  readonly serialized: Uint8Array;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

export interface Organisation {
  readonly mspId: MspId;
  readonly authority: CertificateAuthority;
  readonly client: Member;
  readonly peer: Member;
  readonly admin: Member;
  readonly orderer: Member;
}

export interface Consortium {
  readonly organisations: readonly Organisation[];
  readonly genesis: Uint8Array;
  readonly config: ChannelConfig;
}

export async function member(authority: CertificateAuthority, mspId: string, ou: NodeRole): Promise<Member> {
  const { certificate, privateKey } = await issueIdentity(authority, {
    commonName: `${ou}.${mspId}`,
    ou,
    ...VALID,
  });
  const key = importPrivateKey(privateKey);
  return {
    mspId,
    certificate,
    serialized: serializeIdentity(mspId, certificate),
    sign: (message) => signDigestless(key, message),
  };
}

export async function consortium(mspIds: readonly MspId[] = MSP_IDS): Promise<Consortium> {
  const organisations = await Promise.all(mspIds.map(organisation));
  const consenters = await Promise.all(organisations.map(consenter));
  const described = organisations.map(({ mspId, authority }) => ({
    name: mspId,
    mspId,
    mspConfig: encodeMspConfig({
      mspId,
      rootCerts: [authority.certificate],
      tlsRootCerts: [authority.certificate],
    }),
    ordererEndpoints: [`orderer.${mspId.toLowerCase()}.test:7050`],
  }));
  const genesis = createGenesisBlock(
    {
      channelId: 'care',
      organisations: described,
      ordererOrganisations: described,
      consensus: { type: 'BFT', metadata: new Uint8Array(), consenters },
      batch: {
        maxMessageCount: 500,
        preferredMaxBytes: 2_097_152,
        absoluteMaxBytes: 67_108_864,
        timeoutMs: 200,
      },
    },
    { timestamp: VALID.notBefore, nonce: new Uint8Array(24) },
  );
  return { organisations, genesis, config: channelConfigFromBlock(genesis) };
}

export async function organisation(mspId: MspId): Promise<Organisation> {
  const authority = await createAuthority({ commonName: `ca.${mspId}`, organization: mspId, ...VALID });
  const [client, peer, admin, orderer] = await Promise.all(
    (['client', 'peer', 'admin', 'orderer'] as const).map((ou) => member(authority, mspId, ou)),
  );
  return { mspId, authority, client, peer, admin, orderer } as Organisation;
}

async function consenter({ mspId, authority, orderer }: Organisation, i: number): Promise<Consenter> {
  const tls = await issueTls(authority, { commonName: 'orderer', hosts: ['orderer.test'], ...VALID });
  return {
    id: i + 1,
    mspId,
    host: 'orderer.test',
    port: 7050 + i,
    identity: orderer.certificate,
    clientTlsCert: tls.certificate,
    serverTlsCert: tls.certificate,
  };
}

export interface Draft {
  readonly creator: Member;
  readonly endorsers: readonly Member[];
  readonly sets: Uint8Array;
  readonly chaincode?: string;
  readonly channel?: string;
  readonly nonce?: Uint8Array;
  readonly txId?: string;
  readonly args?: readonly Uint8Array[];
  readonly event?: Uint8Array;
}

/** The envelope of an endorser transaction. */
export function transaction(draft: Draft): Uint8Array {
  const { creator, endorsers, chaincode = 'basic', channel = 'care', nonce = randomBytes(24) } = draft;
  const chaincodeId = new WireWriter().string(2, chaincode).finish();
  const channelHeader = new WireWriter()
    .uint(1, HEADER_TYPE.endorserTransaction)
    .present(3, new WireWriter().uint(1, 1_767_225_600).finish())
    .string(4, channel)
    .string(5, draft.txId ?? transactionId(nonce, creator.serialized))
    .bytes(7, new WireWriter().present(2, chaincodeId).finish())
    .finish();
  const signatureHeader = encodePair(creator.serialized, nonce);
  const proposal = proposalPayload(chaincodeId, draft.args ?? [utf8('put')]);
  const response = responsePayload(
    sha256(concat(channelHeader, signatureHeader, proposal)),
    draft,
    chaincode,
  );
  const endorsed = new WireWriter().bytes(1, response);
  for (const endorser of endorsers)
    endorsed.present(
      2,
      encodePair(endorser.serialized, endorser.sign(concat(response, endorser.serialized))),
    );
  const action = encodePair(
    signatureHeader,
    new WireWriter().bytes(1, proposal).present(2, endorsed.finish()).finish(),
  );
  return envelope(creator, channelHeader, signatureHeader, new WireWriter().present(1, action).finish());
}

function envelope(
  creator: Member,
  channelHeader: Uint8Array,
  signatureHeader: Uint8Array,
  data: Uint8Array,
): Uint8Array {
  const payload = new WireWriter()
    .present(1, encodePair(channelHeader, signatureHeader))
    .bytes(2, data)
    .finish();
  return encodePair(payload, creator.sign(payload));
}

/** An envelope of type CONFIG or CONFIG_UPDATE around its data. */
export function configEnvelope(creator: Member, type: number, data: Uint8Array): Uint8Array {
  const channelHeader = new WireWriter().uint(1, type).string(4, 'care').finish();
  return envelope(creator, channelHeader, encodePair(creator.serialized, randomBytes(24)), data);
}

function proposalPayload(chaincodeId: Uint8Array, args: readonly Uint8Array[]): Uint8Array {
  const input = new WireWriter();
  for (const argument of args) input.present(1, argument);
  const spec = new WireWriter().uint(1, 3).present(2, chaincodeId).present(3, input.finish()).finish();
  return new WireWriter().bytes(1, new WireWriter().present(1, spec).finish()).finish();
}

function responsePayload(proposalHash: Uint8Array, draft: Draft, chaincode: string): Uint8Array {
  const action = new WireWriter().bytes(1, draft.sets);
  if (draft.event !== undefined) action.present(2, draft.event);
  action.present(3, new WireWriter().uint(1, 200).finish());
  action.present(4, new WireWriter().string(2, chaincode).string(3, '1.0').finish());
  return encodePair(proposalHash, action.finish());
}

/** A read-write set out of what `fill` adds to it. */
export function sets(fill: (builder: ReadWriteSetBuilder) => void): Uint8Array {
  const builder = new ReadWriteSetBuilder();
  fill(builder);
  return builder.finish();
}

/** Values of `_lifecycle` that define a chaincode with the given endorsement policy. */
export function definitionOf(policy: string): (readonly [string, Uint8Array])[] {
  const bytes = (value: Uint8Array): Uint8Array => new WireWriter().present(2, value).finish();
  const field = (name: string): string => `namespaces/fields/basic/${name}`;
  const metadata = new WireWriter().string(1, 'ChaincodeDefinition');
  return [
    ['namespaces/metadata/basic', metadata.finish()],
    [field('Sequence'), new WireWriter().presentUint(1, 1).finish()],
    [field('EndorsementInfo'), bytes(new WireWriter().string(1, '1.0').string(3, 'escc').finish())],
    [
      field('ValidationInfo'),
      bytes(new WireWriter().string(1, 'vscc').bytes(2, applicationPolicy(policy)).finish()),
    ],
  ];
}
