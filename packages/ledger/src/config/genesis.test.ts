import { readFileSync } from 'node:fs';
import { fromUtf8, toHex } from '@healthchain/core';
import { common } from '@hyperledger/fabric-protos';
import { describe, expect, test } from 'vitest';
import { decodeMspConfig, encodeMspConfig } from '../msp/index.ts';
import { treeOf } from './channel-config.ts';
import {
  channelConfigFromBlock,
  createGenesisBlock,
  decodeBlockParts,
  decodeSchedule,
  encodeSchedule,
  type ChannelConfig,
} from './index.ts';
import type { ConfigGroup } from './tree.ts';

/** Genesis blocks made by configtxgen v3.1.5 of two organisations made by cryptogen. */
const theirs = (name: 'bft' | 'raft') =>
  new Uint8Array(readFileSync(new URL(`configtxgen-${name}.fixture.block`, import.meta.url)));

const options = { timestamp: new Date('2026-05-04T03:02:01.005Z'), nonce: new Uint8Array(24).fill(7) };

/** The same channel out of our builder, with certificates and consensus metadata taken from theirs. */
function ours(config: ChannelConfig): Uint8Array {
  const tree = treeOf(config);
  const mspOf = (name: string) =>
    tree.groups.get('Application')?.groups.get(name)?.values.get('MSP')?.value ?? new Uint8Array();
  const organisation = (name: string) => ({ name, mspId: name, mspConfig: mspOf(name) });
  return createGenesisBlock(
    {
      channelId: 'care',
      organisations: config.organisations.map(({ name, anchorPeers }) => ({
        ...organisation(name),
        anchorPeers,
      })),
      ordererOrganisations: config.ordererEndpoints.map(({ mspId, address }) => ({
        ...organisation(mspId),
        ordererEndpoints: [address],
      })),
      consensus: { ...config.consensus, type: config.consensus.type as 'BFT', consenters: config.consenters },
      batch: {
        maxMessageCount: 500,
        preferredMaxBytes: 2 * 1024 ** 2,
        absoluteMaxBytes: 64 * 1024 ** 2,
        timeoutMs: 200,
      },
    },
    options,
  );
}

/** A group as nested plain objects, so that a difference is readable. */
function plain(group: ConfigGroup): unknown {
  return {
    version: group.version,
    modPolicy: group.modPolicy,
    values: Object.fromEntries(
      [...group.values].map(([key, value]) => [key, { ...value, value: toHex(value.value) }]),
    ),
    policies: Object.fromEntries(
      [...group.policies].map(([key, { policy, ...rest }]) => [
        key,
        { ...rest, type: policy?.type, value: toHex(policy?.value ?? new Uint8Array()) },
      ]),
    ),
    groups: Object.fromEntries([...group.groups].map(([key, inner]) => [key, plain(inner)])),
  };
}

describe.each(['bft', 'raft'] as const)('the genesis block of %s', (name) => {
  test('is what configtxgen makes', () => {
    const expected = channelConfigFromBlock(theirs(name));
    const block = ours(expected);
    expect(plain(treeOf(channelConfigFromBlock(block)))).toEqual(plain(treeOf(expected)));
  });

  test('has the same headers and metadata', () => {
    const shape = (bytes: Uint8Array) => {
      const block = common.Block.deserializeBinary(bytes);
      const payload = common.Payload.deserializeBinary(
        common.Envelope.deserializeBinary(
          block.getData()?.getDataList_asU8()[0] ?? new Uint8Array(),
        ).getPayload_asU8(),
      );
      const header = common.ChannelHeader.deserializeBinary(
        payload.getHeader()?.getChannelHeader_asU8() ?? new Uint8Array(),
      );
      return {
        number: block.getHeader()?.getNumber(),
        previous: block.getHeader()?.getPreviousHash_asU8().length,
        type: header.getType(),
        version: header.getVersion(),
        channel: header.getChannelId(),
        txId: header.getTxId().length,
        hasTimestamp: header.hasTimestamp(),
        signatures: toHex(block.getMetadata()?.getMetadataList_asU8()[0] ?? new Uint8Array()),
        slots: block.getMetadata()?.getMetadataList().length,
      };
    };
    const expected = shape(theirs(name));
    expect(shape(ours(channelConfigFromBlock(theirs(name))))).toEqual(expected);
  });

  test('has the header hash of its data', () => {
    const { header, data } = decodeBlockParts(theirs(name));
    expect(data).toHaveLength(1);
    expect(common.BlockHeader.deserializeBinary(header).getDataHash_asU8()).toHaveLength(32);
  });
});

test('the configuration says what was defined', () => {
  const config = channelConfigFromBlock(theirs('bft'));
  expect(config).toMatchObject({
    channelId: 'care',
    sequence: 0n,
    consensus: { type: 'BFT', maintenance: false },
    batch: {
      maxMessageCount: 500,
      preferredMaxBytes: 2_097_152,
      absoluteMaxBytes: 67_108_864,
      timeoutMs: 200,
    },
    ordererEndpoints: [
      { mspId: 'NorthMSP', address: '127.0.0.1:7050' },
      { mspId: 'SouthMSP', address: '127.0.0.1:8050' },
    ],
  });
  expect(config.consenters.map(({ id, mspId, port }) => [id, mspId, port])).toEqual([
    [1, 'NorthMSP', 7050],
    [2, 'SouthMSP', 8050],
  ]);
  expect(config.organisations.map(({ mspId, anchorPeers }) => [mspId, anchorPeers[0]?.port])).toEqual([
    ['NorthMSP', 7051],
    ['SouthMSP', 8051],
  ]);
  expect(config.aclPolicy('peer/Propose')).toBe(config.policies.policy('/Channel/Application/Writers'));
  expect(config.aclPolicy('peer/Anything')).toBeUndefined();
  expect(config.aclPolicy('_lifecycle/InstallChaincode')).toBeUndefined();
});

test('an MSP is written as configtxgen writes it', () => {
  const config = channelConfigFromBlock(theirs('bft'));
  const written =
    treeOf(config).groups.get('Application')?.groups.get('NorthMSP')?.values.get('MSP')?.value ??
    new Uint8Array();
  const msp = decodeMspConfig(written);
  const texts = (certificates: readonly Uint8Array[]) => certificates.map(fromUtf8);
  const again = encodeMspConfig({
    mspId: msp.getName(),
    rootCerts: texts(msp.getRootCertsList_asU8()),
    tlsRootCerts: texts(msp.getTlsRootCertsList_asU8()),
  });
  expect(toHex(again)).toBe(toHex(written));
});

test('one definition makes one block', () => {
  const config = channelConfigFromBlock(theirs('bft'));
  expect(toHex(ours(config))).toBe(toHex(ours(config)));
});

test('the schedule rides along with the options of another consensus', () => {
  const config = channelConfigFromBlock(theirs('bft'));
  expect(decodeSchedule(config)).toEqual({ schedule: 'round-robin' });
  const metadata = encodeSchedule({ schedule: 'round-robin' }, config.consensus.metadata);
  expect(decodeSchedule({ ...config, consensus: { ...config.consensus, metadata } })).toEqual({
    schedule: 'round-robin',
  });
  const unknown = encodeSchedule({ schedule: 'dictator' } as never);
  expect(() =>
    decodeSchedule({ ...config, consensus: { ...config.consensus, metadata: unknown } }),
  ).toThrowError(/dictator/);
});
