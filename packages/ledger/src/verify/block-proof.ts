import type { ChannelConfig } from '../config/index.ts';
import { blockHeaderHash, decodeBlockMessage } from '../validation/block.ts';
import { WireReader, WireWriter } from '../wire/index.ts';
import { checkBlockSignatures } from './block-signatures.ts';

const HEADER = 1;
const METADATA = 3;

/** A marshalled common.Block without its transactions: enough to show that the channel's orderers made a block. */
export function blockProof(block: Uint8Array): Uint8Array {
  const proof = new WireWriter();
  const reader = new WireReader(block);
  while (reader.next()) {
    if (reader.wireType === 2 && (reader.field === HEADER || reader.field === METADATA))
      proof.present(reader.field, reader.bytes());
    else reader.skip();
  }
  return proof.finish();
}

/**
 * The block that a proof shows, by the configuration given: of a block under another one the signatures may not suffice.
 *
 * @throws LedgerError BAD_BLOCK, MALFORMED
 */
export function checkBlockProof(
  config: ChannelConfig,
  proof: Uint8Array,
): { readonly number: bigint; readonly headerHash: Uint8Array } {
  const block = decodeBlockMessage(proof);
  checkBlockSignatures(config, block);
  return { number: block.header.number, headerHash: blockHeaderHash(block.header) };
}
