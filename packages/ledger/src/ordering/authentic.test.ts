import { concat, sha256 } from '@healthchain/core';
import { describe, expect, it } from 'vitest';
import { makeKeys } from '../simulation/keys.ts';
import { makeBlock, makeGenesis, makeRequest } from '../simulation/requests.ts';
import { signBlock, signVote } from '../simulation/signing.ts';
import { isAuthentic } from './authentic.ts';
import { encodeBlock, MetadataIndex, withMetadata, type RawBlock } from './block.ts';
import { openFetched } from './fetched.ts';
import { acknowledgementBytes, type Message, type Proposal, type SignedAt } from './messages.ts';
import { openBlock, sealBlock } from './turn-metadata.ts';

const keys = makeKeys('ecdsa', 4);
const { council, verifier } = keys;
const signer = { council, sign: (authority: number, message: Uint8Array) => keys.sign(authority, message) };
const genesis = makeGenesis();
const PROPOSER = council.schedule.proposer(council.authorities, 1, 0);
const proposal = makeBlock(genesis.headerHash, [makeRequest('one'), makeRequest('two')], {
  height: 1,
  turn: 0,
});

const isTrue = (message: Message, from = PROPOSER): Promise<boolean> =>
  isAuthentic(council, verifier, from, message);

function proposed(changes: Partial<Proposal>): Message {
  const acknowledgement = keys.sign(PROPOSER, acknowledgementBytes(council.channel, proposal));
  return { kind: 'proposal', proposal: { ...proposal, ...changes }, acknowledgement };
}

describe('a proposal', () => {
  it('is authentic as it was made', async () => {
    expect(await isTrue(proposed({}))).toBe(true);
  });

  it.each([
    ['without metadata', { block: { ...proposal.block, metadata: [] } }],
    [
      'with another last configuration',
      { block: withMetadata(proposal.block, MetadataIndex.lastConfig, sha256(genesis.bytes)) },
    ],
    [
      'with more metadata',
      { block: { ...proposal.block, metadata: [...proposal.block.metadata, new Uint8Array(9)] } },
    ],
    ['with a certificate beside what is signed', { certificate: { height: 1, turn: 0, votes: [] } }],
    ['of another turn than is signed', { turn: 1 }],
    ['with other data', { block: { ...proposal.block, data: [makeRequest('three')] } }],
  ])('is refused %s', async (_, changes) => {
    expect(await isTrue(proposed(changes))).toBe(false);
  });

  it('is refused with borders moved under one data hash', async () => {
    const block = { ...proposal.block, data: [concat(...proposal.block.data)] };
    await expect(isTrue(proposed({ block }))).rejects.toMatchObject({ code: 'BAD_BLOCK' });
  });
});

describe('a final signature', () => {
  const { height, turn, headerHash, valueHash, value, block } = proposal;
  const signature = (named: number, at = { height, turn }): Message => ({
    kind: 'signature',
    id: { ...at, headerHash, valueHash },
    header: block.header,
    value,
    ...signBlock(signer, 3, proposal, named),
  });

  it('is authentic in its own name only, at the turn that it covers', async () => {
    expect(await isTrue(signature(3), 3)).toBe(true);
    expect(await isTrue(signature(4), 3)).toBe(false);
    expect(await isTrue(signature(3, { height, turn: 1 }), 3)).toBe(false);
    expect(await isTrue(signature(3, { height: 2, turn }), 3)).toBe(false);
  });
});

describe('a vote', () => {
  const { turn, headerHash, valueHash } = proposal;
  const acknowledgements = [1, 2, 3].map((authority) => ({
    authority,
    signature: keys.sign(authority, acknowledgementBytes(council.channel, proposal)),
  }));
  const last: SignedAt = { turn, headerHash, valueHash, acknowledgements };
  const vote = (block: RawBlock | undefined): Message => ({
    kind: 'vote',
    vote: signVote(signer, { height: 1, turn: 0, voter: 3, last }),
    block,
  });

  it('carries the block that it names, or none', async () => {
    expect(await isTrue(vote(proposal.block), 3)).toBe(true);
    expect(await isTrue(vote(undefined), 3)).toBe(true);
    expect(
      await isTrue(vote(makeBlock(genesis.headerHash, [makeRequest('x')], { height: 1, turn: 0 }).block), 3),
    ).toBe(false);
    const moved = { ...proposal.block, data: [concat(...proposal.block.data)] };
    await expect(isTrue(vote(moved), 3)).rejects.toMatchObject({ code: 'BAD_BLOCK' });
  });
});

describe('a fetched block', () => {
  const signatures = [1, 2, 3].map((authority) => ({ authority, ...signBlock(signer, authority, proposal) }));
  const sealed = sealBlock({ ...proposal, signatures });
  const opened = (block: RawBlock) => openFetched(council, verifier, genesis.headerHash, encodeBlock(block));

  it('is taken as it was decided', async () => {
    expect(encodeBlock(await opened(sealed))).toEqual(encodeBlock(sealed));
  });

  it.each([
    ['other data', { ...sealed, data: [makeRequest('three')] }],
    ['moved borders', { ...sealed, data: [concat(...sealed.data)] }],
    ['no signatures', withMetadata(sealed, MetadataIndex.signatures, new Uint8Array())],
    ['too few signatures', sealBlock({ ...proposal, signatures: signatures.slice(0, 2) })],
    [
      'another block before it',
      { ...sealed, header: { ...sealed.header, previousHash: sha256(genesis.bytes) } },
    ],
  ])('is refused with %s', async (_, block) => {
    await expect(opened(block)).rejects.toMatchObject({ code: 'BAD_BLOCK' });
  });

  it('loses what no signature covers', async () => {
    const altered = withMetadata(sealed, MetadataIndex.lastConfig, sha256(genesis.bytes));
    const { metadata } = await opened({ ...altered, metadata: [...altered.metadata, new Uint8Array(9)] });
    expect(encodeBlock({ ...sealed, metadata })).toEqual(encodeBlock(sealed));
    expect(openBlock(sealed).signatures).toHaveLength(3);
  });
});
