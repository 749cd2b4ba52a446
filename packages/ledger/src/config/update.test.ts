import { toHex, utf8 } from '@healthchain/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { createRevocationList, encodeMspConfig } from '../msp/index.ts';
import {
  configEnvelope,
  consortium,
  organisation,
  VALID,
  type Consortium,
  type Member,
  type Organisation,
} from '../testing/consortium.ts';
import {
  applyConfigEnvelope,
  channelConfigFromEnvelope,
  computeConfigUpdate,
  configEdits,
  configOf,
  dataOfType,
  decodeConfigEnvelope,
  encodePair,
  HEADER_TYPE,
  proposeConfigUpdate,
  signConfigUpdate,
  type ChannelConfig,
} from './index.ts';
import { formatDuration, parseDuration } from './duration.ts';
import { treeOf } from './channel-config.ts';
import { encodeGroup } from './tree.ts';

let network: Consortium;
let north: Organisation;
let south: Organisation;
let authority: Organisation;

beforeAll(async () => {
  network = await consortium();
  [north, south, authority] = network.organisations as [Organisation, Organisation, Organisation];
});

/** A CONFIG_UPDATE envelope from one configuration to another, signed by the given members. */
function updateTo(
  config: ChannelConfig,
  edited: Uint8Array,
  signers: readonly Member[],
  channel = 'care',
): Uint8Array {
  const update = computeConfigUpdate(channel, configOf(config), edited);
  const signed = signConfigUpdate(
    update,
    signers.map(({ serialized, sign }, i) => ({
      identity: serialized,
      sign,
      nonce: new Uint8Array(24).fill(i),
    })),
  );
  return configEnvelope(north.admin, HEADER_TYPE.configUpdate, signed);
}

/** Through an orderer and then a peer. */
function carry(config: ChannelConfig, edited: Uint8Array, ...signers: Member[]): ChannelConfig {
  return applyConfigEnvelope(config, proposeConfigUpdate(config, updateTo(config, edited, signers)));
}

const refused = expect.objectContaining({ code: 'CONFIG_REFUSED' }) as Error;

describe('updates that the majority of administrators signs', () => {
  test('change batch limits', () => {
    const next = carry(
      network.config,
      configEdits.setBatchLimits(configOf(network.config), { maxMessageCount: 3, timeoutMs: 1500 }),
      north.admin,
      south.admin,
    );
    expect(next).toMatchObject({
      sequence: 1n,
      batch: { maxMessageCount: 3, timeoutMs: 1500, preferredMaxBytes: 2_097_152 },
    });
  });

  test('revoke a certificate', async () => {
    const crl = await createRevocationList(north.authority, {
      certificates: [north.client.certificate],
      at: VALID.notBefore,
    });
    const next = carry(
      network.config,
      configEdits.addRevocationList(configOf(network.config), 'NorthMSP', crl),
      north.admin,
      south.admin,
    );
    const before = network.config.identities;
    before.validate(before.deserialize(north.client.serialized));
    expect(() => next.identities.validate(next.identities.deserialize(north.client.serialized))).toThrowError(
      /revoked/,
    );
    next.identities.validate(next.identities.deserialize(north.admin.serialized));
  });

  test('bring an organisation in, and then it counts', async () => {
    const east = await organisation('EastMSP' as 'NorthMSP');
    const described = {
      name: 'EastMSP',
      mspId: 'EastMSP',
      mspConfig: encodeMspConfig({
        mspId: 'EastMSP',
        rootCerts: [east.authority.certificate],
        tlsRootCerts: [],
      }),
    };
    const next = carry(
      network.config,
      configEdits.addApplicationOrganisation(configOf(network.config), described),
      north.admin,
      south.admin,
    );
    expect(next.organisations.map(({ mspId }) => mspId)).toContain('EastMSP');
    const back = configEdits.removeApplicationOrganisation(configOf(next), 'EastMSP');
    expect(() => carry(next, back, north.admin, south.admin)).toThrowError(refused);
    expect(carry(next, back, north.admin, south.admin, east.admin).organisations).toHaveLength(3);
  });

  test('change the consenters with the policy that judges their blocks', () => {
    const fewer = network.config.consenters.slice(0, 2);
    const next = carry(
      network.config,
      configEdits.setConsenters(configOf(network.config), fewer),
      north.admin,
      authority.admin,
    );
    expect(next.consenters.map(({ id }) => id)).toEqual([1, 2]);
    const signers = [north.orderer, south.orderer].map(({ serialized }) =>
      next.identities.deserialize(serialized),
    );
    expect(next.policies.policy('/Channel/Orderer/BlockValidation').satisfiedBy(signers)).toBe(true);
    expect(next.policies.policy('/Channel/Orderer/BlockValidation').satisfiedBy(signers.slice(1))).toBe(
      false,
    );
  });

  test('of one organisation’s own affairs need its own administrator only', () => {
    const edited = configEdits.setAnchorPeers(configOf(network.config), 'SouthMSP', [
      { host: 'peer0.south.test', port: 7051 },
    ]);
    const { organisations } = carry(network.config, edited, south.admin);
    expect(organisations.find(({ mspId }) => mspId === 'SouthMSP')?.anchorPeers).toEqual([
      { host: 'peer0.south.test', port: 7051 },
    ]);
    expect(() => carry(network.config, edited, north.admin)).toThrowError(refused);
  });
});

