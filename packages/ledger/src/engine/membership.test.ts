import { afterEach, describe, expect, it } from 'vitest';
import { channelConfigFromBlock, type ChannelConfig } from '../config/index.ts';
import { encodeBlock, decodeBlock, checkOrdering } from '../ordering/index.ts';
import {
  encodeIdentifierHeader,
  finalSignatureBytes,
  openBlock,
  sealBlock,
} from '../ordering/turn-metadata.ts';
import { verifyChain } from '../verify/index.ts';
import { signingIdentity } from './keys.ts';
import { MEMBERS, startTestNetwork, text, type TestNetwork } from './testing.ts';

const EAST = { name: 'east', mspId: 'EastMSP', domain: 'east.test', channels: ['care'] };
const POLICY_WITH_EAST = `OutOf(2,${[...MEMBERS, 'EastMSP'].map((mspId) => `'${mspId}.peer'`).join(',')})`;
const refused = (what: RegExp) =>
  expect.objectContaining({ code: 'REFUSED', message: expect.stringMatching(what) as string }) as Error;

let network: TestNetwork;
afterEach(() => network?.close());

async function heightOf(node: string): Promise<number | undefined> {
  const status = await network.engine.status();
  return status.find(({ id }) => id === node)?.channels.find(({ name }) => name === 'care')?.height;
}

async function blocksOf(peer: string): Promise<Uint8Array[]> {
  const height = (await heightOf(peer)) ?? 0;
  return Promise.all(Array.from({ length: height }, (_, i) => network.engine.block(peer, 'care', i)));
}

/** The configuration in force by the blocks of one peer. */
async function configAt(peer: string): Promise<ChannelConfig> {
  const blocks = await blocksOf(peer);
  const last = blocks.findLast((bytes) => isConfig(bytes)) as Uint8Array;
  return channelConfigFromBlock(last);
}

function isConfig(bytes: Uint8Array): boolean {
  try {
    channelConfigFromBlock(bytes);
    return true;
  } catch {
    return false;
  }
}

async function* each(blocks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* blocks;
}

const verify = (blocks: readonly Uint8Array[]) =>
  verifyChain({ blocks: each(blocks), ordering: checkOrdering });

describe('an organisation that comes in', () => {
  it('needs the majority of the members’ administrators, and nothing changes without it', async () => {
    network = await startTestNetwork();
    const before = await heightOf('peer0.north');
    await expect(network.engine.addOrganisation({ ...EAST, signedBy: ['NorthMSP'] })).rejects.toThrowError(
      refused(/signed by administrators of NorthMSP, was refused: .*Application.* not satisfied/),
    );
    expect(await heightOf('peer0.north')).toBe(before);
    expect(network.engine.network.nodes.map(({ organisation }) => organisation)).not.toContain('east');
  });

  it('catches up, endorses once the policy names it, and is there after a restart', async () => {
    network = await startTestNetwork();
    const north = await network.contract();
    await north.submitTransaction('put', 'a', '1');
    const signedBy = ['NorthMSP', 'AuthorityMSP'];
    const [changed] = await network.engine.addOrganisation({ ...EAST, signedBy });
    expect(await heightOf('peer0.east')).toBe(await heightOf('peer0.north'));
    expect(isConfig(await network.engine.block('peer0.east', 'care', changed?.blockNumber ?? -1))).toBe(true);

    const east = await network.contract('EastMSP');
    expect(text(await east.evaluateTransaction('get', 'a'))).toBe('"1"');
    const byEast = { arguments: ['b', '2'], endorsingOrganizations: ['EastMSP', 'NorthMSP'] };
    await expect(east.submit('put', byEast)).rejects.toMatchObject({ code: 10 });
    await network.engine.upgradeContract({
      channel: 'care',
      contract: 'kv',
      version: '1.0',
      endorsement: POLICY_WITH_EAST,
    });
    await east.submit('put', byEast);

    await network.restart();
    const again = await network.contract('EastMSP');
    await again.submit('put', { ...byEast, arguments: ['c', '3'] });
    expect(text(await again.evaluateTransaction('get', 'b'))).toBe('"2"');
    const blocks = await blocksOf('peer0.east');
    expect(await verify(blocks)).toMatchObject({ ok: true, height: BigInt(blocks.length) });
    expect((await configAt('peer0.east')).envelope).toEqual((await configAt('peer0.north')).envelope);
  });

  it('goes again by the majority, its own voice counted, and gets no more blocks', async () => {
    network = await startTestNetwork();
    await network.engine.addOrganisation(EAST);
    const east = await network.contract('EastMSP');
    const two = { mspId: 'EastMSP', signedBy: ['NorthMSP', 'SouthMSP'] };
    await expect(network.engine.removeOrganisation(two)).rejects.toThrowError(refused(/not satisfied/));
    await network.engine.removeOrganisation({ ...two, signedBy: [...MEMBERS] });
    const last = await heightOf('peer0.east');
    const north = await network.contract();
    await north.submitTransaction('put', 'a', '1');
    expect(await heightOf('peer0.north')).toBeGreaterThan(last ?? Infinity);
    expect(await heightOf('peer0.east')).toBe(last);
    await expect(east.evaluateTransaction('get', 'a')).rejects.toMatchObject({ code: 14 });
    await network.restart();
    await (await network.contract()).submitTransaction('put', 'a', '2');
    expect(await heightOf('peer0.east')).toBe(last);
  });
});

