import { common, peer } from '@hyperledger/fabric-protos';
import type { Session } from './session.ts';

/** What a case looks at in a transaction of a full block. */
export interface BlockTransaction {
  readonly txId: string;
  readonly type: number;
  readonly code: number;
  readonly envelope: Uint8Array;
}

/** Reads blocks first … last from the peer, which waits for those that are not there yet. */
export async function readBlocks(session: Session, first: bigint, last: bigint): Promise<common.Block[]> {
  const events = await session.network.getBlockEvents({ startBlock: first });
  try {
    const blocks: common.Block[] = [];
    for await (const block of events) {
      blocks.push(block);
      if (numberOf(block) >= last) break;
    }
    return blocks;
  } finally {
    events.close();
  }
}

export async function readBlock(session: Session, number: bigint): Promise<common.Block> {
  const [block] = await readBlocks(session, number, number);
  if (block === undefined) throw new Error(`block ${number} was not delivered`);
  return block;
}

export function numberOf(block: common.Block): bigint {
  return BigInt(block.getHeader()?.getNumber() ?? -1);
}

export function transactionsOf(block: common.Block): BlockTransaction[] {
  const codes = metadata(block, common.BlockMetadataIndex.TRANSACTIONS_FILTER);
  return envelopesOf(block).map((envelope, index) => {
    const header = channelHeaderOf(envelope);
    return { txId: header.getTxId(), type: header.getType(), code: codes[index] ?? -1, envelope };
  });
}

export function envelopesOf(block: common.Block): Uint8Array[] {
  return block.getData()?.getDataList_asU8() ?? [];
}

export function metadata(block: common.Block, index: number): Uint8Array {
  return block.getMetadata()?.getMetadataList_asU8()[index] ?? new Uint8Array();
}

function channelHeaderOf(envelope: Uint8Array): common.ChannelHeader {
  const payload = common.Payload.deserializeBinary(
    common.Envelope.deserializeBinary(envelope).getPayload_asU8(),
  );
  return common.ChannelHeader.deserializeBinary(
    payload.getHeader()?.getChannelHeader_asU8() ?? new Uint8Array(),
  );
}

/** The code of each occurrence of the transaction id in the block. */
export function codesOf(block: common.Block, txId: string): number[] {
  return transactionsOf(block).flatMap((each) => (each.txId === txId ? [each.code] : []));
}

export const CODE = peer.TxValidationCode;