describe('updates that are refused', () => {
  const edited = () => configEdits.setBatchLimits(configOf(network.config), { maxMessageCount: 3 });
  const propose = (...signers: Member[]) =>
    proposeConfigUpdate(network.config, updateTo(network.config, edited(), signers));

  test.each([
    ['nobody', () => []],
    ['one administrator', () => [north.admin]],
    ['one administrator twice', () => [north.admin, north.admin]],
    ['clients', () => [north.client, south.client, authority.client]],
    ['peers', () => [north.peer, south.peer, authority.peer]],
  ])('signed by %s', (_name, signers) => {
    expect(() => propose(...signers())).toThrowError(refused);
  });

  test('with a signature over another update', () => {
    const forged: Member = { ...south.admin, sign: () => south.admin.sign(utf8('something else')) };
    expect(() => propose(north.admin, forged)).toThrowError(refused);
  });

  test('for another channel', () => {
    const envelope = updateTo(network.config, edited(), [north.admin, south.admin], 'other');
    expect(() => proposeConfigUpdate(network.config, envelope)).toThrowError(/channel/);
  });

  test('that have been overtaken', () => {
    const envelope = updateTo(network.config, edited(), [north.admin, south.admin]);
    const next = applyConfigEnvelope(network.config, proposeConfigUpdate(network.config, envelope));
    expect(() => proposeConfigUpdate(next, envelope)).toThrowError(/version/);
  });

  test('that change nothing', () => {
    expect(() =>
      computeConfigUpdate('care', configOf(network.config), configOf(network.config)),
    ).toThrowError(refused);
  });

  test('that leave no usable configuration', () => {
    const broken = configEdits.setBatchLimits(configOf(network.config), { maxMessageCount: 0 });
    expect(() => carry(network.config, broken, north.admin, south.admin)).toThrowError(
      expect.objectContaining({ code: 'BAD_CONFIG' }),
    );
    const foreign = encodeMspConfig({
      mspId: 'NorthMSP',
      rootCerts: [south.authority.certificate],
      tlsRootCerts: [],
    });
    const twice = configEdits.addApplicationOrganisation(configOf(network.config), {
      name: 'Twin',
      mspId: 'NorthMSP',
      mspConfig: foreign,
    });
    expect(() => carry(network.config, twice, north.admin, south.admin)).toThrowError(
      expect.objectContaining({ code: 'BAD_CONFIG' }),
    );
  });

  test('that a peer gets with another result, another sequence or no update', () => {
    const good = propose(north.admin, south.admin);
    const { config = new Uint8Array(), lastUpdate = new Uint8Array() } = decodeConfigEnvelope(good);
    const other = configEdits.setBatchLimits(config, { maxMessageCount: 4 });
    expect(() => applyConfigEnvelope(network.config, encodePair(other, lastUpdate))).toThrowError(refused);
    expect(() => applyConfigEnvelope(network.config, encodePair(config, new Uint8Array()))).toThrowError(
      refused,
    );
    expect(() => applyConfigEnvelope(network.config, utf8('junk'))).toThrowError(refused);
    const next = applyConfigEnvelope(network.config, good);
    expect(() => applyConfigEnvelope(next, good)).toThrowError(/sequence/);
  });
});

test('an update carries only what differs', () => {
  const update = updateTo(
    network.config,
    configEdits.setBatchLimits(configOf(network.config), { maxMessageCount: 3 }),
    [],
  );
  expect(dataOfType(update, HEADER_TYPE.configUpdate).data.length).toBeLessThan(250);
});

test('a configuration survives its own encoding', () => {
  const again = channelConfigFromEnvelope('care', network.config.envelope);
  expect(toHex(encodeGroup(treeOf(again)))).toBe(toHex(encodeGroup(treeOf(network.config))));
});

test.each([
  ['200ms', 200],
  ['2s', 2000],
  ['1.5s', 1500],
  ['1m0s', 60_000],
  ['1h1m1s', 3_661_000],
])('the duration %s', (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds);
  expect(formatDuration(milliseconds)).toBe(text);
});

test.each(['', '5', 's', '-1s', '1 s', '1sx'])('%j is no duration', (text) => {
  expect(parseDuration(text)).toBeUndefined();
});