describe('authorities', () => {
  it('come and go by the configuration while ordering goes on', async () => {
    network = await startTestNetwork();
    const { engine } = network;
    const contract = await network.contract();
    const put = (key: string) => contract.submitTransaction('put', key, '1');
    await engine.addOrganisation(EAST);
    await expect(engine.addAuthority({ mspId: 'EastMSP', signedBy: ['NorthMSP'] })).rejects.toThrowError(
      refused(/Orderer.* not satisfied/),
    );
    await put('three');
    await engine.addAuthority({ mspId: 'EastMSP' });
    for (let i = 0; i < 5; i++) await put(`four-${i}`);
    expect(await heightOf('orderer0.east')).toBe(await heightOf('orderer0.north'));
    await engine.stop('orderer0.north');
    for (let i = 0; i < 5; i++) await put(`three-of-four-${i}`);
    await expect(engine.removeAuthority({ mspId: 'SouthMSP' })).resolves.toHaveLength(1);
    await engine.start('orderer0.north');
    for (let i = 0; i < 5; i++) await put(`without-south-${i}`);
    await expect(engine.removeAuthority({ mspId: 'NorthMSP' })).rejects.toThrowError(
      refused(/left with 2 authorities; it needs 3/),
    );
    const { consenters } = await configAt('peer0.south');
    expect(consenters.map(({ mspId }) => mspId)).toEqual(['NorthMSP', 'AuthorityMSP', 'EastMSP']);
    expect(await heightOf('orderer0.south')).toBeUndefined();

    await network.restart();
    expect(await heightOf('orderer0.south')).toBeUndefined();
    await (await network.contract()).submitTransaction('put', 'after', '1');
    expect(await verify(await blocksOf('peer0.south'))).toMatchObject({ ok: true });
  });

  it('that have gone sign nothing any more', async () => {
    network = await startTestNetwork();
    await network.engine.addOrganisation(EAST);
    await network.engine.addAuthority({ mspId: 'EastMSP' });
    await network.engine.removeAuthority({ mspId: 'SouthMSP' });
    await (await network.contract()).submitTransaction('put', 'a', '1');
    const blocks = await blocksOf('peer0.north');
    expect(await verify(blocks)).toMatchObject({ ok: true });
    const signedBySouth = resignedBySouth(blocks.at(-1) as Uint8Array);
    const report = await verify([...blocks.slice(0, -1), signedBySouth]);
    expect(report.findings).toEqual([
      expect.objectContaining({ block: BigInt(blocks.length - 1), code: 'SIGNATURES' }),
      expect.objectContaining({ block: BigInt(blocks.length - 1), code: 'ORDERING' }),
    ]);
  });

  it('are not taken away below what orders', async () => {
    network = await startTestNetwork();
    await expect(network.engine.removeAuthority({ mspId: 'SouthMSP' })).rejects.toThrowError(
      refused(/left with 2 authorities/),
    );
    await network.engine.addOrganisation(EAST);
    await network.engine.addAuthority({ mspId: 'EastMSP' });
    await network.engine.stop('orderer0.east');
    await (await network.contract()).submitTransaction('put', 'a', '1');
    await network.engine.stop('orderer0.north');
    await expect(network.engine.removeAuthority({ mspId: 'SouthMSP' })).rejects.toThrowError(
      refused(/1 run; a block needs 2/),
    );
  });
});

