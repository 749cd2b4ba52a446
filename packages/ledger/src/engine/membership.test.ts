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

/** In height, of two nodes. */
async function difference(one: string, other: string): Promise<number> {
  return ((await heightOf(one)) ?? NaN) - ((await heightOf(other)) ?? NaN);
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
    const batch = { kind: 'batch', limits: { maxMessageCount: 50 } } as const;
    await expect(network.engine.updateConfig('care', batch, ['EastMSP', 'NorthMSP'])).rejects.toThrowError(
      refused(/not satisfied/),
    );
    await network.engine.updateConfig('care', batch, ['EastMSP', 'NorthMSP', 'SouthMSP']);
    const last = await heightOf('peer0.east');
    const north = await network.contract();
    await north.submitTransaction('put', 'a', '1');
    expect(await heightOf('peer0.north')).toBeGreaterThan(last ?? Infinity);
    expect(await heightOf('peer0.east')).toBe(last);
    await expect(east.evaluateTransaction('get', 'a')).rejects.toMatchObject({ code: 14 });
    await network.restart();
    await (await network.contract()).submitTransaction('put', 'a', '2');
    expect(await heightOf('peer0.east')).toBe(last);

    await network.engine.addOrganisation(EAST);
    expect(await heightOf('peer0.east')).toBe(await heightOf('peer0.north'));
    const back = await network.contract('EastMSP');
    expect(text(await back.evaluateTransaction('get', 'a'))).toBe('"2"');
  });

  it('is not entered twice, nor under another’s name', async () => {
    network = await startTestNetwork();
    const twin = network.engine.addOrganisation({ ...EAST, name: 'north' });
    await expect(twin).rejects.toMatchObject({ code: 'BAD_DEFINITION' });
    await network.engine.addOrganisation(EAST);
    expect(await network.engine.addOrganisation(EAST)).toEqual([]);
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
    await expect.poll(() => difference('orderer0.east', 'orderer0.north')).toBe(0);
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

  it('come back with the blocks they missed, under another number', async () => {
    network = await startTestNetwork();
    const { engine } = network;
    await engine.addOrganisation(EAST);
    await engine.addAuthority({ mspId: 'EastMSP' });
    await engine.removeAuthority({ mspId: 'SouthMSP' });
    const contract = await network.contract();
    for (let i = 0; i < 5; i++) await contract.submitTransaction('put', `k${i}`, '1');
    await engine.addAuthority({ mspId: 'SouthMSP' });
    await engine.removeAuthority({ mspId: 'NorthMSP' });
    await engine.addAuthority({ mspId: 'NorthMSP' });
    const { consenters } = await configAt('peer0.north');
    expect(consenters.map(({ mspId, id }) => [mspId, id])).toEqual([
      ['AuthorityMSP', 3],
      ['EastMSP', 4],
      ['SouthMSP', 5],
      ['NorthMSP', 6],
    ]);
    await engine.stop('orderer0.authority');
    for (let i = 0; i < 8; i++) await contract.submitTransaction('put', `l${i}`, '1');
    await expect.poll(() => difference('orderer0.south', 'orderer0.north')).toBe(0);
    expect(await verify(await blocksOf('peer0.east'))).toMatchObject({ ok: true });
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
