import { randomBytes } from 'node:crypto';
import { common, orderer, peer } from '@hyperledger/fabric-protos';
import { concat } from '@healthchain/core';
import { decodeBlock, encodeBlock, MetadataIndex, withMetadata, type RawBlock } from '../ordering/index.ts';
import { blockDataHash, blockHeaderBytes, blockHeaderHash } from '../validation/index.ts';

/** For tests of the verifier: what a forger makes of recorded blocks, with every hash made to fit again. */

type Chain = readonly Uint8Array[];
export type Sign = (message: Uint8Array) => Uint8Array | Promise<Uint8Array>;
/** Signs in the name of a consenter; undefined for one whose key the forger does not have. */
export type Orderers = (consenter: number) => Sign | undefined;

/** The chain with one block changed and nothing made to fit. */
export function altered(chain: Chain, number: number, change: (block: RawBlock) => RawBlock): Uint8Array[] {
  return chain.map((bytes, i) => (i === number ? encodeBlock(change(decodeBlock(bytes))) : bytes));
}

/** The same with data hashes and previous hashes that fit from that block on, and signed again by those orderers. */
export async function forged(
  chain: Chain,
  number: number,
  change: (block: RawBlock) => RawBlock,
  orderers: Orderers = () => undefined,
): Promise<Uint8Array[]> {
  const blocks = altered(chain, number, change).map(decodeBlock);
  for (let i = number; i < blocks.length; i += 1) {
    const block = blocks[i] as RawBlock;
    const before = blocks[i - 1];
    const header = {
      number: block.header.number,
      previousHash: before === undefined ? new Uint8Array() : blockHeaderHash(before.header),
      dataHash: blockDataHash(block.data),
    };
    blocks[i] = await signedAgain({ ...block, header }, orderers);
  }
  return blocks.map(encodeBlock);
}

/** Each signature of the block made again over its header and value, where the forger has the key. */
export async function signedAgain(block: RawBlock, orderers: Orderers): Promise<RawBlock> {
  const metadata = signaturesOf(block);
  for (const signature of metadata.getSignaturesList()) {
    const header = signature.getIdentifierHeader_asU8();
    const sign = orderers(common.IdentifierHeader.deserializeBinary(header).getIdentifier());
    if (sign === undefined) continue;
    const message = concat(metadata.getValue_asU8(), header, blockHeaderBytes(block.header));
    signature.setSignature(await sign(message));
  }
  return withSignatures(block, metadata);
}

export function signaturesOf(block: RawBlock): common.Metadata {
  return common.Metadata.deserializeBinary(block.metadata[MetadataIndex.signatures] ?? new Uint8Array());
}

export function withSignatures(block: RawBlock, metadata: common.Metadata): RawBlock {
  return withMetadata(block, MetadataIndex.signatures, metadata.serializeBinary());
}

/** The block with this signature in the name of a consenter beside the others. */
export async function withSigner(block: RawBlock, consenter: number, sign: Sign): Promise<RawBlock> {
  const metadata = signaturesOf(block);
  const header = new common.IdentifierHeader();
  header.setIdentifier(consenter);
  header.setNonce(randomBytes(24));
  const signature = new common.MetadataSignature();
  signature.setIdentifierHeader(header.serializeBinary());
  const message = concat(
    metadata.getValue_asU8(),
    signature.getIdentifierHeader_asU8(),
    blockHeaderBytes(block.header),
  );
  signature.setSignature(await sign(message));
  metadata.addSignatures(signature);
  return withSignatures(block, metadata);
}

/** The envelope with one endorsement fewer, signed again if the forger has the creator's key. */
export async function withoutEndorsement(envelope: Uint8Array, sign?: Sign): Promise<Uint8Array> {
  const outer = common.Envelope.deserializeBinary(envelope);
  const payload = common.Payload.deserializeBinary(outer.getPayload_asU8());
  const transaction = peer.Transaction.deserializeBinary(payload.getData_asU8());
  const [only] = transaction.getActionsList();
  if (only === undefined) throw new Error('a transaction without an action');
  const action = peer.ChaincodeActionPayload.deserializeBinary(only.getPayload_asU8());
  const endorsed = action.getAction();
  endorsed?.setEndorsementsList(endorsed.getEndorsementsList().slice(1));
  only.setPayload(action.serializeBinary());
  payload.setData(transaction.serializeBinary());
  outer.setPayload(payload.serializeBinary());
  if (sign !== undefined) outer.setSignature(await sign(outer.getPayload_asU8()));
  return outer.serializeBinary();
}

/** The envelope of a configuration with one limit of its blocks changed, signed again if the forger has the creator's key. */
export async function withOtherLimits(envelope: Uint8Array, sign?: Sign): Promise<Uint8Array> {
  const outer = common.Envelope.deserializeBinary(envelope);
  const payload = common.Payload.deserializeBinary(outer.getPayload_asU8());
  const configuration = common.ConfigEnvelope.deserializeBinary(payload.getData_asU8());
  const orderers = configuration.getConfig()?.getChannelGroup()?.getGroupsMap().get('Orderer');
  const value = orderers?.getValuesMap().get('BatchSize');
  if (value === undefined) throw new Error('a configuration without limits');
  const limits = orderer.BatchSize.deserializeBinary(value.getValue_asU8());
  limits.setMaxMessageCount(limits.getMaxMessageCount() + 1);
  value.setValue(limits.serializeBinary());
  payload.setData(configuration.serializeBinary());
  outer.setPayload(payload.serializeBinary());
  if (sign !== undefined) outer.setSignature(await sign(outer.getPayload_asU8()));
  return outer.serializeBinary();
}