describe('a contract’s next definition', () => {
  it('needs the majority’s approvals, which may come one by one', async () => {
    network = await startTestNetwork();
    const upgrade = { channel: 'care', contract: 'kv', version: '2.0' };
    await expect(
      network.engine.upgradeContract({ ...upgrade, approvedBy: ['NorthMSP'] }),
    ).rejects.toThrowError(refused(/approved by NorthMSP, not by/));
    const contract = await network.contract();
    await contract.submitTransaction('put', 'a', '1');
    const report = await network.engine.upgradeContract({ ...upgrade, approvedBy: ['SouthMSP'] });
    expect(report).toEqual({
      sequence: 2,
      approvals: { NorthMSP: true, SouthMSP: true, AuthorityMSP: false },
    });
    await contract.submitTransaction('put', 'a', '2');
    await network.restart();
    await network.engine.deploy();
    const next = await network.engine.upgradeContract({ ...upgrade, version: '3.0' });
    expect(next).toMatchObject({ sequence: 3, approvals: { AuthorityMSP: true } });
  });

  it('makes what was endorsed under the one before invalid', async () => {
    network = await startTestNetwork();
    const contract = await network.contract();
    const proposal = contract.newProposal('put', { arguments: ['a', '1'] });
    const transaction = await proposal.endorse();
    await network.engine.upgradeContract({ channel: 'care', contract: 'kv', version: '2.0' });
    const status = await (await transaction.submit()).getStatus();
    expect(status).toMatchObject({ successful: false, code: 11 });
  });
});

describe('configuration updates', () => {
  it('that change nothing, or that another one has overtaken, are refused', async () => {
    network = await startTestNetwork();
    const { engine } = network;
    const batch = (maxMessageCount: number) =>
      engine.updateConfig('care', { kind: 'batch', limits: { maxMessageCount } });
    await batch(10);
    await expect(batch(10)).rejects.toMatchObject({ code: 'CONFIG_REFUSED' });
    const outcomes = await Promise.allSettled([batch(20), batch(30)]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'REFUSED' },
    });
  });

  it('change policies and capabilities', async () => {
    network = await startTestNetwork();
    const { engine } = network;
    const rule = "OutOf(1,'AuthorityMSP.admin')";
    await engine.updateConfig('care', { kind: 'policy', level: 'orderer', name: 'Admins', rule });
    const batch = { kind: 'batch', limits: { maxMessageCount: 10 } } as const;
    await expect(engine.updateConfig('care', batch, ['NorthMSP', 'SouthMSP'])).rejects.toThrowError(
      refused(/Orderer.* not satisfied/),
    );
    await engine.updateConfig('care', batch, ['AuthorityMSP']);
    await expect(
      engine.updateConfig('care', { kind: 'capabilities', level: 'application', names: ['V9_0'] }),
    ).rejects.toThrowError(refused(/V9_0 is not supported/));
  });
});

/** The block with one of its signatures replaced by one that orderer0.south makes by the number it had. */
function resignedBySouth(bytes: Uint8Array): Uint8Array {
  const SOUTH = 2;
  const final = openBlock(decodeBlock(bytes));
  const signer = signingIdentity('SouthMSP', network.engine.network.nodeKeys('orderer0.south'));
  const identifierHeader = encodeIdentifierHeader(SOUTH, new Uint8Array(24));
  const signature = signer.sign(finalSignatureBytes(final.value, identifierHeader, final.block.header));
  const [kept] = final.signatures;
  if (kept === undefined) throw new Error('the block has no signatures');
  return encodeBlock(
    sealBlock({ ...final, signatures: [kept, { authority: SOUTH, identifierHeader, signature }] }),
  );
}
